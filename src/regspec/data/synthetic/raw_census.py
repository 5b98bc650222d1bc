"""An IPUMS-like extract of the synthetic economy: persons, DDI codebook, top codes, units that cross borders of zones.

Persons are drawn from the economy's zones: industries by employment shares, incomes with a Pareto law whose mean in a zone
and industry is the economy's, so that the upper tail is Pareto with :data:`ALPHA` whatever the mixture. Top codes are
the real ones. The extract is as untidy as a delivery of several samples: a column for the units of each kind of sample, blank
in the others, codes of nines as wide as the variable, net losses, persons of a unit that no table has.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd
import yaml

from regspec.config.config import Config
from regspec.data import geography
from regspec.data.counties.zones import zones_on_map
from regspec.data.deflator import price_factors
from regspec.data.microdata.codes import LEFT_OUT, industry_codes
from regspec.data.synthetic.economy import Economy, synthetic_economy
from regspec.io.provenance import atomic_path

ALPHA = 2.5
#: Six digits hold no more; 999998 and 999999 are codes.
LARGEST = 999_997
#: Part of all persons who are employed and 15 to 60; and mean age groups of the others.
EMPLOYED = 0.45
#: Part of all persons who are asked income and education in 1950, those on the sample lines of the form.
ON_LINE = 0.3
#: Parts of the employed who give no income, and whose business makes a net loss.
SILENT, LOSING = 0.01, 0.02
#: Least loss by year: in 1950 a code for any loss; other years than these: -19,998.
BOTTOM = {1950: -1, 1980: -9_995}
#: A unit that no table has; the largest parts of a year's persons and of a zone's who live there.
NOWHERE, NOWHERE_PARTS = 77_777, (2e-4, 0.03)
#: name, first column, width, implied decimals.
LAYOUT = (
    ("YEAR", 4, 0),
    ("SERIAL", 8, 0),
    ("PERNUM", 4, 0),
    ("PERWT", 10, 2),
    ("SLWT", 10, 2),
    ("STATEFIP", 2, 0),
    ("SEA", 6, 0),
    ("CNTYGP97", 6, 0),
    ("CNTYGP98", 6, 0),
    ("PUMA", 6, 0),
    ("AGE", 3, 0),
    ("SEX", 1, 0),
    ("EDUC", 2, 0),
    ("EMPSTAT", 1, 0),
    ("IND1990", 3, 0),
    ("INCWAGE", 6, 0),
    ("INCEARN", 7, 0),
    ("INCTOT", 7, 0),
)
#: Variables of the household's record in a hierarchical extract, after those that both records begin with.
HOUSEHOLD = ("STATEFIP", "SEA", "CNTYGP97", "CNTYGP98", "PUMA")
BOTH = ("YEAR", "SERIAL")
#: Year -> variable of its units, in other years PUMA; and variables whose units are numbered within a state.
UNITS = {1950: "SEA", 1970: "CNTYGP97", 1980: "CNTYGP98"}
WITHIN_STATE = {"CNTYGP98": 1_000_000, "PUMA": 1_000_000}
#: First year whose units are numbered within a state.
NUMBERED_SINCE = 1980
#: What the codebook says of codes; INCEARN has none, so that its codes of nines follow from its width alone.
_LABELS = {
    "EDUC": {0: "N/A or no schooling", 6: "Grade 12", 10: "4 years of college", 99: "Missing"},
    "INCWAGE": {999_998: "Missing", 999_999: "N/A"},
    "INCTOT": {0: "None", 1: "$1 or break even", 9_999_998: "Unknown", 9_999_999: "N/A"},
}
_BATCH = 200_000


@dataclass(frozen=True)
class CensusEconomy:
    """What the persons are drawn from: the economy, and the units of each zone, ``unit, zone, weight`` (sums to one by unit)
    with ``part``, the part of the zone's persons who live in the unit.
    """

    economy: Economy
    units: pd.DataFrame


def census_economy(config: Config, states: pd.Series) -> CensusEconomy:
    """The economy of ``data.synthetic`` and its units: two of its own for each zone, and one for each pair of neighbours by
    number in which a tenth of both live.
    """
    economy = synthetic_economy(config, states)
    zones = np.sort(economy.controls["zone"].unique())
    base = economy.controls["year"].min()
    people = economy.controls[economy.controls["year"] == base].set_index("zone")["population"]
    rows = []
    for number, zone in enumerate(zones):
        shared = number // 2 if number < 2 * (len(zones) // 2) else None
        own = 1.0 if shared is None else 0.9
        rows += [(2 * number + 1, zone, own * 0.6), (2 * number + 2, zone, own * 0.4)]
        if shared is not None:
            rows.append((100_000 + shared, zone, 0.1))
    units = pd.DataFrame(rows, columns=["unit", "zone", "part"])
    size = units["part"] * people.loc[units["zone"]].to_numpy()
    units["weight"] = size / size.groupby(units["unit"]).transform("sum")
    return CensusEconomy(economy, units)


def persons(config: Config, census: CensusEconomy, count: int, topcode: bool = True) -> Iterator[pd.DataFrame]:
    """About ``count`` persons in pieces, in the columns of :data:`LAYOUT`, years in order. ``topcode``: as the samples are."""
    controls = census.economy.controls
    years = sorted(controls["year"].unique())
    settings = config.data.microdata
    codes = industry_codes(settings.codes, "IND1990")
    first = codes[codes["industry"] != LEFT_OUT].groupby("industry")["first"].min()
    prices = price_factors(config, [*(year - 1 for year in years), 2020])
    for year in years:
        rng = np.random.default_rng([config.run.seed, 201, int(year)])
        own = controls[controls["year"] == year].set_index("zone").sort_index()
        number = rng.multinomial(count // len(years), own["population"] / own["population"].sum())
        serial, lost = 0, _nowhere(own, number)
        step = max(1, int(_BATCH / max(number.mean(), 1)))
        for start in range(0, len(own), step):
            here = slice(start, start + step)
            frame = _people(rng, census, own.iloc[here], number[here], int(year), first)
            nominal = np.floor(frame["INCWAGE"] * prices[2020] / prices[year - 1]).clip(0, LARGEST)
            frame["INCWAGE"] = np.where(frame["EMPSTAT"] == 1, nominal, 999_999)
            top = settings.topcodes.get(str(year)) if topcode else None
            if top is not None:
                working = frame["EMPSTAT"] == 1
                frame.loc[working, "INCWAGE"] = frame.loc[working, "INCWAGE"].clip(upper=top)
            frame["SERIAL"] = serial + np.arange(1, len(frame) + 1)
            serial += len(frame)
            _earnings(frame, rng, int(year))
            _ask(frame, rng, int(year))
            before = int(number[start : lost[0]].sum()) if start <= lost[0] < start + step else len(frame)
            frame.loc[frame.index[before : before + lost[1]], "UNIT"] = NOWHERE
            _place(frame, int(year))
            yield frame[[name for name, _, _ in LAYOUT]]


def _earnings(frame: pd.DataFrame, rng, year: int) -> None:
    """Earnings and total income, with losses, and no answers."""
    working, wage = frame["EMPSTAT"] == 1, frame["INCWAGE"]
    loss = np.floor(rng.uniform(size=len(frame)) * 3 * wage).where(working & (rng.uniform(size=len(frame)) < LOSING), 0.0)
    net = wage - loss
    net = net.clip(lower=BOTTOM.get(year, -19_998))
    frame["INCEARN"] = net.where(working, 0.0)
    frame["INCTOT"] = net.where(working, 9_999_999)
    silent = working & (rng.uniform(size=len(frame)) < SILENT)
    for name, code in (("INCWAGE", 999_998), ("INCEARN", 9_999_998), ("INCTOT", 9_999_998)):
        frame.loc[silent, name] = code
    frame.loc[silent, "EDUC"] = 99


def _ask(frame: pd.DataFrame, rng, year: int) -> None:
    """Weights of those who were asked income and education, and no answers of the others; blank where all were."""
    frame["SLWT"] = np.nan
    if year == 1950:
        asked = rng.uniform(size=len(frame)) < ON_LINE
        frame["SLWT"] = (frame["PERWT"] / ON_LINE).round(2).where(asked, 0.0)
        frame.loc[~asked, "EDUC"] = 0
        for name, code in (("INCWAGE", 999_999), ("INCEARN", 9_999_999), ("INCTOT", 9_999_999)):
            frame.loc[~asked, name] = code


def _place(frame: pd.DataFrame, year: int) -> None:
    """The unit in the column of the year's sample; the other columns are blank."""
    for name in ("SEA", "CNTYGP97", "CNTYGP98", "PUMA"):
        frame[name] = frame["UNIT"].astype(float) if name == UNITS.get(year, "PUMA") else np.nan


