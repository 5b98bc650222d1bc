"""The census microdata as a source of the run: from an IPUMS extract to the canonical tables."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path

import pandas as pd

from regspec.config.config import Config
from regspec.data import tidy
from regspec.data.interest import us_real_rate
from regspec.data.microdata import census, codes, lost
from regspec.data.panel import Panel, data_directory, read_crosswalk
from regspec.errors import ConfigError
from regspec.io.provenance import atomic_path
from regspec.io.raw_tables import read_raw

#: Reports in the run's folder ``data``: top-coded incomes, what is known of incomes and education, persons left out.
REPORT, ANSWERS, LEFT_OUT = "topcodes.csv", "answers.csv", "left_out.csv"


def microdata_files(config: Config) -> list[str]:
    """Names of the files that are read, in ``data.directory``; the crosswalk not among them. Raises ConfigError."""
    if not config.data.microdata.geography:
        raise ConfigError(
            "data.microdata.geography: no year.\nRemedy: name the units and their allocation file for each census year."
        )
    # Productivity comes as with a tidy panel.
    further = [name for name in tidy.tidy_files(config) if name not in (config.data.tidy.industry, config.data.tidy.controls)]
    return [*census.files(config), *further]


def citation(config: Config) -> str:
    """The sentence that names the source under exhibits."""
    return config.data.tidy.citation or f"IPUMS USA ({config.data.microdata.extract})"


def inventory(config: Config, zones: Collection[int]) -> tuple:
    """Industries, variables, years and whether there is productivity, after the checks that need not read all persons."""
    folder, settings = data_directory(config), config.data.microdata
    years = census.check(config, folder, {*zones, *_elsewhere(config, zones)})
    names = codes.industry_codes(settings.codes, settings.industry)["industry"]
    industries = sorted(set(names) - {codes.LEFT_OUT})
    found = tidy.productivity(config, folder, industries)
    return industries, ("income", "employment"), years, len(found) > 0


def _elsewhere(config: Config, zones: Collection[int]) -> set[int]:
    """Zones of the crosswalk that are not on the map: Alaska and Hawaii."""
    return set(read_crosswalk(config)["CZ90"]) - set(zones)


def read_microdata(config: Config, out: Path, zones: Collection[int], states: pd.Series, provenance: dict) -> Panel:
    """The five canonical tables; the reports are written to ``out``, and one line tells who was left out. Errors as
    :func:`regspec.data.microdata.census.read_census` and :func:`regspec.data.tidy.canonical`.
    """
    folder = data_directory(config)
    found = census.read_census(config, folder, zones, _elsewhere(config, zones))
    source = config.data.microdata.extract
    tables = tidy.canonical(found.industry, found.controls, config, states, zones, (source, source))
    lines = "".join(f"# {key}: {value}\n" for key, value in sorted(provenance.items()))
    abroad = ", ".join(f"{year}: {part:.4f}" for year, part in found.elsewhere.items() if part > 0) or "none"
    more = f"# persons read: {found.rows}\n# part of the sample in zones that are not on the map: {abroad}\n"
    for name, text, table in ((REPORT, more, found.report), (ANSWERS, "", found.answers), (LEFT_OUT, "", found.left_out)):
        with atomic_path(out / name) as temporary:
            temporary.write_text(lines + text + table.to_csv(index=False), encoding="utf-8")
    told = lost.line(found.left_out, LEFT_OUT)
    if told:
        print(told, file=sys.stderr, flush=True)
    interest = config.data.tidy.interest
    return Panel(
        industry=tables.industry,
        controls=tables.controls,
        national=tables.national,
        tfp=tidy.productivity(config, folder, sorted(tables.industry["industry"].unique())),
        interest=us_real_rate() if interest is None else read_raw(folder / interest, "interest"),
    )
