"""Text of a BEA file CAINC1 from the income and population of synthetic counties."""

from __future__ import annotations

import pandas as pd

from regspec.data.counties.zones import COMBINED

_LINES = {
    1: ("income", "Personal income (thousands of dollars)", "Thousands of dollars"),
    2: ("population", "Population (persons) 1/", "Number of persons"),
    3: ("per_capita", "Per capita personal income (dollars) 2/", "Dollars"),
}
#: Areas that a reader must leave out, as parts of a large county: Alaska, Hawaii with its combined area.
_OUTSIDE = {2020: 0.002, 15003: 0.004, 15901: 0.0005}
_SPLIT_OFF = (8014, 8013, 2001)  # Broomfield, in Boulder before


def text(areas: pd.DataFrame, zone_of: pd.Series) -> str:
    """The file: nation, states, counties by area and line, missing years, combined areas, footnotes.

    ``areas``: ``fips, year, income`` (thousand dollars), ``population``. Members of a combined area that lie in different
    zones keep rows of their own: no reader could take the area apart.
    """
    wide = {name: areas.pivot(index="fips", columns="year", values=name) for name in ("income", "population")}
    for code, members in COMBINED.items():
        if set(members) <= set(wide["income"].index) and zone_of.loc[list(members)].nunique() == 1:
            for name, table in wide.items():
                table.loc[code] = table.loc[list(members)].sum()
                wide[name] = table.drop(index=list(members))
    _split_off(wide, zone_of)
    for name, table in wide.items():
        for code, part in _OUTSIDE.items():
            table.loc[code] = (part * table.sum()).round().clip(lower=1.0)
        sums = table.groupby(table.index // 1000 * 1000).sum()
        table = pd.concat([table, sums])
        table.loc[0] = sums.sum()
        wide[name] = table.sort_index()
    wide["per_capita"] = (1000 * wide["income"] / wide["population"]).round()
    years = list(wide["income"].columns)
    lines = ["GeoFIPS,GeoName,Region,TableName,LineCode,IndustryClassification,Description,Unit," + ",".join(map(str, years))]
    for code in wide["income"].index:
        for line, (name, description, unit) in _LINES.items():
            values = ["(NA)" if pd.isna(v) else f"{v:.0f}" for v in wide[name].loc[code]]
            lines.append(f'"""{code:05d}""",Area {code:05d}, ,CAINC1,{line},...,{description},{unit},' + ",".join(values))
    lines += ["Note: synthetic.", '"CAINC1: Personal Income Summary: Personal Income, Population"']
    return "\n".join(lines) + "\n"


def _split_off(wide: dict[str, pd.DataFrame], zone_of: pd.Series) -> None:
    """A county that did not exist at first is missing then, and its people are in the one that it was split off."""
    new, old, year = _SPLIT_OFF
    if not {new, old} <= set(wide["income"].index) or zone_of[new] != zone_of[old]:
        return
    for table in wide.values():
        before = table.columns < year
        table.loc[old, before] += table.loc[new, before]
        table.loc[new, before] = float("nan")
