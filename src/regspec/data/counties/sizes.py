"""Establishments by size class: bounds of employment, and mean employment of a class."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import lsq_linear

#: Size classes of the published layout: column, smallest and largest employment of an establishment.
CLASSES = {
    "n1_4": (0, 4),
    "n5_9": (5, 9),
    "n10_19": (10, 19),
    "n20_49": (20, 49),
    "n50_99": (50, 99),
    "n100_249": (100, 249),
    "n250_499": (250, 499),
    "n500_999": (500, 999),
    "n1000_1": (1000, 1499),
    "n1000_2": (1500, 2499),
    "n1000_3": (2500, 4999),
    "n1000_4": (5000, np.inf),
    "n1000": (1000, np.inf),
}
LOW, HIGH = np.array(list(CLASSES.values()), dtype=float).T
#: Employment of the flags that stand for a withheld number.
FLAGS = {
    "A": (0, 19),
    "B": (20, 99),
    "C": (100, 249),
    "E": (250, 499),
    "F": (500, 999),
    "G": (1000, 2499),
    "H": (2500, 4999),
    "I": (5000, 9999),
    "J": (10000, 24999),
    "K": (25000, 49999),
    "L": (50000, 99999),
    "M": (100000, np.inf),
}
_LARGEST = 20_000.0  # bound on the mean of an open class
_PRIOR = 1.0  # weight of the geometric middle of a class, in establishments


def size_bounds(counts: np.ndarray, establishments: np.ndarray, flags: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest employment of each row, from its size classes (n x 13, NaN: not published) and its flag.

    Establishments of unpublished classes may have any number. Noise can put the classes outside
    the flag's interval: then the flag counts.
    """
    known = np.nan_to_num(counts)
    hidden = np.maximum(establishments - known.sum(axis=1), 0.0)
    low = known @ LOW
    high = np.where(hidden > 0, np.inf, (known * np.where(known > 0, HIGH, 0.0)).sum(axis=1))
    interval = np.array([FLAGS.get(flag, (0.0, np.inf)) for flag in flags], dtype=float).reshape(-1, 2)
    lower, upper = np.maximum(low, interval[:, 0]), np.minimum(high, interval[:, 1])
    apart = lower > upper
    return np.where(apart, interval[:, 0], lower), np.where(apart, interval[:, 1], upper)


def class_means(counts: np.ndarray, employment: np.ndarray) -> np.ndarray:
    """Mean employment of an establishment in each class (13), from published rows: counts n x 13, employment n.

    Least squares weighted by 1/employment, each mean within its class; the geometric middle of the class enters as one more
    establishment, which decides for classes that no row has.
    """
    weight = 1 / np.maximum(employment, 1.0)
    middle = np.sqrt(np.maximum(LOW, 1.0) * np.minimum(HIGH, _LARGEST))
    prior = np.diag(np.full(len(LOW), _PRIOR) / middle)
    gram = (counts * weight[:, None]).T @ counts + prior
    moment = (counts * weight[:, None]).T @ employment + prior @ middle
    root = np.linalg.cholesky(gram).T
    target = np.linalg.solve(root.T, moment)
    return lsq_linear(root, target, (np.maximum(LOW, 1.0), np.minimum(HIGH, _LARGEST)), method="bvls", tol=1e-12).x
