"""A labelled CSV, or a zip that holds one → sentences. Knows pandas, no spaCy."""

import codecs
import csv
import hashlib
import io
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pandas

from ..errors import UserError
from .columns import ColumnError, Columns, find_columns
from .schemes import is_tag, repair

_SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
_FEWEST_COLUMNS = 3
_ARCHIVE_START = b"PK\x03\x04"
_EMPTY = "{} is empty: expected a header line and a row per word."
_UNCLOSED = (
    'a quote is opened and not closed. Close it; a word that is a quote itself is written """" (doubled, in quotes).'
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")


class CsvError(UserError):
    """Something in the file, or in what was said about it, that the user can put right."""


@dataclass(frozen=True)
class Sentence:
    """One sentence.

    id (str): What the sentence column says.
    words (tuple[str, ...]): Its words, none empty and none with white space.
    tags (tuple[str, ...]): A BIO tag per word; every `I-x` follows its own entity.
    """

    id: str
    words: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True)
class CsvData:
    """What a file holds, and what was seen while reading it.

    sentences (list[Sentence]): In the order of the file.
    rows (int): Rows of the table, one word each.
    encoding (str): The encoding that was used.
    columns (Columns): Which column was taken for what.
    sha256 (str): Checksum of the file given (the zip, where there is one).
    repaired (int): `I-x` that began an entity and became `B-x`.
    first_repaired (int | None): Line of the first of them.
    divided (int): Words with white space inside, which became several words.
    first_divided (int | None): Line of the first of them.
    """

    sentences: list[Sentence]
    rows: int
    encoding: str
    columns: Columns
    sha256: str
    repaired: int
    first_repaired: int | None
    divided: int
    first_divided: int | None


def read_csv(
    path: Path,
    *,
    encoding: str = "auto",
    sep: str = ",",
    sentence_column: str | None = None,
    word_column: str | None = None,
    pos_column: str | None = None,
    tag_column: str | None = None,
    strict: bool = False,
) -> CsvData:
    """path (Path): The CSV, or a zip that holds exactly one.
    encoding (str): A codec's name, taken strictly; "auto" is UTF-8 and, where that fails, cp1252.
    sep (str): The character between two fields.
    sentence_column (str | None): Name of the column that numbers the sentences, on each row or on first rows.
    word_column (str | None): Name of the column of words.
    pos_column (str | None): Name of the column of parts of speech; it is not read.
    tag_column (str | None): Name of the column of BIO tags.
    strict (bool): Take an `I-x` without its `B-x` as an error rather than repair it.
    RETURNS (CsvData): The sentences, and what was seen.
    RAISES CsvError: when the file cannot be read as labelled sentences; the message says where and what to do.
    """
    if len(sep) != 1 or sep in '"\r\n':
        raise CsvError(f"--sep must be one character, such as ';' or '|' ('tab' for a tab), but is {sep!r}.")
    data = _read_bytes(path)
    sha256 = hashlib.sha256(data).hexdigest()
    name = str(path)
    if data.startswith(_ARCHIVE_START):
        member, data = _unzip(data, name)
        name = f"{name} ({member})"
    text, used = _decode(data, encoding, name)
    table = _read_table(text, sep, name)
    chosen = {"sentence": sentence_column, "word": word_column, "pos": pos_column, "tag": tag_column}
    try:
        columns = find_columns(table, chosen)
    except ColumnError as error:
        raise CsvError(f"{name}: {error}") from error
    ids, words, tags = (table[column].str.strip().tolist() for column in (columns.sentence, columns.word, columns.tag))
    lines = _Lines(text, sep, name)
    _check_rows(ids, words, tags, columns, sep, lines)

    sentences: list[Sentence] = []
    repaired: list[int] = []
    divided: list[int] = []
    for start, end in _sentence_bounds(ids):
        fixed, changed = repair(tags[start:end])
        repaired.extend(start + position for position in changed)
        if strict and changed:
            row = repaired[0]
            raise CsvError(
                f"{lines.place(row)}: tag {tags[row]!r} of the word {words[row]!r} follows no entity of its label: "
                f"it should be {fixed[changed[0]]!r}. Correct it, or leave out --strict to have it repaired."
            )
        parts = [word.split() for word in words[start:end]]
        divided.extend(start + i for i, part in enumerate(parts) if len(part) > 1)
        sentences.append(
            Sentence(
                id=ids[start],
                words=tuple(word for part in parts for word in part),
                tags=tuple(
                    tag for part, whole in zip(parts, fixed, strict=True) for tag in _tag_parts(whole, len(part))
                ),
            )
        )
    return CsvData(
        sentences=sentences,
        rows=len(words),
        encoding=used,
        columns=columns,
        sha256=sha256,
        repaired=len(repaired),
        first_repaired=lines.number(repaired[0]) if repaired else None,
        divided=len(divided),
        first_divided=lines.number(divided[0]) if divided else None,
    )