def _nowhere(own: pd.DataFrame, number: np.ndarray) -> tuple[int, int]:
    """Position of a zone and how many of its persons are nowhere: the smallest one of the state where that is largest."""
    drawn = pd.Series(number, own.index)
    zone = drawn[own["state"] == drawn.groupby(own["state"]).min().idxmax()].idxmin()
    of_year, of_zone = NOWHERE_PARTS
    return int(own.index.get_loc(zone)), int(min(of_year * drawn.sum(), of_zone * drawn[zone]))


def _people(rng, census: CensusEconomy, own: pd.DataFrame, number: np.ndarray, year: int, codes: pd.Series) -> pd.DataFrame:
    """Persons of some zones of one year, incomes in dollars of 2020."""
    industry = census.economy.industry
    rows = industry[(industry["year"] == year) & industry["zone"].isin(own.index)]
    wide = rows.pivot(index=["zone", "industry"], columns="variable", values="share").reset_index()
    total = int(number.sum())
    zone = np.repeat(np.arange(len(own)), number)
    working = rng.uniform(size=total) < EMPLOYED
    names = np.array(sorted(wide["industry"].unique()))
    jobs = wide.pivot(index="zone", columns="industry", values="employment").loc[own.index, names].to_numpy()
    income = wide.pivot(index="zone", columns="industry", values="income").loc[own.index, names].to_numpy()
    job = (rng.uniform(size=total)[:, None] > np.cumsum(jobs, axis=1)[zone]).sum(axis=1).clip(0, len(names) - 1)
    mean = np.exp(own["log_income"].to_numpy())[:, None] / EMPLOYED * income / np.maximum(jobs, 1e-12)
    pareto = (ALPHA - 1) / ALPHA * (1 - rng.uniform(size=total)) ** (-1 / ALPHA)
    old = own["old_age_dependency"].to_numpy() / 100
    young = 0.25
    aged = old / (1 + old) * (1 - young)
    draw, group = rng.uniform(size=total), rng.uniform(size=total)
    # Of those who do not work: children, the old, and the rest of working age, so that dependency is as in the economy.
    child, elder = young / (1 - EMPLOYED), aged[zone] / (1 - EMPLOYED)
    idle = np.where(group < child, 14 * draw, np.where(group < child + elder, 65 + 25 * draw, 15 + 50 * draw))
    age = np.where(working, 15 + 46 * draw, idle)
    units = census.units[census.units["zone"].isin(own.index)]
    return pd.DataFrame(
        {
            "YEAR": year,
            "PERNUM": 1,
            "PERWT": round(1e9 * float(own["population"].sum()) / max(total, 1), 2),
            "STATEFIP": own["state"].to_numpy()[zone],
            "UNIT": _unit(rng, units, own.index.to_numpy()[zone]),
            "AGE": np.floor(age),
            "SEX": 1 + (rng.uniform(size=total) < own["female_labor_share"].to_numpy()[zone]),
            "EDUC": np.where(rng.uniform(size=total) < own["high_skill_share"].to_numpy()[zone], 10, 6),
            "EMPSTAT": np.where(working, 1, 3),
            "IND1990": np.where(working, codes.loc[names].to_numpy()[job], 0),
            "INCWAGE": mean[zone, job] * pareto,
        }
    )


