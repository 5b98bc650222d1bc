"""The registry of exhibits: what a run makes, known from its configuration alone.

One row for each exhibit: the list that a run writes (``exhibits.csv``), the outputs that the rules declare, the modules that
the steps `empirics` and `results` run, and the names of their files all come from here. To add an exhibit, add its row: it
names a module with a function ``write(inputs)`` (:mod:`regspec.empirics.inputs`, :mod:`regspec.results.inputs`).

Names only, without any heavy import, because Snakemake reads them at every start.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from regspec.config.config import Config
from regspec.exhibits.model_parts import channels


@dataclass(frozen=True)
class Exhibit:
    """An exhibit and its files.

    ``deck``: id in the research deck; ``program``: module under ``regspec``; ``tables`` are written as CSV, TeX and HTML,
    ``figures`` as PDF and PNG, ``others`` are names of files. All are relative to the step's folder. ``scenario``: the one
    that the exhibit is about, of those with an exhibit each.
    """

    deck: str
    title: str
    program: str
    tables: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    scenario: str = ""

    @property
    def table(self) -> str:
        """Name of the table. Raises ValueError unless there is just one."""
        (name,) = self.tables
        return name

    @property
    def figure(self) -> str:
        """Name of the figure. Raises ValueError unless there is just one."""
        (name,) = self.figures
        return name

    @property
    def files(self) -> list[str]:
        """Names of all files."""
        tables = [f"{name}.{suffix}" for name in self.tables for suffix in ("csv", "tex", "html")]
        return [*self.others, *tables, *(f"{name}.{suffix}" for name in self.figures for suffix in ("pdf", "png"))]


#: Exhibits of the data alone, relative to the run's folder ``empirics``, in the order in which they are made.
FACTS = (
    Exhibit("D5", "Specialization of every zone and year", "empirics.exhibits.measured", others=("specialization.parquet",)),
    Exhibit("D6", "Industry shares", "empirics.exhibits.national_shares", ("industry_shares",)),
    Exhibit(
        "E6",
        "Specialization over time",
        "empirics.exhibits.over_time",
        ("specialization_over_time",),
        ("specialization_over_time",),
    ),
    Exhibit("E1", "The trade-off: growth and level", "empirics.exhibits.tradeoff", ("fact1",)),
    Exhibit(
        "E1",
        "Binned scatters of the trade-off",
        "empirics.exhibits.scatters",
        figures=("fact1_level", "fact1_growth"),
        others=("fact1_level.csv", "fact1_growth.csv"),
    ),
    Exhibit(
        "E1", "Tradable and non-tradable specialization by definition", "empirics.exhibits.definitions", ("fact1_tradable",)
    ),
    Exhibit("E1", "The trade-off under other assumptions on the errors", "empirics.exhibits.inference", ("fact1_inference",)),
    Exhibit("E2", "The trade-off by measure of specialization", "empirics.exhibits.measures", ("fact1_measures",)),
    Exhibit("E3", "Growth by horizon", "empirics.exhibits.horizons", ("horizons",), ("horizons",)),
    Exhibit("E4", "The trade-off by industry", "empirics.exhibits.by_industry", ("fact1_industries",)),
    Exhibit("E5", "Specialization by level of income", "empirics.exhibits.local_fit", ("local_fit",), ("local_fit",)),
    Exhibit(
        "E5, C2",
        "Movement of zones, and specialization as zones grow",
        "empirics.exhibits.movement",
        ("movement", "within_zone"),
        ("movement",),
    ),
    Exhibit("E7", "Persistence of comparative advantage", "empirics.exhibits.persistence", ("persistence",), ("persistence",)),
    Exhibit("D5, E8", "Robustness of Fact 1", "empirics.exhibits.robustness", ("fact1_grid",), ("fact1_grid",)),
)

#: What is reported when the data have no productivity.
CALIBRATION = Exhibit("P", "Calibration, model and results", "calibration.zones")

#: The list of exhibits (of the empirics in their folder, of all in the run's), and what of them the data do not allow.
LIST = ("exhibits.csv", "exhibits.html", "exhibits.md")
NOT_COMPUTED = "not_computed.csv"

#: Files of the empirics step, relative to its folder.
EMPIRICS = (*(file for exhibit in FACTS for file in exhibit.files), NOT_COMPUTED, *LIST)

#: Tables of the empirics whose numbers are among the deck's claims (C2, C3), relative to the step's folder.
CLAIM_SOURCES = ("within_zone.csv", "persistence.csv")

MULTIPLICITY_EXHIBIT = Exhibit(
    "M5",
    "Several equilibria of a year",
    "studies.multiplicity.run",
    ("multiplicity/multiplicity",),
    ("multiplicity/multiplicity",),
)
#: Files of the step `multiplicity`, relative to the run's folder.
MULTIPLICITY = tuple(MULTIPLICITY_EXHIBIT.files)

THEORY_EXHIBIT = Exhibit(
    "M6", "Prices and productivity: theory checks", "studies.theory.run", ("theory/theory",), ("theory/theory",)
)
INTERNAL_EXHIBIT = Exhibit(
    "P",
    "Internal calibration",
    "studies.internal_calibration.run",
    ("internal_calibration/internal_calibration",),
    others=("internal_calibration/internal_calibration.json",),
)


def response_figure(number: int, industry: str) -> str:
    """Figure of the responses to a shock to the model industry ``industry``, the ``number``-th from one."""
    return f"responses/response_{number}_{re.sub('[^a-z0-9]+', '_', industry.lower()).strip('_')}"


def response_exhibit(config: Config) -> Exhibit:
    """Exhibit of the step `responses`, relative to the run's folder."""
    names = tuple(response_figure(number, name) for number, name in enumerate(config.calibration.industries, 1))
    return Exhibit("Q3", "Responses to a shock to one industry", "studies.responses.run", ("responses/responses",), names)