def _read_bytes(path: Path) -> bytes:
    if path.is_dir():
        raise CsvError(f"{path} is a folder: give the CSV file in it.")
    if not path.exists():
        raise CsvError(f"{path} does not exist: give the path of a CSV file, or of a zip that holds one.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CsvError(f"{path} cannot be read: {error.strerror}.") from error
    if not data.strip():
        raise CsvError(_EMPTY.format(path))
    return data


def _unzip(data: bytes, name: str) -> tuple[str, bytes]:
    """RETURNS (tuple[str, bytes]): Name and content of the one CSV in the archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.namelist()
            if "[Content_Types].xml" in members:
                raise CsvError(f"{name} is an office document: export the sheet as CSV (UTF-8) and give that file.")
            # macOS packs a shadow file, `__MACOSX/._x.csv`, beside each file.
            found = [m for m in members if m.lower().endswith(".csv") and not m.startswith("__MACOSX/")]
            if len(found) != 1:
                listed = ", ".join(found or members) or "nothing"
                raise CsvError(
                    f"{name}: expected a zip that holds exactly one .csv file, but it holds {listed}. "
                    "Unpack it and give the CSV file itself."
                )
            if archive.getinfo(found[0]).flag_bits & 1:
                raise CsvError(f"{name}: {found[0]} is encrypted. Unpack it and give the CSV file itself.")
            return found[0], archive.read(found[0])
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise CsvError(f"{name} is a damaged zip file ({error}): download or pack it again.") from error


def _decode(data: bytes, encoding: str, name: str) -> tuple[str, str]:
    """RETURNS (tuple[str, str]): The text, and the encoding that was used."""
    if encoding != "auto":
        try:
            text = data.decode(encoding)
        except LookupError as error:
            raise CsvError(f"--encoding {encoding}: {error}. Try utf-8, cp1252 or utf-16.") from error
        except UnicodeDecodeError as error:
            raise CsvError(
                f"{_undecodable(name, data, error)} is not {encoding}. Give the right --encoding, or leave it out."
            ) from error
        except UnicodeError as error:
            raise CsvError(f"{name} is not {encoding}: {error}. Give the right --encoding.") from error
        used = encoding
    else:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise CsvError(f"{name} is UTF-16: say --encoding utf-16, or save it as UTF-8.")
        if b"\0" in data or len(_CONTROL.findall(data)) * 100 > len(data):
            raise CsvError(f"{name} is a binary file: expected a CSV text file, or a zip that holds one.")
        try:
            text, used = data.decode("utf-8"), "utf-8"
        except UnicodeDecodeError as no_utf8:
            try:
                text, used = data.decode("cp1252"), "cp1252"
            except UnicodeDecodeError as error:
                raise CsvError(
                    f"{_undecodable(name, data, error)} is not cp1252, and the file is not UTF-8 either "
                    f"(offset {no_utf8.start}). Save it as UTF-8, or say --encoding."
                ) from error
    if "\0" in text:
        raise CsvError(f"{name} is a binary file, or not {used}: expected a CSV text file.")
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise CsvError(_EMPTY.format(name))
    return text, used


def _undecodable(name: str, data: bytes, error: UnicodeDecodeError) -> str:
    line = data.count(b"\n", 0, error.start) + 1
    return f"{name}, line {line}: byte 0x{data[error.start]:02x} at offset {error.start}"


class _Lines:
    """Rows of the table → lines of the file. A field in quotes may span lines, so this reads the file once more: only
    when there is something to report."""

    def __init__(self, text: str, sep: str, name: str):
        self.text = text
        self.sep = sep
        self.name = name

    def number(self, row: int) -> int:
        """row (int): A row of the table, the first word's being 0.

        RETURNS (int): The line that it begins on.
        """
        for i, (line, _) in enumerate(self.records()):
            if i == row + 1:  # the header is the first record
                return line
        raise IndexError(row)

    def place(self, row: int) -> str:
        return f"{self.name}, line {self.number(row)}"

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """YIELDS (tuple[int, list[str]]): Each record that pandas sees, and the line that it begins on."""
        limit = csv.field_size_limit(sys.maxsize)
        try:
            reader = csv.reader(io.StringIO(self.text, newline=""), delimiter=self.sep)
            line = 1
            for record in reader:
                # pandas skips blank lines
                if len(record) > 1 or (record and record[0].strip()):
                    yield line, record
                line = reader.line_num + 1
        finally:
            csv.field_size_limit(limit)


def _read_table(text: str, sep: str, name: str) -> pandas.DataFrame:
    """RETURNS (pandas.DataFrame): All values as strings, "" where there is none, with the header as column names."""
    first = re.search(r"[^\r\n]*\S[^\r\n]*", text)
    header_line = first[0] if first else ""
    _check_separator(header_line, sep, name)
    try:
        # The header is read as a row, so that a row longer than it is an error rather than an index; `None` and `NA`
        # are words, so nothing is taken for missing.
        table = pandas.read_csv(io.StringIO(text), sep=sep, header=None, dtype=str, na_filter=False, low_memory=False)
    except pandas.errors.ParserError as error:
        raise CsvError(_explain(error, _Lines(text, sep, name))) from error
    header = [str(value).strip() for value in table.iloc[0]]
    if any(is_tag(value) for value in header):
        raise CsvError(
            f"{name}, line 1: expected a header line with the columns' names, found a row of data "
            f"({header_line.strip()!r}). Add a header, such as: Sentence #,Word,Tag"
        )
    table = table.iloc[1:].reset_index(drop=True)
    table.columns = pandas.Index(header)
    if not len(table):
        raise CsvError(f"{name} holds no sentences: there is a header line and no row after it.")
    return table


def _check_separator(header: str, sep: str, name: str) -> None:
    if header.count(sep) + 1 >= _FEWEST_COLUMNS:
        return
    other = max(_SEPARATORS, key=header.count)
    if other != sep and header.count(other) + 1 >= _FEWEST_COLUMNS:
        option = "tab" if other == "\t" else f"'{other}'"
        raise CsvError(
            f"{name}, line 1: the fields are separated by {_SEPARATORS[other]}, not by "
            f"{_SEPARATORS.get(sep, repr(sep))}: say --sep {option}."
        )


def _explain(error: pandas.errors.ParserError, lines: _Lines) -> str:
    """RETURNS (str): What pandas could not read, and on which line of the file."""
    width = 0
    line, record = 1, [""]
    for line, record in lines.records():
        width = width or len(record)
        if len(record) > width:
            if any("\n" in value for value in record):
                return f"{lines.name}, line {line}: {_UNCLOSED}"
            return (
                f"{lines.name}, line {line}: expected {width} fields as in the header, found {len(record)}. "
                'Put a field that holds the separator in quotes ("…"), and double a quote inside such a field.'
            )
    if "EOF inside string" in str(error):
        return f"{lines.name}, line {line}: {_UNCLOSED}"
    return f"{lines.name} cannot be read as CSV: {error}"


def _check_rows(
    ids: Sequence[str], words: Sequence[str], tags: Sequence[str], columns: Columns, sep: str, lines: _Lines
) -> None:
    """RAISES CsvError: for the first row that is not a word of a sentence."""
    bad_tags = {tag for tag in set(tags) if not is_tag(tag)}
    for row, (word, tag) in enumerate(zip(words, tags, strict=True)):
        if _swallows(word, sep) or _swallows(tag, sep):
            raise CsvError(f"{lines.place(row)}: {_UNCLOSED}")
        if row == 0 and not ids[0]:
            raise CsvError(
                f"{lines.place(row)}: the word {word!r} stands before the first sentence number: the column "
                f"{columns.sentence!r} must be filled on each sentence's first row."
            )
        if not word:
            raise CsvError(
                f"{lines.place(row)}: the column {columns.word!r} is empty. Fill in the word, or delete the row."
            )
        if tag in bad_tags:
            raise CsvError(
                f"{lines.place(row)}: the tag of {word!r} in the column {columns.tag!r} must be O, B-label or "
                f"I-label, but is {tag!r}. {_advice(tag)}"
            )


def _swallows(value: str, sep: str) -> bool:
    """RETURNS (bool): Whether rows were swallowed: the quote that closes this field was meant to open another."""
    return "\n" in value and sep in value


def _advice(tag: str) -> str:
    if re.fullmatch(r"[LUES]-\S.*", tag):
        return "BILUO and BIOES have to become BIO: U-x and S-x are B-x, L-x and E-x are I-x."
    if not tag:
        return "Write O for a word that is in no entity."
    return "Correct it, or name another column with --tag-column."


def _sentence_bounds(ids: Sequence[str]) -> Iterator[tuple[int, int]]:
    """YIELDS (tuple[int, int]): First row and end of each sentence, where `ids` are filled in on first rows only
    or on every row: the latter when an id stands on two rows running."""
    on_every_row = any(one and one == other for one, other in pairwise(ids))
    start = 0
    current = ids[0]
    for row in range(1, len(ids)):
        if ids[row] and (ids[row] != current or not on_every_row):
            yield start, row
            start = row
            current = ids[row]
    yield start, len(ids)


def _tag_parts(tag: str, count: int) -> list[str]:
    """RETURNS (list[str]): The tags of the parts of one word."""
    return [tag] + ["I" + tag[1:] if tag[0] == "B" else tag] * (count - 1)