def _unit(rng, units: pd.DataFrame, zone: np.ndarray) -> np.ndarray:
    """A unit of each person's zone, by the units' parts of it."""
    draw = rng.uniform(size=len(zone))
    found = np.zeros(len(zone), "int64")
    for name, own in units.groupby("zone"):
        here = zone == name
        edges = np.cumsum(own["part"].to_numpy())[:-1]
        found[here] = own["unit"].to_numpy()[np.searchsorted(edges, draw[here])]
    return found


def write_census_files(config: Config, folder: Path, count: int, csv: bool = False, hierarchical: bool = False) -> list[Path]:
    """Write an extract of about ``count`` persons with its codebook, allocation tables, crosswalk and ``microdata.yaml``, which
    names them in the form of a configuration; ``csv`` instead of fixed width; ``hierarchical``: households and persons
    have records of their own. Returns the paths.
    """
    folder, name = Path(folder), "usa.csv.gz" if csv else "usa.dat.gz"
    zone_of, states = zones_on_map(config)
    census = census_economy(config, states)
    _write_extract(config, census, folder / name, count, csv, hierarchical)
    codes = [geography.RECODES.get(int(code), int(code)) for code in zone_of.index]
    crosswalk = pd.DataFrame({"County FIPS Code": codes, "CZ90": zone_of.to_numpy()}).drop_duplicates("County FIPS Code")
    texts = {
        "usa.xml": codebook(name, LAYOUT, hierarchical),
        "units.csv": census.units[["unit", "zone", "weight"]].to_csv(index=False),
        "units_state.csv": _numbered(census).to_csv(index=False),
        "counties.csv": crosswalk.to_csv(index=False),
        "microdata.yaml": _configuration(census, folder, name),
    }
    for file, text in texts.items():
        with atomic_path(folder / file) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return [folder / file for file in (name, *texts)]


