"""Settings have ranges: what is out of them is refused, and the message says what was expected."""

from math import inf
from numbers import Real
from typing import Any


def is_number(value: Any, low: float = 0, high: float = 1) -> bool:
    """Whether something is a number in a range: no NaN, no text, no bool."""
    return isinstance(value, Real) and not isinstance(value, bool) and low <= float(value) <= high


def check_range(name: str, value: Any, low: float, below: float = inf, *, remedy: str = "") -> None:
    """RAISES ValueError: If a setting is not a number that is at least `low`, and below the other one."""
    if not is_number(value, low, below) or value == below:
        limit = f" and below {below}" if below < inf else ""
        raise ValueError(f"{name} must be at least {low}{limit}, but is {value!r}{remedy}")
