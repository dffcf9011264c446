"""How sure a share is."""

from __future__ import annotations

from scipy.stats import binomtest

from modicum.core.checks import check_fraction
from modicum.core.errors import InputError


def wilson_interval(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Confidence interval of a share from `successes` among n independent rows; 0 to 1 where n is 0.

    Source: "Probable Inference, the Law of Succession, and Statistical Inference" (Wilson 1927).

    Raises:
        InputError: There are more successes than rows, a number is negative, or `level` is not between 0 and 1.

    Example:
        >>> low, high = wilson_interval(8, 10)
        >>> round(low, 3), round(high, 3)
        (0.49, 0.943)
    """
    check_fraction(level, "level")
    if not 0 <= successes <= n:
        raise InputError(f"{successes} successes among {n} rows are not a share; give 0 to n successes")
    if n == 0:
        return 0.0, 1.0
    found = binomtest(int(successes), int(n)).proportion_ci(level, method="wilson")
    return float(found.low), float(found.high)