#: Tables of the step `planner`; the first has a row for each zone and all numbers of the step in its CSV.
PLANNER_TABLES = tuple(
    f"planner/{name}" for name in ("externalities", "rules", "long_run_taxes", "taxes_by_state", "efficient_portfolio")
)
PLANNER_EXHIBIT = Exhibit(
    "M8, M9, Q5",
    "Externalities, long-run taxes, simple rules and efficient portfolio of the planner",
    "studies.planner.run",
    PLANNER_TABLES,
    ("planner/planner", PLANNER_TABLES[-1]),
)


def on_request(config: Config) -> dict[str, Exhibit]:
    """Exhibits that a run makes when asked for, by their step, which is a target, too; relative to the run's folder."""
    return {
        "responses": response_exhibit(config),
        "planner": PLANNER_EXHIBIT,
        "theory": THEORY_EXHIBIT,
        "internal_calibration": INTERNAL_EXHIBIT,
        "multiplicity": MULTIPLICITY_EXHIBIT,
    }


#: Exhibits of the county files, relative to the run's folder.
COUNTY_TABLES, COUNTY_GINI, COUNTY_INCOME = (f"empirics/county_{name}" for name in ("tables", "gini", "income"))


def county_exhibits(config: Config) -> list[Exhibit]:
    """Exhibits of the step `counties`, relative to the run's folder; none when no county files are named."""
    section = config.data.counties
    if not section.tables:
        return []
    data = (*(f"data/{name}.parquet" for name in section.tables), "data/counties.json")
    rows = [
        Exhibit("D3, D4", "County files as tables of zones", "empirics.counties", others=data),
        Exhibit("D3, D4", "Coverage of the county files", "empirics.exhibits.counties", (COUNTY_TABLES,)),
    ]
    if "business" in section.tables:
        title, program = "Specialization in county files", "empirics.exhibits.counties"
        rows.append(Exhibit("D3, D5", title, program, (), (COUNTY_GINI,), (f"{COUNTY_GINI}.csv",)))
    if section.income.windows:
        rows.append(Exhibit("E1", "Growth of personal income", "empirics.exhibits.counties", (COUNTY_INCOME,)))
    return rows


