"""How commands print Python's warnings: in one line, and each only once."""

import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import printable


@contextmanager
def short_warnings() -> Iterator[None]:
    """Print each warning once.

    Of the warnings with one of spaCy's codes, such as [W030], print the first one, and the number
    of all at the end.
    """
    messages: set[str] = set()
    codes: Counter[str] = Counter()

    def show(message: Warning | str, category: type[Warning], *place: Any) -> None:
        text = str(message)
        code = re.match(r"\[W\d+\]", text)
        if code:
            codes[code[0]] += 1
        is_repeated = codes[code[0]] > 1 if code else text in messages
        if not is_repeated:
            messages.add(text)
            print(printable(f"Warning: {text}"), file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show  # type: ignore[assignment]
        yield
    for code, times in codes.items():
        if times > 1:
            print(f"Warning: spaCy gave the warning {code} {times:,} times.", file=sys.stderr)