def _numbered(census: CensusEconomy) -> pd.DataFrame:
    """``unit, zone, weight`` of units that end at the borders of states, whose codes begin with the state."""
    controls = census.economy.controls
    state = controls.drop_duplicates("zone").set_index("zone")["state"]
    people = controls[controls["year"] == controls["year"].min()].set_index("zone")["population"]
    units = census.units.assign(unit=census.units["unit"] + census.units["zone"].map(state) * WITHIN_STATE["PUMA"])
    size = units["part"] * units["zone"].map(people)
    return units.assign(weight=size / size.groupby(units["unit"]).transform("sum"))[["unit", "zone", "weight"]]


def _write_extract(config: Config, census: CensusEconomy, path: Path, count: int, csv: bool, hierarchical: bool) -> None:
    with atomic_path(path) as temporary, gzip.GzipFile(temporary, "wb", mtime=0, compresslevel=1) as binary:
        handle = io.TextIOWrapper(binary, encoding="ascii", newline="")
        if csv:
            names = [column for column, _, _ in LAYOUT]
            handle.write(",".join(["RECTYPE", *names] if hierarchical else names) + "\n")
        for frame in persons(config, census, count):
            if csv:
                frame = _records(frame) if hierarchical else frame
                handle.write(_whole(frame).to_csv(index=False, header=False, lineterminator="\n"))
            else:
                handle.write(_lines(frame, hierarchical))
        handle.flush()
        handle.detach()


def _whole(frame: pd.DataFrame) -> pd.DataFrame:
    """Whole numbers without a point, also in columns that are blank in part."""
    return frame.astype({name: "Int64" for name, _, decimals in LAYOUT if not decimals})


def _records(frame: pd.DataFrame) -> pd.DataFrame:
    """Two rows for each person: the household's, then its own, blank where the other one has a variable."""
    own = [name for name, _, _ in LAYOUT if name not in (*BOTH, *HOUSEHOLD)]
    house = frame.assign(**dict.fromkeys(own, np.nan)).assign(RECTYPE="H")
    person = frame.assign(**dict.fromkeys(HOUSEHOLD, np.nan)).assign(RECTYPE="P")
    both = pd.concat([house, person]).sort_index(kind="stable")
    return both[["RECTYPE", *frame.columns]]


def _lines(frame: pd.DataFrame, hierarchical: bool) -> str:
    """Lines of fixed width; in a hierarchical extract those of households are shorter."""
    if not hierarchical:
        return "".join(f"{line}\n" for line in _fixed(frame, LAYOUT))
    layouts = [[row for row in LAYOUT if (row[0] in HOUSEHOLD) == house or row[0] in BOTH] for house in (True, False)]
    houses, members = (_fixed(frame, own) for own in layouts)
    return "".join(f"H{house}\nP{member}\n" for house, member in zip(houses, members, strict=True))


