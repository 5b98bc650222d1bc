"""What must not matter: MPI ranks, names of industries, the scale of output, the order of solves (docs/model.md, 8.6)."""

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import yaml
from economies import economy, solve
from one_zone import content, write

from regspec.model.grids.corners import adjustment_speed, moving_corners
from regspec.model.simulation.paths import simulate
from regspec.model.steady_state import targets

# besides time and ranks, the sources may be edited while the tests run
UNLIKE = ("seconds", "ranks", "code_version", "kernel_fingerprint", "key")
SOLVE = """\
import sys
from pathlib import Path
from regspec.config.reading import load_config
from regspec.errors import Interrupted
from regspec.solves.step import run_zone
from regspec.model.solver.mpi import with_nodes, world
config = load_config(Path(sys.argv[1]))
zone, national, output, store = map(Path, sys.argv[2:6])
ranks = world(int(sys.argv[6]))
nodes = int(sys.argv[7])
if nodes > 1:
    ranks = with_nodes(ranks.comm, ranks.comm.Split(ranks.rank % nodes, ranks.rank))
left = int(sys.argv[8])  # safe points until the process is told to end; below 0: it is not


def ended():
    global left
    left -= 1
    return left == 0


try:
    run_zone(zone, national, config, "baseline", output, store, "hash", ranks=ranks, ended=ended)
except Interrupted as end:
    sys.exit(end.exit_code)
"""


def mpiexec():
    """The launcher beside this Python, or on the path."""
    return shutil.which("mpiexec", path=str(Path(sys.executable).parent)) or shutil.which("mpiexec")


def arrays(path):
    """Everything in a solution but its time, ranks and provenance; the number of ranks."""
    with h5py.File(path) as file:
        found = {"file": {k: v for k, v in file.attrs.items() if k not in UNLIKE}}
        for group in file:
            found[group] = {k: v for k, v in file[group].attrs.items() if k != "us_per_state_sweep"}
            found[group] |= {name: file[group][name][()] for name in file[group]}
        return found, int(file.attrs["ranks"])


