"""How a labelled file is to be read.

`convert`, `crossvalidate` and `audit` have an option for each field of `Options`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from ..errors import UserError

# Options that can be given several times
LISTS = ("sentence_column", "fields", "outside", "tag_names", "label", "annotated", "strip")
# Keys of `fields`: the parts of a record of a JSON export, the parts of an entity, and what the
# offsets count
FIELDS = "text entities start end label own_text words tags unit end_inclusive shift"


def _option(help: str, default: Any = None, **limits: float) -> Any:
    return field(default=default, metadata={"help": help, **limits})


@dataclass(frozen=True)
class Split:
    """How sentences are divided into train, dev and test."""

    dev: Path | None = _option("file of dev sentences; default: a part of FILE")  # noqa: RUF009
    test: Path | None = _option("file of test sentences; default: a part of FILE")  # noqa: RUF009
    method: Literal["tutorial", "random"] = _option(
        "tutorial: 72 % train, 18 % dev, 10 % test, as in a Keras tutorial. random: a random "
        "split; it is also made if --dev, --test or --seed is given, or if --dev-size or "
        "--test-size differs from its default",
        "tutorial",
    )
    seed: int | None = _option("seed of the random split; default: 0", min=0, max=2**32 - 1)
    dev_size: float = _option("share of dev in the random split", 0.2, min=0, max=1)
    test_size: float = _option("share of test in the random split", 0.1, min=0, max=1)
    dedupe: bool = _option(
        "drop sentences of train that occur in dev or test, and of dev that occur in test", False
    )


@dataclass
class Options:
    """How to read a labelled file. By default, everything is detected.

    Values may be strings as on the command line: `label` is "PERSON=per" or {"PERSON": "per"}.

    RAISES UserError: If a value is not allowed.
    """

    format: Literal["table", "json", "spacy", "excel", "parquet", "brat", "pubtator"] | None = (
        _option("format of the file; 'table' for CSV, CoNLL and similar formats")
    )
    encoding: str = _option("such as utf-8 or cp1252; 'auto' detects it", "auto")
    sep: str | None = _option("separator of fields; 'tab' for a tab")
    no_quotes: bool = _option('read " as an ordinary character', False)
    member: str | None = _option("name of the file in a zip archive")
    sheet: str | None = _option("name of the sheet in an Excel file")
    sentence_column: Sequence[str] = _option(
        "column of sentence numbers; repeat the option if several columns together identify a "
        "sentence",
        (),
    )
    word_column: str | None = _option(
        "column of words, or of texts; its number if there is no header"
    )
    tag_column: str | None = _option(
        "column of tags, or of entities; its number if there is no header"
    )
    fields: Mapping[str, str] = _option(
        "keys of a JSON export, and what its offsets count: text=content,entities=annotation,"
        "start=from,unit=words,end_inclusive=yes",
        (),
    )
    outside: Sequence[str] | None = _option("tag of words outside entities; repeat it for several")
    tag_names: Sequence[str] = _option(
        "names of the tags, if tags are the numbers 0, 1, 2, …: O,B-PER,I-PER", ()
    )
    label: Mapping[str, str] = _option(
        "OLD=NEW renames a label, OLD= drops it; repeat it for several", ()
    )
    annotated: Sequence[str] = _option(
        "labels that were looked for: MED,DOSE in all files, old.csv=MED in one file; default: all",
        (),
    )
    strip: Sequence[str] = _option(
        "mark that is replaced by a space in words, such as _; repeat it for several", ()
    )
    skip_empty: bool = _option("leave out texts without an entity", False)
    conflicts: Literal["first", "drop"] | None = _option(
        "for a text with different annotations in one file: take the first, or drop the text"
    )
    nested: Literal["outer", "inner", "longest"] | None = _option(
        "which of several overlapping entities to keep"
    )

    def __post_init__(self) -> None:
        for option in fields(self):
            value = getattr(self, option.name)
            kinds = get_args(option.type)
            choices = get_args(kinds[0]) if kinds and option.name not in LISTS else ()
            if choices and value not in (None, *choices):
                raise UserError(
                    f"{option.name} must be one of {', '.join(choices)}, but it is {value!r}."
                )
            if isinstance(value, int) and option.type is not bool:  # the number of a column
                value = str(value)
            if isinstance(value, str) and option.name in LISTS:
                value = [value]
            setattr(self, option.name, value)
        self.sep = parse_separator(self.sep)
        self.tag_names = _split_at_commas(self.tag_names)
        self.label = parse_pairs(self.label)
        if not isinstance(self.fields, Mapping):
            self.fields = parse_pairs(_split_at_commas(self.fields))
        if unknown := sorted(self.fields.keys() - FIELDS.split()):
            raise UserError(f"fields can have the keys {FIELDS}, but not {', '.join(unknown)}.")


def parse_separator(sep: str | None) -> str | None:
    """Return the separator that an option names, such as "tab".

    RAISES UserError: If it is not one character.
    """
    if sep in ("tab", r"\t"):
        return "\t"
    if sep and len(sep) > 1:
        raise UserError(f"sep must be one character, or 'tab', but it is {sep!r}.")
    return sep


def _split_at_commas(values: Iterable[str]) -> list[str]:
    """Return the items of comma-separated values."""
    return list(filter(None, ",".join(values).split(",")))


def parse_pairs(values: Mapping[str, str] | Iterable[str]) -> dict[str, str]:
    """Return ["PERSON=per"] as {"PERSON": "per"}.

    RAISES UserError: If a value has no "=".
    """
    if isinstance(values, Mapping):
        return dict(values)
    pairs = {}
    for value in values:
        name, equals, new_name = value.partition("=")
        if not equals:
            raise UserError(f"expected a pair such as PERSON=per, found {value!r}.")
        pairs[name] = new_name
    return pairs
