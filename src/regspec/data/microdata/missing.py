"""Codes that mean that a value is not known: as the codebook says, and of nines as wide as the variable."""

from __future__ import annotations

import re
import xml.etree.ElementTree as xml
from collections.abc import Mapping
from pathlib import Path

from ipumspy.ddi import Codebook

from regspec.errors import DataError

#: Labels of such codes. A label of alternatives ("N/A or no schooling") must say so in each.
_SAYS = re.compile(
    r"\bN\.?\s?/?\s?A\b|\bN\.?I\.?U\b|\bmissing|"
    r"\bnot (in universe|applicable|reported|ascertained|available|asked|known|stated|identified)|"
    r"\bunknown|\billegible|\bno (answer|response)|\brefused",
    re.IGNORECASE,
)
#: A code and its meaning in the text of a codebook: ``9999999 = N/A``.
_LINE = re.compile(r"(?<![\d.,$])(-?\d+)\s*=\s*([^\n<]+)")


def labels(path: Path) -> dict[str, dict[int, str]]:
    """Variable -> code -> what it means, from the categories and the text on codes of a DDI codebook.

    The parsed codebook has labels as keys, so that of two codes "Missing" one would be lost.
    """
    found: dict[str, dict[int, str]] = {}
    for variable in xml.parse(path).getroot().findall(".//{*}var"):
        own = found.setdefault(variable.get("name", ""), {})
        for text in variable.findall("{*}codInstr"):
            own.update({int(code): label.strip() for code, label in _LINE.findall("".join(text.itertext()))})
        for category in variable.findall("{*}catgry"):
            code, label = category.findtext("{*}catValu", "").strip(), category.findtext("{*}labl", "")
            if re.fullmatch(r"-?\d+", code):
                own[int(code)] = label.strip()
    return found


def says_missing(label: str) -> bool:
    """Whether the label of a code says that the value is not known."""
    return all(_SAYS.search(part) for part in re.split(r"\s+or\s+", label))


def nines(width: int) -> list[int]:
    """Codes of nothing but nines of a variable's width, the last one also an eight: ``[99998, 99999]``."""
    return [10**width - 2, 10**width - 1]


def missing_codes(book: Codebook, named: Mapping[str, Mapping[int, str]], name: str) -> set[int]:
    """Codes of ``name`` that mean no value. Nines count from two digits on, unless the codebook says otherwise."""
    own = named.get(name, {})
    width = _width(book, name)
    found = {code for code, label in own.items() if says_missing(label)}
    return found | {code for code in nines(width) if width > 1 and code not in own}


def income_codes(book: Codebook, named: Mapping[str, Mapping[int, str]], name: str, given: list[int] | None, source: str):
    """Set of codes of an income that is not known: ``given``, or else those of the codebook and the width.

    Raises DataError when ``given`` leaves out one of these, or names an amount.
    """
    found, width = missing_codes(book, named, name), _width(book, name)
    if given is None:
        return found
    what = f"{source}: {name} has {width} digits; its codes of no answer are {', '.join(map(str, sorted(found)))}"
    remedy = "Remedy: set data.microdata.income_missing to these, or to null: it is then read from the codebook."
    forgotten = sorted(found - set(given))
    if forgotten:
        raise DataError(f"{what}.\ndata.microdata.income_missing lacks {forgotten[0]}, which would count as dollars.\n{remedy}")
    for code in given:
        if code in found:
            continue
        label = named.get(name, {}).get(code)
        shorter = any(code in nines(digits) for digits in range(3, width))
        if label or shorter or len(str(code)) > width:
            why = f"the codebook calls it {label!r}" if label else "too long for it" if len(str(code)) > width else "an amount"
            raise DataError(f"{what}.\ndata.microdata.income_missing names {code}, which is none: {why}.\n{remedy}")
    return set(given)


def _width(book: Codebook, name: str) -> int:
    return next(v.end - v.start for v in book.data_description if v.name == name)
