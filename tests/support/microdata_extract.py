"""Small synthetic extracts for the tests of microdata, and how to damage them."""

import gzip

import numpy as np
import yaml

from regspec.config.config import Config
from regspec.data.synthetic.raw_census import LAYOUT

ENDS = np.cumsum([width for _, width, _ in LAYOUT])
#: Where each variable is in a line of a rectangular extract.
AT = {name: slice(int(end) - width, int(end)) for (name, width, _), end in zip(LAYOUT, ENDS, strict=True)}


def economy(zones, years=(1950, 1980, 2020)):
    """A configuration of the synthetic economy."""
    return Config.model_validate({"data": {"synthetic": {"zones": zones, "years": list(years)}}})


def config(folder, **changes):
    """The configuration that the extract in ``folder`` came with; ``changes``: keys of ``data.microdata``."""
    data = yaml.safe_load((folder / "microdata.yaml").read_text(encoding="utf-8"))["data"]
    data["directory"] = str(folder)
    data["microdata"] |= changes
    return Config.model_validate({"data": data})


def lines(folder):
    """Lines of the extract of fixed width."""
    with gzip.open(folder / "usa.dat.gz", "rt") as handle:
        return handle.read().splitlines()


def put(row, name, text):
    """A line with another text in a field."""
    at = AT[name]
    return row[: at.start] + text.rjust(at.stop - at.start) + row[at.stop :]


def rewrite(folder, rows):
    """Write the lines instead of the extract's."""
    with gzip.open(folder / "usa.dat.gz", "wt") as handle:
        handle.write("\n".join(rows) + "\n")
