"""Check that settings are numbers within a range."""

from math import inf
from numbers import Real
from typing import Any


def is_number(value: Any, low: float = 0, high: float = 1) -> bool:
    """Return whether a value is a number from low to high. NaN and bools are not."""
    return isinstance(value, Real) and not isinstance(value, bool) and low <= float(value) <= high


def check_range(name: str, value: Any, low: float, below: float = inf, *, remedy: str = "") -> None:
    """Check a setting.

    name (str): The name of the setting, for the message.
    remedy (str): What the user can do, appended to the message.
    RAISES ValueError: If the value is not a number, or not in the range low ≤ value < below.
    """
    if not is_number(value, low, below) or value == below:
        limit = f" and below {below}" if below < inf else ""
        raise ValueError(f"{name} must be at least {low}{limit}, but is {value!r}{remedy}")
