"""The nearest of known names; apart from `regspec.messages`, which loads pandas: the command line must start quickly."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: object, known: Iterable[object], text: str = " Did you mean {!r}?") -> str:
    """``text`` with the nearest of ``known``, or nothing where none is near."""
    near = difflib.get_close_matches(str(word), [str(name) for name in known], n=1, cutoff=0.5)
    return text.format(near[0]) if near else ""
