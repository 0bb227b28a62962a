"""Read JSON: arrays, JSON Lines, and arrays inside an object."""

import json
import re
from collections.abc import Iterator
from typing import Any

from ..errors import UserError
from .exports import Records, is_record, read_records
from .options import Options
from .records import Content
from .report import Report

_DECODER = json.JSONDecoder()
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"[ \t\r\n]*")
_ARRAY_OF_RECORDS = re.compile(r"\[[ \t\r\n]*[\[{]")


def read_json(content: Content, options: Options) -> tuple[Records, Report]:
    """Read an export in JSON or JSON Lines. Of a large array, one record is decoded at a time.

    RAISES UserError: If the file is no JSON or no known export.
    """
    records = _iterate(Scanner(content.text, content.name), options)
    return read_records(records, content.name, options)


class Scanner:
    """Decode JSON value by value.

    text (str): The file.
    name (str): Name of the file in messages.
    """

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.position = 0
        self.may_have_surrogates = re.search(r"\\u[dD][89a-fA-F]", text) is not None

    def peek(self) -> str:
        """Return the next character that is no white space; "" at the end."""
        match = _SPACE.match(self.text, self.position)
        self.position = match.end() if match else self.position
        return self.text[self.position : self.position + 1]

    def is_at_array(self) -> bool:
        """Return whether an array of objects or arrays begins here."""
        return self.peek() == "[" and _ARRAY_OF_RECORDS.match(self.text, self.position) is not None

    def decode(self) -> Any:
        """Return the value that begins here, and move behind it."""
        self.peek()
        try:
            value, self.position = _DECODER.raw_decode(self.text, self.position)
        except json.JSONDecodeError as error:
            raise self.make_error(error.msg, error.pos) from error
        except (RecursionError, ValueError) as error:
            raise self.make_error(
                "lists are nested too deeply or a number is too long", self.position
            ) from error
        if self.may_have_surrogates and _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
            raise self.make_error("a text has half a character, a surrogate", self.position)
        return value

    def skip(self, character: str) -> None:
        """Move behind a character."""
        if self.peek() != character:
            raise self.make_error(f"Expecting {character!r}", self.position)
        self.position += 1

    def elements(self) -> Iterator[None]:
        """Stop before each element of the array or each key of the object that begins here.

        The caller decodes the element, or the key and its value.
        """
        closing = {"[": "]", "{": "}"}[self.peek()]
        self.position += 1
        while self.peek() != closing:
            yield
            if self.peek() != closing:
                self.skip(",")
        self.position += 1

    def make_error(self, problem: str, position: int) -> UserError:
        line = self.text.count("\n", 0, position) + 1
        column = position - self.text.rfind("\n", 0, position)
        return UserError(
            f"{self.name}, line {line}: this is no JSON ({problem}, column {column}). Expected one "
            "JSON array, or JSON Lines with a whole record on each line."
        )


def _iterate(scanner: Scanner, options: Options) -> Iterator[tuple[int, Any]]:
    """Yield the records with their lines, or with their numbers if they are in an array."""
    if scanner.peek() == "{":
        number = 0
        for record in _arrays_in_object(scanner, options):
            number += 1
            yield number, record
        if not number:
            scanner.position = 0
    line = 1
    counted = 0
    while scanner.peek():
        line += scanner.text.count("\n", counted, scanner.position)
        counted = scanner.position
        if scanner.is_at_array():
            yield from enumerate(_records_of_array(scanner, options), 1)
        else:
            yield line, _as_record(scanner.decode())


def _arrays_in_object(scanner: Scanner, options: Options) -> Iterator[Any]:
    """Yield the records of the arrays in the object that begins here."""
    for _ in scanner.elements():
        scanner.decode()
        scanner.skip(":")
        if scanner.is_at_array():
            start = scanner.position
            scanner.skip("[")
            first_records = _find_records(scanner.decode(), options)
            scanner.position = start
            if first_records:
                yield from _records_of_array(scanner, options)
                continue
        elif scanner.peek() == "{":
            yield from _arrays_in_object(scanner, options)
            continue
        scanner.decode()


def _records_of_array(scanner: Scanner, options: Options) -> Iterator[Any]:
    is_flat = None
    for _ in scanner.elements():
        element = _as_record(scanner.decode())
        if is_flat is None:
            is_flat = is_record(element, options)
        yield from [element] if is_flat else _find_records(element, options) or [element]


def _find_records(value: Any, options: Options) -> list[Any]:
    """Return the value if it is a record, or else all elements of the arrays of records in it."""
    value = _as_record(value)
    if is_record(value, options):
        return [value]
    records = []
    members = value.values() if isinstance(value, dict) else value
    for member in members if isinstance(value, dict | list) else ():
        elements = member if isinstance(member, list) else [member]
        inner = []
        for element in elements:
            inner.append(_find_records(element, options) or [element])
        if any(is_record(records_of_element[0], options) for records_of_element in inner):
            for records_of_element in inner:
                records += records_of_element
    return records


def _as_record(value: Any) -> Any:
    """Return [text, {"entities": []}] as an object."""
    match value:
        case [str() as text, dict() as members]:
            return {"text": text, **members}
        case [str() as text, list() as entities]:
            return {"text": text, "entities": entities}
    return value
