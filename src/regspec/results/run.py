"""The results step: tables, figures and ``summary.json`` of a run."""

from __future__ import annotations

from pathlib import Path

from regspec.config.config import Config
from regspec.errors import ModelFailure
from regspec.exhibits.registry import has_planner
from regspec.io.provenance import write_json
from regspec.results import (
    accuracy,
    claims,
    decomposition,
    efficient,
    friction,
    industries,
    missing,
    mobility,
    normalization,
    taxes,
    tradeoff,
    transition,
    welfare,
)
from regspec.results.inputs import load
from regspec.results.maps import read_layers
from regspec.results.summary import plain, summary


def run(config: Config, run_dir: Path, config_hash: str) -> None:
    """Write ``tables/``, ``figures/`` and ``summary.json`` of ``run_dir`` from its data, empirics and model
    tables.

    The files are those of :func:`regspec.exhibits.registry.results` and the list of all exhibits of the run; exhibits of an
    earlier run that this one does not make (another list of scenarios) are removed at the end. Raises DataError for
    missing or unusable tables, ConfigError for years outside the simulation and ModelFailure when no zone of the
    baseline was solved.
    """
    run_dir = Path(run_dir)
    inputs = load(config, run_dir, config_hash)
    if not inputs.zones("solved", inputs.baseline):
        raise ModelFailure(
            f"scenario {inputs.baseline}: no zone was solved, so there is nothing to show or to compare with.\n"
            "`regspec status` names what the solves could not meet."
        )
    layers = read_layers(run_dir / "data/zones.gpkg")
    slopes = tradeoff.tradeoff(inputs)
    shares = friction.decompositions(inputs)
    effects = decomposition.decomposition(inputs)
    gains = welfare.welfare_gains(inputs)
    portfolios = efficient.efficient(inputs)
    solved = accuracy.accuracy(inputs)
    stated = claims.claims(inputs, slopes, effects, gains)
    written = [
        *claims.write(inputs, stated),
        *tradeoff.write(inputs, slopes),
        *friction.write(inputs, shares),
        *decomposition.write(inputs, effects),
        *welfare.write(inputs, gains, layers),
        *efficient.write(inputs, portfolios, layers),
        *industries.write(inputs, portfolios),
        *mobility.write(inputs, mobility.mobility(inputs, portfolios)),
        *accuracy.write(inputs, solved),
    ]
    if has_planner(config):
        written += [*normalization.write(inputs), *taxes.write(inputs), *transition.write(inputs)]
    _remove_others(run_dir, written)
    absent = missing.missing(inputs, slopes, shares)
    # Its presence says that the exhibits are complete.
    content = summary(inputs, slopes, shares, effects, gains, portfolios, solved, absent)
    write_json(run_dir / "summary.json", content | {"claims": plain(claims.long_table(inputs, stated).to_dict("records"))})
    missing.write(inputs, absent)


def _remove_others(run_dir: Path, written: list[Path]) -> None:
    for folder in (run_dir / "tables", run_dir / "figures"):
        for path in sorted(folder.glob("*")):
            if path.is_file() and path not in written:
                path.unlink()
