"""Read the cells of a table that have several items: words, tags, or entities with offsets."""

import re
from collections.abc import Sequence

from .records import UNKNOWN
from .schemes import is_tag

# An item of a list that Python or JSON has written: in quotes, null, or a plain word
_ITEM = re.compile(
    r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(\bNone\b|\bnull\b)|([^\s,'"\[\]]+)"""
)
_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\r": "\r"}


def split_list(cell: str) -> list[str]:
    """Return the items of a cell: ['a', 'b'], [a, b] or a b."""
    text = cell.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return text.split()
    items = []
    for single, double, null, plain in _ITEM.findall(text[1:-1]):
        item = single or double or plain
        if "\\" in item:
            item = re.sub(r"\\.", lambda match: _ESCAPES.get(match[0], match[0][1]), item)
        items.append(UNKNOWN if null else item)
    return items


def split_tags(cell: str) -> list[str]:
    """Return the tags of a cell: as `split_list`, and B-per,O,O and B-per|O|O."""
    return split_list(cell) if cell.startswith("[") else re.findall(r"[^\s,;|]+", cell)


def holds_lists(words: Sequence[str], tags: Sequence[str]) -> bool:
    """Return whether the cells of a column of tags have several tags each, or entities."""
    n_several = n_fitting = 0
    for text, cell in zip(words[:1000], tags[:1000], strict=True):
        items = split_tags(cell)
        if len(items) > 1 or cell.startswith("["):
            n_several += 1
            n_fitting += len(items) == len(split_list(text)) or all(map(is_tag, items))
    return holds_spans(tags) or 2 * n_fitting > n_several


def holds_spans(cells: Sequence[str]) -> bool:
    """Return whether cells have entities with offsets: [[0, 4, "PER"]] or [{"start": 0, …}]."""
    lists = [cell for cell in cells if cell.startswith(("[", "{"))]
    filled = [cell for cell in lists if re.match(r"\[\s*[\[({]|\{", cell)]
    return len(lists) == sum(cell != "" for cell in cells) and bool(filled)
