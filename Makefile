# make run    set up an environment of its own and run the whole study (synthetic data by default)
# make report the same, then one self-contained page of the run: results/<name>/report.html
# make explain  what `make run` would do now, and why; runs nothing
# make test   the same set-up, then style checks and all tests
# make test-cluster  the tests on a real Slurm alone
# make lint   style, types
# make coverage  which lines the unit tests reach, those of kernels included (CONTRIBUTING.md)
# make bench  the same set-up, then speed, accuracy, rivals and scaling: results/bench (docs/benchmarks.md)
# make docs   the documentation as a site: site/index.html
# make lock   resolve the dependencies anew
# Options: CONFIG=my.yaml (configuration of `make run`, `make explain`, `make report`; several: CONFIG="a.yaml b.yaml", later ones
# win; a name with spaces in two pairs of quotes: CONFIG='"my file.yaml"'), PYTHON=python3.12, BENCH=--quick (options of `make bench`)

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := run
PYTHON ?= python3
CONFIG ?= config/config.yaml
BENCH ?=
SLURM ?=
TESTS := tests/workflow/test_cluster.py tests/workflow tests/model tests/replication tests/unit
BIN := .venv/bin
READY := .venv/.ready
# Where the system has certificates of its own (a proxy's, say), uv trusts these, as pip does, not its built-in ones.
UV := $(BIN)/uv $(if $(wildcard /etc/ssl/certs/ca-certificates.crt),--system-certs)

# Snakemake ends in a traceback where it cannot write a cache to home; it then lies here.
CACHES := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)
ifneq ($(shell mkdir -p "$(CACHES)/snakemake" 2> /dev/null && test -w "$(CACHES)/snakemake" && echo yes),yes)
export XDG_CACHE_HOME := $(CURDIR)/.snakemake/cache
endif

.PHONY: run explain report test test-cluster slurm lint coverage bench docs lock clean
.DELETE_ON_ERROR:

run: $(READY)
	@$(BIN)/regspec config --config $(CONFIG) > /dev/null
	@$(BIN)/snakemake --profile profiles/local --configfile $(CONFIG)

explain: $(READY)
	@$(BIN)/regspec explain --config $(CONFIG)

report: $(READY)
	@$(BIN)/regspec config --config $(CONFIG) > /dev/null
	@$(BIN)/snakemake --profile profiles/local --configfile $(CONFIG) -- all report

# One file of tests more at a time than there are cores (four at most), since those of Slurm wait; those that take longest first.
WORKERS := $(shell n=$$(getconf _NPROCESSORS_ONLN 2> /dev/null || echo 2); echo $$((n < 4 ? n + 1 : 4)))
test: $(READY) lint slurm
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

# Only the Slurm profile on a real Slurm of two virtual nodes; `make test` has these tests, too.
test-cluster: $(READY) slurm
	@command -v slurmctld /usr/sbin/slurmctld > /dev/null \
	  || { echo "Slurm is not installed and cannot be: this needs root and Debian's apt-get" >&2; exit 1; }
	$(BIN)/pytest tests/workflow/test_cluster.py

# Where root may install packages, the tests' Slurm is installed; SLURM=no leaves it out (its tests are then skipped).
slurm:
	@if [ "$(SLURM)" != no ] && [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && [ ! -x /usr/sbin/slurmctld ] \
	  && [ ! -e /etc/slurm/slurm.conf ]; then \
	  echo "installing Slurm for the tests (SLURM=no leaves it out)"; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    slurmctld slurmd slurm-client munge; } > /dev/null 2>&1 || echo "that failed: the cluster's tests will be skipped"; \
	fi

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/mypy

# Lines of kernels are only counted without the compiler. Some hundred times as slow, that is for the tests of single kernels.
PLAIN := $(patsubst %,tests/unit/model/%.py,kernels/test_conditions kernels/test_expectations kernels/test_lookup grids/test_lattice kernels/test_newton test_problem)
coverage: $(READY)
	rm -f .coverage
	NUMBA_DISABLE_JIT=1 $(BIN)/pytest $(PLAIN) --cov --cov-report=
	$(BIN)/pytest tests/unit --cov --cov-append --cov-report=term:skip-covered

bench: $(READY)
	@$(BIN)/python benchmarks/bench.py $(BENCH)

$(READY): requirements.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "regspec needs Python 3.11 or newer; name one: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2> /dev/null \
	  || { echo "This Python cannot make environments. On Debian: apt-get install python3-venv" >&2; exit 1; }
	"$(PYTHON)" -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

docs: $(READY)
	@$(BIN)/python -m mkdocs build --strict --quiet
	@echo "site/index.html"

lock: $(READY)
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --extra dev --extra docs --no-annotate \
	  --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	@touch $(READY)

clean:
	rm -rf .venv site .snakemake .pytest_cache .ruff_cache .mypy_cache .coverage .hypothesis build src/*.egg-info
	find src tests -name __pycache__ -prune -exec rm -rf {} +
	@echo "results/ is kept; delete it by hand"
