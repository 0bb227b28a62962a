"""The options that say how a labelled file is to be read."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Option

if TYPE_CHECKING:
    from ..files.options import Options


def _options(
    *,
    format: Annotated[
        Literal["csv", "conll", "json", "spacy", "excel", "parquet", "brat", "pubtator"] | None,
        Option(help="format of the file"),
    ] = None,
    encoding: Annotated[str | None, Option(metavar="NAME", help="such as utf-8 or cp1252")] = None,
    sep: Annotated[
        str | None, Option(metavar="CHARACTER", help="separator of two fields; 'tab' for a tab")
    ] = None,
    no_quotes: Annotated[
        bool, Option("--no-quotes", help='read " as an ordinary character')
    ] = False,
    member: Annotated[
        str | None, Option(metavar="NAME", help="name of the file in a zip archive")
    ] = None,
    sheet: Annotated[
        str | None, Option(metavar="NAME", help="name of the sheet in an Excel file")
    ] = None,
    sentence_column: Annotated[
        list[str] | None,
        Option(
            metavar="NAME",
            help="column of sentence numbers; repeat the option if several columns together "
            "identify a sentence",
        ),
    ] = None,
    word_column: Annotated[
        str | None, Option(metavar="NAME", help="column of words; its number if there is no header")
    ] = None,
    tag_column: Annotated[
        str | None, Option(metavar="NAME", help="column of tags; its number if there is no header")
    ] = None,
    text_column: Annotated[str | None, Option(metavar="NAME", help="column of texts")] = None,
    sentences: Annotated[
        Literal["gather", "runs", "starts"] | None,
        Option(
            help="gather: all rows with the same number form a sentence. runs: each consecutive "
            "run of a number does. starts: each non-empty cell starts a sentence."
        ),
    ] = None,
    fields: Annotated[
        str | None,
        Option(
            metavar="KEY=KEY,…",
            help="keys of a JSON export: text=content,entities=annotation,start=from,unit=words",
        ),
    ] = None,
    unit: Annotated[
        Literal["characters", "words", "utf16", "bytes"] | None, Option(help="what offsets count")
    ] = None,
    shift: Annotated[
        int | None, Option(metavar="N", help="number that is added to each offset")
    ] = None,
    outside: Annotated[
        list[str] | None,
        Option(metavar="TAG", help="tag of words outside entities; repeat it for several"),
    ] = None,
    tag_names: Annotated[
        str | None, Option(metavar="TAG,TAG,…", help="names of the tags 0, 1, 2, …")
    ] = None,
    strict: Annotated[
        bool, Option("--strict", help="accept only the tags O, B-x, and I-x after B-x or I-x")
    ] = False,
    label: Annotated[
        list[str] | None,
        Option(metavar="OLD=NEW", help="rename a label, or drop it if NEW is empty; repeat it"),
    ] = None,
    annotated: Annotated[
        list[str] | None,
        Option(
            metavar="LABELS",
            help="labels that were looked for: MED,DOSIS for all files, old.csv=MED for one",
        ),
    ] = None,
    strip: Annotated[
        list[str] | None,
        Option(metavar="MARK", help="marks to remove from words: ##, _ or digits; repeat it"),
    ] = None,
    skip_empty: Annotated[
        bool, Option("--skip-empty", help="leave out texts without an entity")
    ] = False,
    conflicts: Annotated[
        Literal["first", "drop"] | None,
        Option(help="for a text with different annotations: take the first, or drop the text"),
    ] = None,
    nested: Annotated[
        Literal["outer", "inner", "longest"] | None,
        Option(help="which of several overlapping entities to keep"),
    ] = None,
) -> None:
    """Declare the reading options; all are detected automatically by default."""


OPTIONS = inspect.signature(_options).parameters
OPTION_NAMES = frozenset(f"--{name.replace('_', '-')}" for name in OPTIONS)


def with_reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the reading options to a command.

    command (Callable): A function with a keyword argument `reading`, which takes the Options.
    RETURNS (Callable): A function that has the single options instead of `reading`.
    """

    @wraps(command)
    def command_with_options(**arguments: Any) -> None:
        values = {name: arguments.pop(name) for name in OPTIONS}
        command(**arguments, reading=make_options(values))

    parameters = dict(inspect.signature(command).parameters)
    del parameters["reading"]
    parameters |= OPTIONS
    signature = inspect.Signature(list(parameters.values()))
    annotations = {name: parameter.annotation for name, parameter in parameters.items()}
    command_with_options.__signature__ = signature  # type: ignore[attr-defined]
    command_with_options.__annotations__ = annotations
    return command_with_options


def make_options(values: dict[str, Any]) -> "Options":
    """Make Options of the values of the reading options. Empty values count as not given.

    RAISES UserError: If a value cannot be read.
    """
    from ..files.options import Options, parse_fields, parse_pairs

    chosen = {name: value for name, value in values.items() if value not in (None, False, "", [])}
    if "tag_names" in chosen:
        chosen["tag_names"] = chosen["tag_names"].split(",")
    if "label" in chosen:
        chosen["label"] = parse_pairs("--label", chosen["label"])
    if "fields" in chosen:
        chosen |= parse_fields(chosen["fields"])
    return Options(**chosen)
