"""Exhibits of the county files: coverage, specialization against the census, income growth (docs/counties.md)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from regspec.config.config import Config
from regspec.data.national import national_table
from regspec.empirics import labels
from regspec.empirics.exhibits.regression_table import NOTE, regression_table, tidy
from regspec.empirics.fact1 import INITIAL, fact1
from regspec.empirics.specialization import gini, specialization, wide_shares
from regspec.errors import ConfigError
from regspec.exhibits import figures
from regspec.exhibits.registry import COUNTY_GINI, COUNTY_INCOME, COUNTY_TABLES
from regspec.exhibits.writer import ExhibitWriter
from regspec.io.run_tables import cited, read_meta, read_table
from regspec.layout import Layout

_TITLES = {"business": "Business patterns", "housing": "Housing", "county_income": "Personal income"}
_TOTALS = {"business": "employment", "housing": "units", "county_income": "population"}


def write_exhibits(config: Config, layout: Layout, made: dict[str, pd.DataFrame], report: dict, provenance: dict) -> None:
    """Table ``county_tables``, with business patterns the figure ``county_gini`` and its numbers by zone and year, with windows
    the table ``county_income``.
    """
    meta = read_meta(layout.data)
    writer = ExhibitWriter(layout.root, provenance, meta["synthetic"], cited(meta))
    industry = read_table(layout.data_table("industry"), "industry")
    compared = compare(made["business"], industry) if "business" in made else None
    _coverage_table(writer, made, report, compared)
    if compared is not None:
        _figure(writer, compared)
    if config.data.counties.income.windows:
        controls = read_table(layout.data_table("controls"), "controls")
        _income_table(writer, config, made["county_income"], industry, controls)


def compare(business: pd.DataFrame, industry: pd.DataFrame) -> pd.DataFrame:
    """Gini of zones over business patterns' employment and over the census' shares in the nearest year.

    ``zone, year, cbp, imputed_share, census_year, census, census_variable`` (employment, if the census has it).

    The census is restricted to the industries that business patterns
    cover if it has them all (it then leaves out government and, but for its services, farming); otherwise it is taken whole.
    """
    variable = "employment" if "employment" in set(industry["variable"]) else industry["variable"].iloc[0]
    census = wide_shares(industry, variable)
    covered = sorted(set(business["industry"]))
    census = census[covered] if set(covered) <= set(census.columns) else census
    measured = pd.Series(gini(census.to_numpy()), index=census.index)
    years = np.array(sorted(set(census.index.get_level_values("year"))))
    imputed = (business["employment"] * business["imputed_share"]).groupby([business["zone"], business["year"]]).sum()
    wide = business.pivot(index=["zone", "year"], columns="industry", values="employment").fillna(0.0)
    frame = pd.DataFrame(
        {"cbp": gini(wide.to_numpy()), "imputed_share": imputed / wide.sum(axis=1)}, index=wide.index
    ).reset_index()
    frame["census_year"] = [int(years[np.abs(years - year).argmin()]) for year in frame["year"]]
    keys = pd.MultiIndex.from_frame(frame[["zone", "census_year"]])
    frame["census"] = measured.reindex(keys).to_numpy()
    return frame.assign(census_variable=variable)


def coverage(made: dict[str, pd.DataFrame], report: dict, compared: pd.DataFrame | None) -> pd.DataFrame:
    """A row for each table and year: counties, zones, total, unmapped and imputed shares, Ginis and their correlation.

    Personal income: first, last and decennial years.
    """
    rows = []
    for name, table in made.items():
        years = sorted(table["year"].unique())
        if name == "county_income":
            years = [year for year in years if year % 10 == 0 or year in (years[0], years[-1])]
        for year in years:
            one, facts = table[table["year"] == year], report[name][str(year)]
            row = {
                "table": name,
                "year": int(year),
                "counties": facts["counties"],
                "zones": one["zone"].nunique(),
                "total": one[_TOTALS[name]].sum(),
                "unmapped_share": facts["unmapped_share"],
                "unmapped_counties": len(facts["unmapped_counties"]),
                "unmapped_zone_share": facts["unmapped_zone_share"],
            }
            if name == "business" and compared is not None:
                row |= _specialization(one, compared[compared["year"] == year])
            rows.append(row)
    frame = pd.DataFrame(rows)
    return frame.astype({"census_year": "Int64"}) if "census_year" in frame else frame


def _specialization(one: pd.DataFrame, compared: pd.DataFrame) -> dict:
    part = compared["imputed_share"]
    return {
        "imputed_share": (one["employment"] * one["imputed_share"]).sum() / one["employment"].sum(),
        "imputed_median_zone": part.median(),
        "imputed_largest_zone": part.max(),
        "gini": compared["cbp"].mean(),
        "census_year": int(compared["census_year"].iloc[0]),
        "census_gini": compared["census"].mean(),
        "correlation": compared["cbp"].corr(compared["census"]),
    }


def _coverage_table(writer: ExhibitWriter, made: dict[str, pd.DataFrame], report: dict, compared: pd.DataFrame | None) -> None:
    table = coverage(made, report, compared)
    first = ~table["table"].duplicated()
    body = pd.DataFrame(
        {
            "Table": table["table"].map(_TITLES).where(first, ""),
            "Year": table["year"],
            "Counties": table["counties"],
            "Zones": table["zones"],
            "Total (millions)": table["total"] / 1e6,
            "Without zone (%)": 100 * table["unmapped_share"],
            "Such counties": table["unmapped_counties"],
            "At most of a zone (%)": 100 * table["unmapped_zone_share"],
        }
    )
    notes = (
        f"Total: employees, occupied housing units, population. Without zone: share of the total in counties without a zone in "
        f"{report['crosswalk']}. At most of a zone: the largest share that a zone lacks if all such counties of its state are "
        "its own."
    )
    if compared is not None:
        for head, name in (
            ("All", "imputed_share"),
            ("Median zone", "imputed_median_zone"),
            ("Largest", "imputed_largest_zone"),
        ):
            body[f"Imputed (%): {head}"] = 100 * table[name]
        body["Gini"], body["Census Gini"], body["Correlation"] = table["gini"], table["census_gini"], table["correlation"]
        notes += (
            " Imputed: share of employment that the files withhold or leave out, in all zones together, in the median zone "
            "and in the zone where it is largest. Gini: mean over zones, over the industries that business patterns cover; "
            "census: the nearest census year, over the same industries if the census has them. Correlation: of the two "
            "Ginis over zones."
        )
    formats = {"Total (millions)": "%.1f", "Without zone (%)": "%.2f"}
    formats |= {name: "%.1f" for name in body.columns if name.startswith("Imputed")}
    writer.table(
        name=COUNTY_TABLES,
        body=body,
        caption="County files: coverage, imputation and specialization",
        notes=notes,
        float_format=formats,
        rules=[i for i in body.index[first] if i],
        data=table,
    )


def _figure(writer: ExhibitWriter, compared: pd.DataFrame) -> None:
    """Gini of business patterns against the census: the year that is nearest to a census year, the last of several."""
    gap = (compared["year"] - compared["census_year"]).abs()
    year = int(compared["year"][gap == gap.min()].max())
    one = compared[compared["year"] == year].dropna(subset=["census"])
    with writer.figure(name=COUNTY_GINI, height=2.9) as (fig, ax):
        points = ax.scatter(
            one["census"], one["cbp"], c=100 * one["imputed_share"], s=7, cmap=figures.SEQUENTIAL, linewidths=0, zorder=2
        )
        low, high = min(one["census"].min(), one["cbp"].min()), max(one["census"].max(), one["cbp"].max())
        ax.plot([low, high], [low, high], color=figures.GREY, linewidth=0.7, zorder=1)
        ax.set_xlabel(f"Gini of {one['census_variable'].iloc[0]}, census {one['census_year'].iloc[0]}")
        ax.set_ylabel(f"Gini of employment, business patterns {year}")
        correlation = f"{one['cbp'].corr(one['census']):.2f}".replace("-", "−")
        ax.set_title(f"Correlation {correlation}, $N$ = {len(one)}; line: equal values", loc="left", fontsize=8)
        bar = fig.colorbar(points, ax=ax, pad=0.02, aspect=30)
        bar.set_label("Imputed employment (%)", fontsize=8)
        bar.outline.set_visible(False)
    writer.csv(name=COUNTY_GINI, frame=compared)


def income_growth(
    config: Config, table: pd.DataFrame, industry: pd.DataFrame, controls: pd.DataFrame, window: list[int]
) -> dict[str, Any]:
    """Fact 1 (E1) with the growth of personal income per capita over ``window``: the regressions ``growth`` and ``level``.

    Specialization, controls and initial income are those of the window's first year, the latter personal income as well;
    national growth of industries is measured to the census year nearest to the window's end.
    """
    first, last = window
    years = sorted(controls["year"].unique())
    if first not in years:
        raise ConfigError(f"data.counties.income.windows: no census data in {first}.\nYears: {', '.join(map(str, years))}.")
    end = min((year for year in years if year > first), key=lambda year: abs(year - last))
    national = national_table(industry, controls, first, end)
    pieces = []
    for year, rows in ((first, first), (last, end)):
        income = np.log(table[table["year"] == year].set_index("zone")[["income_real", "population"]]).diff(axis=1, periods=-1)
        part = controls[controls["year"] == rows].assign(year=year)
        pieces.append(part.assign(**{INITIAL: part["zone"].map(income["income_real"])}))
    empirics = config.empirics.model_copy(update={"base_year": first, "end_year": last})
    facts = fact1(industry, specialization(industry), pd.concat(pieces), national, empirics)
    return {"growth": facts.growth, "level": facts.level}


def _income_table(
    writer: ExhibitWriter, config: Config, table: pd.DataFrame, industry: pd.DataFrame, controls: pd.DataFrame
) -> None:
    fits: dict[str, Any] = {}
    numbers: dict[str, Any] = {}
    for window in config.data.counties.income.windows:
        made = income_growth(config, table, industry, controls, window)
        fits |= {f"Growth {window[0]}–{window[1]}": made["growth"], f"Level {window[0]}": made["level"]}
        numbers |= {f"growth {window[0]}-{window[1]}": made["growth"], f"level {window[0]}": made["level"]}
    body, rules = regression_table(fits)
    measure = labels.MEASURES[config.empirics.measure]
    notes = (
        f"{NOTE} Outcomes: log of personal income per capita (BEA) in constant dollars, and its growth. Specialization: "
        f"{measure} of {config.empirics.variable} shares in the first year."
    )
    replace(writer, source=f"{writer.source}; BEA, table CAINC1").table(
        name=COUNTY_INCOME,
        body=body,
        caption="Personal income and specialization",
        notes=notes,
        rules=rules,
        data=tidy(numbers),
    )
