"""How a file is to be read: options that all commands share, none of them needed."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from ..errors import UserError


def _option(what: str, *, default: Any = None, **arguments: Any) -> Any:
    """A field, and what argparse has to know of the option that sets it."""
    return field(default=default, metadata={"help": what, **arguments})


@dataclass(frozen=True)
class Options:
    """What the user says about a file; what is not said is found out."""

    format: str | None = _option(
        "what the file is", choices=("csv", "conll", "json", "spacy", "excel", "parquet")
    )
    encoding: str = _option("such as utf-8 or cp1252", default="auto", metavar="NAME")
    bad_bytes: str | None = _option(
        "encoding of the bytes in a UTF-8 file that are not UTF-8", metavar="NAME"
    )
    sep: str | None = _option("what separates two fields; 'tab' for a tab", metavar="CHARACTER")
    no_quotes: bool = _option('a " is a plain character', default=False, action="store_true")
    member: str | None = _option("which file of a zip", metavar="NAME")
    sentence_column: Sequence[str] = _option(
        "the column of sentence numbers; several times where only several columns together tell sentences apart",
        default=(),
        metavar="NAME",
        action="append",
    )
    word_column: str | None = _option(
        "the column of words; without a header, its number", metavar="NAME"
    )
    tag_column: str | None = _option(
        "the column of tags; without a header, its number", metavar="NAME"
    )
    sentences: str | None = _option(
        "rows of one number are a sentence, wherever they stand; each run of a number is; each filled cell starts one",
        choices=("gather", "runs", "starts"),
    )
    outside: Sequence[str] | None = _option(
        "what means 'in no entity'; several times for several", metavar="TAG", action="append"
    )
    lookalikes: bool = _option(
        "read a zero, Cyrillic О, … as what it looks like", default=False, action="store_true"
    )
    strict: bool = _option(
        "take only the tags O, B-x, and I-x after B-x or I-x", default=False, action="store_true"
    )

    def __post_init__(self) -> None:
        for option in fields(self):
            value, choices = getattr(self, option.name), option.metadata.get("choices")
            if choices and value not in (None, *choices):
                raise UserError(
                    f"{option.name} must be one of {', '.join(choices)}, but is {value!r}."
                )
            # In a config, a column's number may stand as a number.
            value = (
                str(value) if isinstance(value, int) and option.name.endswith("_column") else value
            )
            several = option.metadata.get("action") == "append" and isinstance(value, str)
            object.__setattr__(self, option.name, [value] if several else value)
        if self.sep in ("tab", r"\t"):
            object.__setattr__(self, "sep", "\t")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of reading to a command's parser. `get_options` makes `Options` of what it finds."""
    group = parser.add_argument_group("how to read the file (by default, all of this is found out)")
    for option in fields(Options):
        group.add_argument(f"--{option.name.replace('_', '-')}", default=None, **option.metadata)


def get_options(args: argparse.Namespace) -> Options:
    """RETURNS (Options): The options of reading among a command's arguments. An empty one was not given."""
    given = {option.name: getattr(args, option.name) for option in fields(Options)}
    return Options(
        **{name: value for name, value in given.items() if value not in (None, "", [""])}
    )
