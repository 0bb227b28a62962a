"""Read JSON: arrays, JSON Lines, and arrays inside an object."""

import json
import re
from collections.abc import Iterator
from typing import Any

from ..errors import UserError
from .exports import is_record, read_records
from .options import Options
from .records import Content, Records
from .report import Report

_DECODER = json.JSONDecoder()
# An escape of half of a surrogate pair, such as \ud83d in \ud83d\ude00
_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
# White space, and the beginning of an array of objects or arrays
_START = re.compile(r"\s*(\[\s*(?=[\[{]))?")


def read_json(content: Content, options: Options) -> tuple[Records, Report]:
    """Read an export in JSON or JSON Lines. The records of an array are decoded one by one.

    RAISES UserError: If the file is not JSON, or not a known export.
    """
    return read_records(_iterate(content, options), content.name, options)


def _iterate(content: Content, options: Options) -> Iterator[tuple[int, Any]]:
    """Yield the records with their lines, or with their numbers if several are on one line."""
    number = 0
    is_one_line = "\n" not in content.text.strip()
    for line, value in decode_values(content):
        records = [_as_record(value)]
        if number == 0:  # the first value shows whether the values are records or contain them
            are_records = is_record(records[0], options)
        if not are_records:
            records = _find_records(value, options) or records
        for record in records:
            number += 1
            yield (number if is_one_line or len(records) > 1 else line), record


def decode_values(content: Content) -> Iterator[tuple[int, Any]]:
    """Yield each value of JSON Lines, or each object or array in an array, with its line.

    RAISES UserError: If a value is not JSON, or the array does not end.
    """
    text = content.text
    start = _START.match(text)
    position = start.end() if start else 0
    ending = re.compile(r"\s*(,|\]\s*\Z)\s*" if start and start[1] else r"\s*")
    line = 1 + text.count("\n", 0, position)
    while position < len(text):
        begin = position
        try:
            value, position = _DECODER.raw_decode(text, begin)
            match = ending.match(text, position)
            if match is None:
                raise ValueError("expected a comma, or ] at the end")
            if _HALF_PAIR.search(text, begin, position):
                # An error if the other half is missing
                json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise UserError(
                f"{content.name}, line {line}: this is not JSON ({error}). Expected a JSON array, "
                "or JSON Lines with a whole record on each line."
            ) from error
        position = match.end()
        yield line, value
        line += text.count("\n", begin, position)


def _find_records(value: Any, options: Options) -> list[Any]:
    """Return [value] if the value is a record, and otherwise the records in arrays inside it."""
    value = _as_record(value)
    if is_record(value, options):
        return [value]
    records = []
    for member in value.values() if isinstance(value, dict) else ():
        elements = member if isinstance(member, list) else [member]
        records_of_elements = [_find_records(element, options) for element in elements]
        if any(records_of_elements):
            for element, found_records in zip(elements, records_of_elements, strict=True):
                records += found_records or [element]
    return records


def _as_record(value: Any) -> Any:
    """Return an array such as [text, {"entities": []}] as an object."""
    match value:
        case [str(text), dict(members)]:
            return {"text": text, **members}
        case [str(text), [] | [[*_] | {}, *_] as entities]:
            return {"text": text, "entities": entities}
    return value