def counties(config: Config) -> list[str]:
    """Files of the step `counties`, relative to the run's folder; none when no county files are named."""
    return [file for exhibit in county_exhibits(config) for file in exhibit.files]


def friction_horizons(config: Config) -> list[int]:
    """Horizons in years of the friction decomposition that end within the simulated years (deck Q2)."""
    start, last = config.empirics.base_year, config.calibration.last_year
    return [h for h in config.results.friction_horizons if start + h <= last]


def alternatives(config: Config) -> list[str]:
    """Scenarios that are compared with the baseline, in order; none without a horizon to compare at."""
    return [name for name in config.scenarios if name != config.baseline and friction_horizons(config)]


def has_planner(config: Config) -> bool:
    """Whether any scenario asks for the planner."""
    return any(scenario.planner for scenario in config.scenarios.values())


def model_exhibits(config: Config) -> list[Exhibit]:
    """Exhibits of the results step in the order in which they are made, relative to the run's folder; the summary is last."""
    rows = [_model("C1-C5", "The deck's claims beside this run's numbers", "claims", "claims", None)]
    rows.append(_model("Q1", "Data and model: level and growth on specialization", "tradeoff", "tradeoff", "tradeoff"))
    for name in alternatives(config):
        title, friction = f"Share of the growth effect that goes with the friction: {name}", f"friction_{name}"
        rows.append(_model("Q2", title, "friction", friction, friction, scenario=name))
    if friction_horizons(config) and channels(config):
        title = "Slopes on specialization by part of the model"
        rows.append(_model("Q1, Q2", title, "decomposition", "decomposition", "decomposition"))
    if friction_horizons(config):
        title = "Growth with immobile and with freely mobile capital"
        rows.append(_model("Q2", title, "mobility", "mobility", "mobility"))
    efficient = "efficient_specialization"
    rows.append(_model("Q4", "Efficient specialization", "efficient", efficient, efficient))
    rows.append(_model("Q5", "Map of efficient specialization", "efficient_map", None, f"{efficient}_map"))
    rows.append(
        _model(
            "Q5",
            "Industries that gain and lose under the planner",
            "industries",
            "efficient_industries",
            "efficient_industries",
        )
    )
    rows.append(_model("M4, M7", "Accuracy of the solutions", "accuracy", "accuracy", None))
    if has_planner(config):
        rows.append(_model("M9, C5", "Welfare gains of the planner", "welfare", "welfare", "welfare"))
        rows.append(_model("Q6", "Map of welfare gains", "welfare_map", None, "welfare_map"))
        rows.append(_model("M9", "Welfare gains by normalization of utility", "normalization", "welfare_normalization", None))
        rows.append(_model("M8", "Taxes along the path", "taxes", "taxes", "taxes"))
        rows.append(
            _model("Q4", "The planner's path and trade-off beside the market's", "transition", "transition", "transition")
        )
    return [*rows, Exhibit("C1-C5", "Headline numbers", "results.summary", others=("summary.json",))]


def _model(deck: str, title: str, program: str, table: str | None, figure: str | None, scenario: str = "") -> Exhibit:
    tables = () if table is None else (f"tables/{table}",)
    figures = () if figure is None else (f"figures/{figure}",)
    return Exhibit(deck, title, f"results.{program}", tables, figures, scenario=scenario)


def sweep_exhibit(name: str) -> Exhibit:
    """The sweep ``name``, relative to its folder."""
    return Exhibit("P, Q2", f"Sweep {name}", "studies.sweeps.run", (name,), (name,), ("paths.parquet", "solutions.parquet"))


def sweep(name: str) -> list[str]:
    """Files of the sweep ``name``, relative to its folder."""
    return sweep_exhibit(name).files


def results(config: Config) -> list[str]:
    """Files of the results step, relative to the run's folder."""
    return [file for exhibit in model_exhibits(config) for file in exhibit.files]