def run_on(folder, ranks, settings, nodes=1, store="", steps=-1):
    """Solve the small zone on ``ranks`` ranks into a store of its own or ``store``; (finished process, solution's path).

    With several ``nodes`` the ranks are dealt out to them in turn and only those of a node share memory. The process is told to
    end after some ``steps``.
    """
    if mpiexec() is None:
        pytest.skip("no mpiexec beside this Python or on the path")
    zone, national = write(folder)
    (folder / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    (folder / "solve.py").write_text(SOLVE, encoding="utf-8")
    output = folder / f"{ranks}on{nodes}.h5"
    store = folder / (store or f"store{ranks}on{nodes}")
    arguments = [folder / "solve.py", folder / "config.yaml", zone, national, output, store, ranks, nodes, steps]
    launcher = [mpiexec(), "-n", ranks, sys.executable, "-m", "mpi4py"] if ranks > 1 else [sys.executable]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([*map(str, launcher + arguments)], env=environment, capture_output=True, encoding="utf-8", cwd=folder)
    return done, output


@pytest.fixture(scope="module")
def by_ranks(tmp_path_factory):
    """The zone solved on one to five ranks."""
    folder, solutions = tmp_path_factory.mktemp("ranks"), {}
    for ranks in (1, 2, 3, 4, 5):
        done, output = run_on(folder, ranks, content())
        assert done.returncode == 0, done.stderr[-2000:]
        solutions[ranks] = arrays(output)
    return solutions


@pytest.mark.parametrize("ranks", [2, 3, 4, 5])
def test_ranks_change_no_bit(by_ranks, ranks):
    """Item 6, section 6: five lattice nodes on 1 to 5 ranks, both allocations, path, welfare and diagnostics."""
    (one, single), (many, number) = by_ranks[1], by_ranks[ranks]
    assert (single, number) == (1, ranks)
    assert one.keys() == many.keys() == {"file", "ce", "planner"}
    assert all(one[part].keys() == many[part].keys() for part in one)
    same_bits(one, many)
    assert len(one["planner"]["c"]) == 5 and one["planner"]["sweeps"] > 10


@pytest.mark.parametrize(("ranks", "nodes"), [(3, 2), (5, 3)])
def test_ranks_on_several_nodes_change_no_bit(by_ranks, tmp_path, ranks, nodes):
    """Item 6: nodes of different sizes that exchange what their ranks share."""
    done, output = run_on(tmp_path, ranks, content(), nodes)
    assert done.returncode == 0, done.stderr[-2000:]
    same_bits(by_ranks[1][0], arrays(output)[0])


def same_bits(one, many):
    for part in one:
        for name, value in one[part].items():
            same = np.asarray(value).tobytes() == np.asarray(many[part][name]).tobytes()
            assert same or value == many[part][name], f"{part}/{name} differs"


def test_a_checkpoint_goes_on_with_other_ranks(by_ranks, tmp_path):
    """In the market's tail from two ranks to three on two nodes, in the planner's from these to one."""
    sweeps = by_ranks[1][0]["ce"]["sweeps"]
    for ranks, nodes, steps in [(2, 1, sweeps // 2), (3, 2, sweeps)]:
        done, output = run_on(tmp_path, ranks, content(), nodes, "moved", steps)
        assert "ended by SIGTERM" not in done.stderr and done.returncode == 75, done.stderr[-2000:]
    assert "competitive equilibrium: goes on after sweep" in done.stdout
    done, output = run_on(tmp_path, 1, content(), 1, "moved")
    assert done.returncode == 0, done.stderr[-2000:]
    assert "planner: goes on after sweep" in done.stdout
    same_bits(by_ranks[1][0], arrays(output)[0])


def test_a_failure_of_the_model_ends_all_ranks(tmp_path):
    settings = content(model__parameters__chi=1.0, model__parameters__gamma=5.0, model__solver__max_sweeps=60)
    done, output = run_on(tmp_path, 3, settings)
    assert done.returncode != 0 and not output.exists()
    assert "ModelFailure: zone 7, scenario baseline" in done.stderr and "theta chi" in done.stderr


def test_more_ranks_than_lattice_nodes(tmp_path):
    """Item 6: three nodes on four ranks; a rank without work takes part or is refused with a clear error."""
    done, output = run_on(tmp_path, 4, content(model__grid__k_steps=2))
    assert output.exists() or "compute.ranks" in done.stderr, done.stderr[-500:]


def relabelled(problem, order):
    """The same economy with its industries in another order."""
    chain = problem.chain
    factors = [*order, problem.industries]
    return dataclasses.replace(
        problem,
        a=problem.a[order],
        phi=problem.phi[order],
        ztilde=problem.ztilde[order],
        k0=problem.k0[order],
        trend=problem.trend[:, order],
        corners=problem.corners[:, order][:, :, order],
        chain=dataclasses.replace(
            chain, values=tuple(chain.values[f] for f in factors), transitions=tuple(chain.transitions[f] for f in factors)
        ),
    )


@pytest.mark.parametrize("planner", [False, True])
@pytest.mark.parametrize(("xi", "order"), [((0.1, 0.25), [1, 0]), ((0.1, 0.25, 0.18), [2, 0, 1])])
def test_names_of_industries_do_not_matter(planner, xi, order):
    """Item 6. With two industries the lattice is its own mirror image; with three the elements' diagonals turn."""
    n = len(xi)
    problem = economy(xi, [1.0, 2.5, 1.5][:n], rho=[0.8, 0.7, 0.75][:n], sigma=[0.02, 0.015, 0.025][:n], steps=4)
    first, second = solve(problem, planner, tolerance=1e-8), solve(relabelled(problem, order), planner, tolerance=1e-8)
    k = np.array([[0.45, 0.55], [0.3, 0.38, 0.32]][n - 2])[:n]
    states = problem.chain.states()
    for b, e in ((-0.09, 0), (0.05, 1), (0.3, problem.chain.size - 1)):
        other = np.flatnonzero((relabelled(problem, order).chain.states() == states[e][[*order, n]]).all(axis=1))[0]
        a, c = first.at(b, k, e), second.at(b, k[order], other)
        loose = 1e-8 if n == 2 else 2e-3
        assert [c.c, c.q, c.value, c.b_next] == pytest.approx([a.c, a.q, a.value, a.b_next], rel=10 * loose)
        np.testing.assert_allclose(c.k_next, a.k_next[order], atol=loose)
        assert c.binding == a.binding


@pytest.mark.parametrize("planner", [False, True])
def test_policies_scale_with_output(planner):
    """Item 6: ztilde, bonds and limit times s give c, q, b', value times s and the same portfolio."""
    scale = 3.0
    for limit, debt in (("collateral", 0.0), ("fixed", 0.12)):
        one = economy((0.1, 0.25), (1.0, 2.0), limit=limit, debt=debt, bonds=(-0.2, -0.1, 0.4, 0.5))
        large = economy(
            (0.1, 0.25),
            np.array([1.0, 2.0]) * scale,
            limit=limit,
            debt=debt * scale,
            ztilde=one.ztilde * scale,
            bonds=np.array([-0.2, -0.1, 0.4, 0.5]) * scale,
        )
        first, second = solve(one, planner, tolerance=1e-8), solve(large, planner, tolerance=1e-8)
        for b, k, e in ((-0.1, [0.45, 0.55], 0), (0.02, [0.52, 0.48], 2), (0.3, [0.5, 0.5], 3)):
            a, c = first.at(b, k, e), second.at(b * scale, k, e)
            scaled = [a.c * scale, a.q * scale, a.value * scale, a.b_next * scale, *a.k_next]
            assert [c.c, c.q, c.value, c.b_next, *c.k_next] == pytest.approx(scaled, rel=1e-7)
            assert (c.eta, c.mu) == pytest.approx((a.eta, a.mu), abs=1e-7)


def test_the_level_of_all_years_scales_the_path():
    """Item 6 on a path with trends: the same growth from any level (grids follow, section 4)."""
    trend = np.array([[0.0, 0.0], [0.05, -0.02], [0.08, -0.05]])
    one = economy((0.1, 0.25), 1.5, trend=trend)
    large = economy((0.1, 0.25), 1.5 * 2.0, trend=trend, ztilde=one.ztilde * 2.0)
    years, grids = [], []
    for problem in (one, large):
        solution = solve(problem, False, tolerance=1e-8)
        years.append(solution.solver.path(solution.tail, 1e-9))
        grids.append([solution.solver.grids.at(t).bonds for t in range(len(years[-1]))])
    for a, c, first, second in zip(*years, *grids, strict=True):
        np.testing.assert_allclose(c.pol[..., :2], 2.0 * a.pol[..., :2], rtol=1e-6)
        np.testing.assert_allclose(c.pol[..., 5], a.pol[..., 5], atol=1e-6)
        kinks = [grid.bonds(own.kink) + own.shift[:, None] for own, grid in ((a, first), (c, second))]
        np.testing.assert_allclose(kinks[1], 2.0 * kinks[0], atol=1e-6)


@pytest.mark.parametrize("planner", [False, True])
def test_bounds_of_the_lattice_do_not_matter(planner):
    """Section 6: the path on lattices that move with the targets, of which the last has left the first year's portfolio behind,
    is that on lattices that hold all of them.
    """
    trend = np.linspace(0.0, 1.0, 41)[:, None] * np.array([-0.5, 0.4])
    wide = economy((0.1, 0.25), (1.0, 2.0), trend=trend, steps=20, fine=128, k0=[0.6, 0.4])
    weight = wide.a if planner else wide.alpha
    followed = targets(wide.ztilde, wide.a, weight, trend)
    corners = moving_corners(followed, wide.k0, adjustment_speed(wide.beta, wide.a, wide.phi, 0.06))
    assert corners[-1, :, 1].min() > wide.k0[1]
    shocks = np.random.default_rng(3).normal(scale=0.02, size=trend.shape)
    paths = []
    for problem in (wide, dataclasses.replace(wide, corners=corners, steps=14)):
        solution = solve(problem, planner, tolerance=1e-7)
        paths.append(simulate(solution.solver, solution.solver.path(solution.tail, 1e-8), shocks))
        assert solution.solver.diagnostics.edge_hits == solution.solver.diagnostics.failed == 0
    for name, tolerance in (("k_next", 6e-4), ("c", 1e-3), ("output", 1e-4), ("value", 5e-5)):
        np.testing.assert_allclose(getattr(paths[1], name), getattr(paths[0], name), rtol=tolerance, err_msg=name)


def test_solves_do_not_depend_on_what_was_solved_before():
    """Item 6: bit by bit the same after another zone."""
    problem = economy((0.1, 0.25), phi=1.5)
    before = solve(problem, True, tolerance=1e-6).tail
    solve(economy((0.2, 0.1), phi=0.5, kappa=0.03), True, tolerance=1e-6)
    after = solve(problem, True, tolerance=1e-6).tail
    assert before.pol.tobytes() == after.pol.tobytes() and before.kink.tobytes() == after.kink.tobytes()
