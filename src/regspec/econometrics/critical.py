"""Critical values of intervals."""

from __future__ import annotations

import numpy as np
from scipy.stats import t as student


def critical_value(confidence: float, freedom=np.inf):
    """Two-sided, of Student's t with ``freedom`` degrees (a number or an array), of the normal law if infinite."""
    return student.ppf((1 + confidence) / 2, freedom)
