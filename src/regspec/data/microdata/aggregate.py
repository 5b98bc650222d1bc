"""Sums over persons, a piece of the extract at a time: memory holds sums, never the persons."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from regspec.config.microdata import Microdata
from regspec.data.microdata.codes import LEFT_OUT, match
from regspec.errors import DataError

#: Variables of wages, which unlike earnings and total income cannot be a net loss.
_WAGES = "INCWAGE"

#: Sum -> its key and its values.
SUMS = {
    "people": (("year", "state", "unit"), ("population", "old", "working")),
    "labor": (("year", "unit"), ("employed", "female", "schooled", "skilled")),
    "jobs": (("year", "unit", "industry"), ("employment", "asked", "known", "income")),
    "tops": (("year", "state", "unit", "industry"), ("weight",)),
    "tail": (("year", "state", "income"), ("weight", "persons")),
    "answers": (("year",), ("asked", "known", "losing", "loss", "schooled")),
    "silent": (("year", "unit"), ("records",)),  # sample whose incomes are not known
    "strangers": (("year", "state", "unit"), ("population", "records")),  # persons of unknown units
    "jobless": (("year", "state", "unit", "code"), ("employed", "records")),  # sample under unused industry codes
}
_MERGE = 16  # pieces after which sums are merged
#: Values that every extract has: others mean that the codebook describes another one.
_LIMITS = {"AGE": (0, 135), "SEX": (1, 2)}


@dataclass
class Aggregate:
    """Running sums of :data:`SUMS`.

    ``settings``: the section; ``industries``: ranges of codes (:func:`regspec.data.microdata.codes.industry_codes`); ``units``:
    known units by year; ``missing``: codes of no answer by variable, of income and education. Persons count with ``weight``;
    in income and education with ``asked``, which is another weight in years in which part of all persons was asked.
    ``known``: those of ``asked`` whose income is known; ``schooled``: whose education is; ``losing``: whose income is a net
    loss, of ``loss`` dollars in all.
    """

    settings: Microdata
    industries: pd.DataFrame
    units: dict[int, set[int]]
    source: str
    missing: dict[str, set[int]]
    parts: dict[str, list[pd.DataFrame]] = field(default_factory=lambda: {name: [] for name in SUMS})
    keys: list[np.ndarray] = field(default_factory=list)
    sample: float = 0.0
    rows: int = 0

    def add(self, frame: pd.DataFrame) -> None:
        """Add a piece (:func:`regspec.data.microdata.extract.chunks`). Raises DataError for bad weights, years, incomes."""
        settings = self.settings
        self.rows += len(frame)
        self._check(frame)
        if "SERIAL" in frame:
            self.keys.append((frame["YEAR"] * 1e12 + frame["SERIAL"] * 1e4 + frame["PERNUM"]).to_numpy("int64"))
        base = pd.DataFrame(
            {
                "year": frame["YEAR"].astype("int64"),
                "state": frame[settings.state].astype("int64"),
                "unit": self._unit(frame),
                "weight": frame[settings.weight],
                "age": frame["AGE"],
            }
        )
        base["asked"] = self._asked(frame)
        base["employed"] = np.logical_and.reduce([frame[name].isin(codes) for name, codes in settings.employed.items()])
        known = self._known_units(base)
        base["working"] = base["weight"] * base["age"].between(15, 64)
        base["old"] = base["weight"] * (base["age"] >= 65)
        base["records"] = 1.0
        self._push("people", base[known].rename(columns={"weight": "population"}))
        self._push("strangers", base[~known].rename(columns={"weight": "population"}))
        low, high = settings.ages
        sample = base["employed"] & base["age"].between(low, high)
        self.sample += float(base.loc[sample, "weight"].sum())
        position = match(frame[settings.industry].to_numpy(), self.industries)
        base["industry"] = names = self.industries["industry"].to_numpy(str)[position]
        used = (position >= 0) & (names != LEFT_OUT)
        rest = base[sample & known & ~used].drop(columns="employed").rename(columns={"weight": "employed"})
        self._push("jobless", rest.assign(code=frame.loc[rest.index, settings.industry].astype("int64")))
        kept = base[sample & known & used].copy()
        self._labor(kept, frame.loc[kept.index])
        self._incomes(kept, frame.loc[kept.index, settings.income])

    def _check(self, frame: pd.DataFrame) -> None:
        for name in dict.fromkeys([self.settings.weight, *self._asked_by_year().values()]):
            bad = frame.index[frame[name] < 0]
            if len(bad):
                raise DataError(
                    f"{self.source}: row {bad[0]}: weight {name} = {frame[name][bad[0]]:g} is negative ({len(bad)} such rows "
                    "in this piece).\nRemedy: weights are numbers of persons; check the codebook."
                )
        for name, (low, high) in _LIMITS.items():
            bad = frame.index[~frame[name].between(low, high)]
            if len(bad):
                raise DataError(
                    f"{self.source}: row {bad[0]}: {name} = {frame[name][bad[0]]:g} is not between {low} and {high} "
                    f"({len(bad)} such rows in this piece).\nRemedy: use the codebook that came with this extract."
                )
        years = set(frame["YEAR"].astype(int)) - set(self.units)
        if years:
            raise DataError(
                f"{self.source}: year {min(years)} has no entry in data.microdata.geography.\n"
                f"Years there: {', '.join(map(str, sorted(self.units)))}."
            )

    def _asked_by_year(self) -> dict[int, str]:
        return {int(year): name for year, name in self.settings.asked.items() if int(year) in self.units}

    def _asked(self, frame: pd.DataFrame) -> pd.Series:
        weight = frame[self.settings.weight]
        for year, name in self._asked_by_year().items():
            weight = weight.where(frame["YEAR"] != year, frame[name])
        return weight

    def _unit(self, frame: pd.DataFrame) -> pd.Series:
        unit = pd.Series(0, frame.index, dtype="int64")
        for year, spec in self.settings.geography.items():
            rows = frame["YEAR"] == int(year)
            code = sum(frame.loc[rows, name] * factor for name, factor in spec.columns.items())
            unit[rows] = code.astype("int64") if rows.any() else 0
        return unit

    def _known_units(self, base: pd.DataFrame) -> pd.Series:
        known = pd.Series(False, base.index)
        for year, own in base.groupby("year"):
            known[own.index] = own["unit"].isin(self.units[year])
        return known

    def _labor(self, kept: pd.DataFrame, frame: pd.DataFrame) -> None:
        skill, name = self.settings.skill, self.settings.skill.variable
        kept["schooled"] = kept["asked"].where(~frame[name].isin(self.missing[name]), 0.0)
        rows = kept[["year", "unit", "schooled"]].assign(
            employed=kept["weight"],
            female=kept["weight"] * (frame["SEX"] == 2),
            skilled=kept["schooled"] * (frame[name] >= skill.at_least),
        )
        self._push("labor", rows)

    def _incomes(self, kept: pd.DataFrame, income: pd.Series) -> None:
        income = income.where(~income.isin(self.missing[self.settings.income]))
        if self.settings.income.startswith(_WAGES) and (income < 0).any():
            bad = income.index[income < 0]
            raise DataError(
                f"{self.source}: row {bad[0]}: {self.settings.income} = {income[bad[0]]:g} is negative ({len(bad)} such rows)."
                "\nRemedy: wages are not negative; name its codes of no answer in data.microdata.income_missing."
            )
        answers = kept.assign(
            known=kept["asked"] * income.notna(),
            losing=kept["asked"] * (income < 0),
            loss=kept["asked"] * (-income).clip(lower=0).fillna(0.0),
        )
        self._push("answers", answers)
        self._push("silent", kept[income.isna() & (kept["asked"] > 0)])
        topcode = kept["year"].map({int(year): value for year, value in self.settings.topcodes.items()})
        top = income >= topcode.fillna(np.inf)
        kept = kept.rename(columns={"weight": "employment"})
        weight = kept["asked"]
        self._push("jobs", kept.assign(known=weight * income.notna(), income=weight * income.where(~top).fillna(0.0)))
        self._push("tops", kept[top].assign(weight=weight[top]))
        below = kept[topcode.notna() & ~top & (income > 0) & (weight > 0)]
        self._push("tail", below.assign(income=income[below.index], weight=weight[below.index], persons=1.0))

    def _push(self, name: str, rows: pd.DataFrame) -> None:
        key, values = SUMS[name]
        if len(rows):
            self.parts[name].append(rows.groupby(list(key), as_index=False)[list(values)].sum())
        if len(self.parts[name]) > _MERGE:
            self.parts[name] = [self.total(name)]

    def total(self, name: str) -> pd.DataFrame:
        """The sum ``name`` so far, sorted by its key."""
        key, values = map(list, SUMS[name])
        if not self.parts[name]:
            types = {name: {"industry": "str", "income": "float64"}.get(name, "int64") for name in key}
            return pd.DataFrame(columns=[*key, *values]).astype(types | dict.fromkeys(values, "float64"))
        return pd.concat(self.parts[name], ignore_index=True).groupby(key, as_index=False)[values].sum()

    def finish(self) -> None:
        """Checks over the whole file. Raises DataError for repeated persons, absent years and a sample without persons."""
        absent = sorted(set(self.units) - set(self.total("people")["year"]))
        if absent and self.rows:
            raise DataError(
                f"{self.source}: no person of {absent[0]} in a known unit ({len(absent)} such years).\n"
                "Remedy: add the sample of that year to the extract, or take the year out of data.microdata.geography."
            )
        keys = np.sort(np.concatenate(self.keys)) if self.keys else np.empty(0, "int64")
        twice = keys[1:][keys[1:] == keys[:-1]]
        if len(twice):
            year, rest = divmod(int(twice[0]), 10**12)
            raise DataError(
                f"{self.source}: YEAR {year}, SERIAL {rest // 10**4}, PERNUM {rest % 10**4} appears more than once "
                f"({len(twice)} repeated rows).\nRemedy: keep one sample for each year in the extract, and each row once."
            )
        if not self.sample > 0:
            raise DataError(f"{self.source}: no employed person.\nRemedy: check data.microdata.employed and ages.")