def _configuration(census: CensusEconomy, folder: Path, name: str) -> str:
    unit = {"unit": "unit", "zone": "zone", "weight": "weight"}
    places = {}
    # A mapping of its own for each year: YAML would write a shared one as a reference.
    for year in sorted(int(year) for year in census.economy.controls["year"].unique()):
        variable = UNITS.get(year, "PUMA")
        if year >= NUMBERED_SINCE:
            columns = {"STATEFIP": WITHIN_STATE[variable], variable: 1}
            places[year] = {"columns": columns, "file": "units_state.csv", **unit}
        else:
            places[year] = {"columns": {variable: 1}, "file": "units.csv", **unit}
    section = {"extract": name, "codebook": "usa.xml", "geography": places}
    data = {"source": "microdata", "directory": str(folder), "crosswalk": "counties.csv", "microdata": section}
    return yaml.safe_dump({"data": data}, sort_keys=False)


def _fixed(frame: pd.DataFrame, layout: Sequence[tuple[str, int, int]]) -> list[str]:
    """Lines of fixed width, zeros in front, spaces where nothing is known; implied decimals are multiplied out."""
    columns = []
    for name, width, decimals in layout:
        values = frame[name].to_numpy(float) * 10**decimals
        known, blank = np.isfinite(values), " " * width
        whole = np.where(known, values, 0).round().astype("int64").tolist()
        columns.append([f"{v:0{width}d}" if k else blank for v, k in zip(whole, known.tolist(), strict=True)])
    return ["".join(fields) for fields in zip(*columns, strict=True)]


def codebook(name: str, layout: Sequence[tuple[str, int, int]] = LAYOUT, hierarchical: bool = False) -> str:
    """A DDI codebook with what readers of IPUMS extracts look for."""
    variables = [_variable("RECTYPE", 1, 1, 0, "H P", "character")] if hierarchical else []
    ends = dict.fromkeys("HP", len(variables))
    for column, width, decimals in sorted(layout, key=lambda row: hierarchical and row[0] not in BOTH):
        record = "H P" if column in BOTH else "H" if hierarchical and column in HOUSEHOLD else "P"
        variables.append(_variable(column, ends[record[-1]] + 1, width, decimals, record if hierarchical else "", "numeric"))
        for own in record.split():
            ends[own] += width
    groups = '<recGrp keyvar="SERIAL" recidvar="RECTYPE" rectype="P"/><recGrp recidvar="RECTYPE" rectype="H"/>'
    structure = f'<fileStrc type="hierarchical">{groups}</fileStrc>' if hierarchical else '<fileStrc type="rectangular"/>'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<codeBook xmlns="ddi:codebook:2_5" version="2.5">'
        "<stdyDscr><citation><titlStmt><titl>Synthetic extract</titl></titlStmt>"
        '<serStmt><serName abbr="usa">synthetic economy</serName><serInfo>not evidence</serInfo></serStmt></citation>'
        "<dataAccs><useStmt><conditions>none</conditions><citReq>synthetic economy</citReq></useStmt></dataAccs></stdyDscr>"
        f'<fileDscr ID="F1"><fileTxt><fileName>{escape(name)}</fileName><fileCont>persons</fileCont>'
        f'{structure}<fileType charset="ISO-8859-1"/><format>fixed length fields</format>'
        f"<filePlac>none</filePlac></fileTxt></fileDscr><dataDscr>{''.join(variables)}</dataDscr></codeBook>\n"
    )


def _variable(name: str, start: int, width: int, decimals: int, record: str, form: str) -> str:
    codes = "".join(
        f"<catgry><catValu>{code:0{width}d}</catValu><labl>{escape(label)}</labl></catgry>"
        for code, label in _LABELS.get(name, {}).items()
        if code < 10**width
    )
    kind = f' rectype="{record}"' if record else ""
    return (
        f'<var ID="{name}" name="{name}" files="F1" dcml="{decimals}" intrvl="contin"{kind}>'
        f'<location fileid="F1" StartPos="{start}" EndPos="{start + width - 1}" width="{width}"/>'
        f"<labl>{name}</labl><txt>{name}</txt>{codes}<concept>person</concept>"
        f'<varFormat type="{form}" schema="other"/></var>'
    )
