"""Check that settings are numbers within a range."""

from math import inf
from numbers import Real
from typing import Any


def check_range(name: str, value: Any, low: float, high: float = inf, *, remedy: str = "") -> None:
    """Check a setting.

    name (str): The name of the setting, for the message.
    remedy (str): What the user can do, appended to the message.
    RAISES ValueError: If the value is not a number from low to high.
    """
    if not isinstance(value, Real) or not low <= float(value) <= high:
        limit = f" and at most {high}" if high < inf else ""
        raise ValueError(f"{name} must be at least {low}{limit}, but is {value!r}{remedy}")
