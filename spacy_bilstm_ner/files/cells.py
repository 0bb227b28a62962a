"""Read cells that have several items: words, tags or entities."""

import ast
import json
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from .tables import clean

# An item of a list as Python or numpy writes it: in quotation marks or without
_ITEM = re.compile(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|([^\s,\[\]]+)""")

# A list of words or tags in brackets. A text such as "[1] Mira left [2]" is not a list.
LIST = re.compile(r"""\[\s*(['"].*|[^\[\]]*)\]""", re.DOTALL)


def parse(text: str) -> Any:
    """Return the value that is written as JSON or Python in a cell of a table.

    RAISES ValueError, TypeError or RecursionError: If the text is neither.
    """
    for load in (json.loads, ast.literal_eval):
        with suppress(SyntaxError, ValueError):
            return json.loads(json.dumps(load(text or "[]")))  # tuples become lists
    raise ValueError(f"{text[:60]!r} is neither JSON nor a Python list")


def split_list(cell: str, pattern: str = r"\S+") -> list[str]:
    """Return the items of a cell, such as `["a", "b"]`, `['a', 'b']`, `['a' 'b']` (numpy) or `a b`.

    The item `null` becomes "".

    pattern (str): What an item looks like in a cell that is not a list in brackets.
    """
    if not LIST.fullmatch(cell):
        return re.findall(pattern, cell)
    try:
        items = json.loads(cell)
    except (ValueError, RecursionError):
        items = []
        for quoted, bare in _ITEM.findall(cell):
            with suppress(SyntaxError, ValueError):
                items.append(ast.literal_eval(quoted) if quoted else bare)
    return [clean("" if item is None else str(item)) for item in items]


def split_tags(cell: str) -> list[str]:
    """Return the tags of a cell: a list as in `split_list`, `B-per,O,O` or `B-per|O|O`."""
    return split_list(cell, r"[^\s,;|]+")


def holds_lists(cells: Sequence[str]) -> bool:
    """Return whether a cell begins with a bracket, or at least half the cells have several tags."""
    n_lists = 0
    for cell in cells:
        if cell.startswith(("[", "{")):
            return True
        n_lists += len(split_tags(cell)) > 1
    return 2 * n_lists >= len(cells)


def holds_spans(cells: Sequence[str]) -> bool:
    """Return whether a cell has entities: [[0, 4, "PER"]], [{"start": 0, …}] or {"PER": […]}."""
    return any(re.match(r"\[\s*[\[({]|\{", cell) for cell in cells)
