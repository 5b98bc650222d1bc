"""From an extract to the tidy tables of zones (D1, D2), and a report of what was read."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from ipumspy.ddi import Codebook

from regspec.config.config import Config
from regspec.config.microdata import Microdata
from regspec.data.deflator import price_factors
from regspec.data.microdata import lost
from regspec.data.microdata.aggregate import Aggregate
from regspec.data.microdata.codes import allocation, industry_codes
from regspec.data.microdata.extract import check_layout, chunks, codebook, variables
from regspec.data.microdata.missing import income_codes, labels, missing_codes
from regspec.data.microdata.topcodes import Tail, tails


@dataclass(frozen=True)
class Census:
    """Tidy tables (schemas ``tidy_industry``, ``tidy_controls``) and ``report``: ``year, state, topcode, alpha, persons,
    pooled, topcoded_share`` of the top-coded years; ``left_out``: persons under codes that are not used
    (:func:`regspec.data.microdata.lost.table`); ``answers``: by year, what is known of incomes and education
    (:func:`_answers`);
    ``rows``: persons read; ``elsewhere``: by year, the part of the sample in zones that are not on the map.
    """

    industry: pd.DataFrame
    controls: pd.DataFrame
    report: pd.DataFrame
    left_out: pd.DataFrame
    answers: pd.DataFrame
    rows: int
    elsewhere: dict[int, float]


def files(config: Config) -> list[str]:
    """Names of the files of the section, in ``data.directory``."""
    settings = config.data.microdata
    return [settings.extract, settings.codebook, *dict.fromkeys(unit.file for unit in settings.geography.values())]


def check(config: Config, folder: Path, zones: Collection[int] | None) -> list[int]:
    """Everything that can be checked without reading all persons: codebook, layout, codes, allocations, and whether the first
    persons make sense. Returns the years. Raises DataError.
    """
    settings = config.data.microdata
    book = codebook(folder / settings.codebook)
    used = variables(settings, book, settings.codebook)
    check_layout(folder / settings.extract, book)
    sums = _sums(settings, _shares(settings, folder, zones), _missing(settings, folder, book))
    price_factors(config, [year - settings.income_lag for year in sums.units])
    sums.add(next(chunks(folder / settings.extract, book, used, 2000, used)))
    lost.check_start(sums)
    return sorted(sums.units)


def _missing(settings: Microdata, folder: Path, book: Codebook) -> dict[str, set[int]]:
    """Codes of no answer of the variables of education and income."""
    named, skill = labels(folder / settings.codebook), settings.skill.variable
    income = income_codes(book, named, settings.income, settings.income_missing, settings.codebook)
    return {skill: missing_codes(book, named, skill), settings.income: income}


def _shares(settings: Microdata, folder: Path, zones: Collection[int] | None) -> dict[int, pd.DataFrame]:
    return {int(year): allocation(folder, int(year), unit, zones) for year, unit in sorted(settings.geography.items())}


def _sums(settings: Microdata, shares: dict[int, pd.DataFrame], missing: dict[str, set[int]]) -> Aggregate:
    codes = industry_codes(settings.codes, settings.industry)
    return Aggregate(settings, codes, {year: set(own["unit"]) for year, own in shares.items()}, settings.extract, missing)


def read_census(
    config: Config, folder: Path, zones: Collection[int] | None, elsewhere: Collection[int] = frozenset()
) -> Census:
    """Read the extract of ``data.microdata`` in ``folder``; ``zones``: those of the map, if known; ``elsewhere``: zones
    that the crosswalk has, too, but not the map (Alaska, Hawaii), whose persons are left out.

    Sample: employed persons of ``ages`` with a known industry and unit, weighted. Their top-coded incomes are replaced by
    the mean of a Pareto tail by year and state; incomes that are not known by the mean of the unit and industry (if
    none there is known, of the nation's industry); net losses count as they are, but an industry of a zone whose sum is a loss
    has no income; incomes are in dollars of ``data.counties.dollars``. Persons of a unit are
    allocated to zones by its weights. Population and old-age dependency (65 and over per 100 of 15 to 64) are of all
    persons, the shares of women and of the highly skilled of the sample. Raises DataError (file, row or code, count, remedy).
    """
    settings = config.data.microdata
    book = codebook(folder / settings.codebook)
    path = folder / settings.extract
    used = variables(settings, book, settings.codebook)
    check_layout(path, book)
    shares = _shares(settings, folder, None if zones is None else {*zones, *elsewhere})
    sums = _sums(settings, shares, _missing(settings, folder, book))
    for number, piece in enumerate(chunks(path, book, used, settings.rows, used), 1):
        sums.add(piece)
        if number % 10 == 0:
            print(f"microdata: {sums.rows:,} persons read", file=sys.stderr, flush=True)
    sums.finish()
    lost.check(sums, shares, elsewhere)
    tops = sums.total("tops")
    weights = tops.groupby(["year", "state"])["weight"].sum()
    weights = weights[weights > 0]
    found = tails(sums.total("tail"), weights, settings)
    jobs = _with_unknown(_with_tops(sums.total("jobs"), tops, found, settings))
    factors = price_factors(config, [year - settings.income_lag for year in shares])
    jobs["income"] *= factors[jobs["year"] - settings.income_lag].to_numpy()
    industry = _allocated(jobs, shares, ["industry"], ["income", "employment"])
    abroad = industry["zone"].isin(list(elsewhere))
    employed = industry.assign(lost=industry["employment"] * abroad).groupby("year")[["lost", "employment"]].sum()
    controls = _controls(sums, shares).merge(_per_head(industry), on=["cz", "year"], how="left")
    controls["income_per_capita"] /= controls["population"]
    losing = industry["income"] < 0
    answers = _answers(sums, industry[losing & ~abroad])
    industry["income"] = industry["income"].mask(losing, 0.0)
    return Census(
        industry=industry[~abroad].rename(columns={"zone": "cz"}).reset_index(drop=True),
        controls=controls[~controls["cz"].isin(list(elsewhere))].reset_index(drop=True),
        report=_report(found, settings, weights, sums.total("tail")),
        left_out=lost.table(sums),
        answers=answers,
        rows=sums.rows,
        elsewhere={int(year): float(part) for year, part in (employed["lost"] / employed["employment"]).items()},
    )


def _per_head(industry: pd.DataFrame) -> pd.DataFrame:
    """Income of zones, ``cz, year, income_per_capita`` before the division, with the losses of whole industries."""
    total = industry.groupby(["zone", "year"], as_index=False)["income"].sum()
    return total.rename(columns={"zone": "cz", "income": "income_per_capita"})


def _answers(sums: Aggregate, losses: pd.DataFrame) -> pd.DataFrame:
    """``year``; shares of the sample whose income or education is not known, and, of those with a known income, with a net
    loss; the losses by known incomes below the top code; ``industries_at_zero``: zone-industries whose sum was a loss.
    """
    own = sums.total("answers").set_index("year")
    income = sums.total("jobs").groupby("year")["income"].sum()
    at_zero = losses.groupby("year").size().reindex(own.index).fillna(0).astype("int64")
    return pd.DataFrame(
        {
            "income_unknown_share": 1 - own["known"] / own["asked"],
            "education_unknown_share": 1 - own["schooled"] / own["asked"],
            "loss_share": own["losing"] / own["known"],
            "loss_by_income": own["loss"] / income,
            "industries_at_zero": at_zero,
        }
    ).reset_index()


def _with_tops(jobs: pd.DataFrame, tops: pd.DataFrame, found: dict[tuple[int, int], Tail], settings) -> pd.DataFrame:
    """``jobs`` with the incomes of the top-coded, who are among its persons, but not among its incomes."""
    tops = tops[tops["weight"] > 0]
    values = [
        found[year, state].mean(settings.topcodes[str(year)]) for year, state in zip(tops["year"], tops["state"], strict=True)
    ]
    extra = tops.assign(income=tops["weight"] * np.array(values, float), employment=0.0, asked=0.0, known=0.0)
    both = pd.concat([jobs, extra[jobs.columns]], ignore_index=True)
    return both.groupby(["year", "unit", "industry"], as_index=False)[["employment", "asked", "known", "income"]].sum()


def _with_unknown(jobs: pd.DataFrame) -> pd.DataFrame:
    """``jobs`` with the incomes of those who gave none."""
    nation = jobs.groupby(["year", "industry"])[["known", "income"]].transform("sum")
    some = jobs["known"] > 0
    income, known = jobs["income"].where(some, nation["income"]), jobs["known"].where(some, nation["known"])
    return jobs.assign(income=jobs["asked"] * (income / known.where(known > 0)).fillna(0.0))


def _allocated(table: pd.DataFrame, shares: dict[int, pd.DataFrame], key: list[str], values: list[str]) -> pd.DataFrame:
    """Amounts of units as amounts of zones: ``zone, year, *key, *values``, sorted."""
    every = pd.concat([own.assign(year=year) for year, own in shares.items()], ignore_index=True)
    joined = table.merge(every, on=["year", "unit"])
    joined[values] = joined[values].mul(joined["weight"], axis=0)
    return joined.groupby(["zone", "year", *key], as_index=False)[values].sum()


def _controls(sums: Aggregate, shares: dict[int, pd.DataFrame]) -> pd.DataFrame:
    people = _allocated(sums.total("people"), shares, [], ["population", "old", "working"])
    labor = _allocated(sums.total("labor"), shares, [], ["employed", "female", "schooled", "skilled"])
    both = people.merge(labor, on=["zone", "year"], how="inner")
    return pd.DataFrame(
        {
            "cz": both["zone"],
            "year": both["year"],
            "population": both["population"],
            "high_skill_share": both["skilled"] / both["schooled"].where(both["schooled"] > 0),
            "old_age_dependency": 100 * both["old"] / both["working"],
            "female_labor_share": both["female"] / both["employed"],
        }
    )


def _report(found: dict[tuple[int, int], Tail], settings, tops: pd.Series, below: pd.DataFrame) -> pd.DataFrame:
    known = below.groupby(["year", "state"])["weight"].sum()
    rows = []
    for (year, state), tail in sorted(found.items()):
        top = float(tops[year, state])
        rows.append(
            {
                "year": year,
                "state": state,
                "topcode": settings.topcodes[str(year)],
                "alpha": tail.alpha,
                "persons": tail.persons,
                "pooled": tail.pooled,
                "topcoded_share": top / (top + float(known.get((year, state), 0.0))),
            }
        )
    return pd.DataFrame(rows, columns=["year", "state", "topcode", "alpha", "persons", "pooled", "topcoded_share"])
