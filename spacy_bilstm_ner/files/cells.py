"""Read cells that have several items: words, tags, or entities with offsets."""

import ast
import json
import re
from collections.abc import Sequence

from .tables import clean

# An item of a list that Python or numpy has written: in quotes, or a plain word
_ITEM = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s,'"\[\]]+""")


def split_list(cell: str) -> list[str]:
    """Return the items of a cell: ['a', 'b'], ['a' 'b'], [a, b] or a b. null becomes ""."""
    if not (cell.startswith("[") and cell.endswith("]")):
        return cell.split()
    try:
        items = json.loads(cell)
    except ValueError:
        items = map(_unquote, _ITEM.findall(cell[1:-1]))
    return [clean("" if item is None else str(item)) for item in items]


def split_tags(cell: str) -> list[str]:
    """Return the tags of a cell: a list as in `split_list`, B-per,O,O or B-per|O|O."""
    return split_list(cell) if cell.startswith("[") else re.findall(r"[^\s,;|]+", cell)


def holds_lists(cells: Sequence[str]) -> bool:
    """Return whether a cell is in brackets, or at least half of the cells have several tags."""
    n_lists = 0
    for cell in cells:
        if cell.startswith(("[", "{")):
            return True
        n_lists += len(split_tags(cell)) > 1
    return 2 * n_lists >= len(cells)


def holds_spans(cells: Sequence[str]) -> bool:
    """Return whether a cell has entities with offsets: [[0, 4, "PER"]] or [{"start": 0, …}]."""
    return any(re.match(r"\[\s*[\[({]|\{", cell) for cell in cells)


def _unquote(item: str) -> str:
    try:
        return str(ast.literal_eval(item)) if item[0] in "'\"" else item
    except (SyntaxError, ValueError):
        return item[1:-1]
