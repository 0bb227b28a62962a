"""The command `convert`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument

from ..errors import printable
from .arguments import Lang
from .reading_options import with_reading_options

if TYPE_CHECKING:
    from ..files.options import Options, Split

Files = Annotated[
    list[Path], Argument(metavar="FILE", help="labelled files, or folders of such files")
]
Out = Annotated[
    Path, Argument(metavar="OUT", help="folder to write to, or a file OUT.spacy without a split")
]


@with_reading_options
def convert(
    files: Files,
    out: Out,
    *,
    lang: Lang = "en",
    split: "Split",
    reading: "Options",
) -> None:
    """Convert labelled files to train.spacy, dev.spacy and test.spacy.

    The format is detected: CSV and similar, CoNLL, JSON exports, Excel, Parquet, .spacy, brat,
    PubTator; also as gz or in a zip archive.

    Example: python -m spacy_bilstm_ner convert mine.csv corpus --lang de --sep ';'
    """
    from ..files.convert import convert

    conversion = convert(files, out, lang=lang, split=split, options=reading)
    lines, warnings = [], []
    for name, source in conversion.reports.items():
        lines += [f"{name}:", *source.lines()]
        warnings += source.warnings
    for warning in warnings:
        typer.echo(printable(f"Warning: {warning}"), err=True)
    for line in [*lines, _table(conversion.stats["splits"]), *conversion.examples]:
        typer.echo(printable(line))
    if out.suffix == ".spacy":
        typer.echo(f"Wrote {out}.")
        return
    begin_with = "--from PIPELINE" if reading.annotated else f"--lang {lang}"
    typer.echo(
        f"Wrote train.spacy, dev.spacy, test.spacy and stats.json to {out}. To train on them:\n"
        f"python -m spacy_bilstm_ner init config.cfg {begin_with}\n"
        f"python -m spacy train config.cfg --output training --paths.train {out / 'train.spacy'} "
        f"--paths.dev {out / 'dev.spacy'}"
    )


def _table(parts: dict[str, Any]) -> str:
    """Return a table of the numbers of sentences, tokens and entities in each part."""
    from wasabi.tables import table

    rows: dict[str, dict[str, int]] = {}
    for name, part in parts.items():
        for kind in ("sentences", "tokens", "entities"):
            rows.setdefault(kind, {})[name] = part[kind]
        rows.setdefault("entities on spaCy's tokens", {})[name] = part["aligned"]
        for label, number in part["labels"].items():
            rows.setdefault(label, {})[name] = number
    cells = []
    for kind, numbers in rows.items():
        cells.append([kind, *(f"{numbers.get(name, 0):,}" for name in parts)])
    return str(table(cells, header=["", *parts], aligns=["l", *"r" * len(parts)]))
