"""The command `convert`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer import Argument, Option

from ..errors import UserError, printable
from .arguments import Lang, Seed
from .reading_options import with_reading_options

if TYPE_CHECKING:
    from ..files.options import Options

Files = Annotated[
    list[Path], Argument(metavar="FILE", help="labelled files, or folders of such files")
]
Out = Annotated[
    Path, Argument(metavar="OUT", help="folder to write to, or a file OUT.spacy without a split")
]
Dev = Annotated[Path | None, Option(metavar="FILE", help="your own dev sentences")]
Test = Annotated[Path | None, Option(metavar="FILE", help="your own test sentences")]
Method = Annotated[
    Literal["tutorial", "random"],
    Option(help="the tutorial's own split, or a random one of the sizes given"),
]
DevSize = Annotated[float, Option(min=0, max=1, help="share of dev in the random split")]
TestSize = Annotated[float, Option(min=0, max=1, help="share of test in the random split")]
Dedupe = Annotated[
    bool, Option("--dedupe", help="drop sentences from train and dev that a later split has")
]
Report = Annotated[
    Path | None, Option(metavar="FILE", help="write all faults and doubts to this file")
]


@with_reading_options
def convert(
    files: Files,
    out: Out,
    *,
    lang: Lang = "en",
    dev: Dev = None,
    test: Test = None,
    split: Method = "tutorial",
    seed: Seed = 0,
    dev_size: DevSize = 0.2,
    test_size: TestSize = 0.1,
    dedupe: Dedupe = False,
    report: Report = None,
    reading: "Options",
) -> None:
    """Turn labelled files into train.spacy, dev.spacy and test.spacy.

    The format is detected: CSV and similar, CoNLL, JSON exports, Excel, Parquet, .spacy, brat,
    PubTator; also as gz or in a zip archive.

    Example: python -m spacy_bilstm_ner convert mine.csv corpus --lang de --sep ';'
    """
    from ..files.convert import convert
    from ..files.split import Split
    from ..system.whole import save

    dev, test = (None if path == Path() else path for path in (dev, test))  # "" is no path
    parts = Split(split, dev, test, seed, dev_size, test_size, dedupe)
    try:
        conversion = convert(files, out, lang=lang, split=parts, options=reading)
    except UserError as error:
        if report is not None:
            save(report, "\n".join([*getattr(error, "lines", [str(error)]), ""]))
        raise
    lines, warnings = [], []
    for name, source in conversion.reports.items():
        lines += [f"{name}:", *source.lines()]
        warnings += source.warnings
    if report is not None:
        save(report, "\n".join([*lines, *warnings, ""]))
    for warning in warnings:
        typer.echo(printable(f"Warning: {warning}"), err=True)
    for line in [*lines, _table(conversion.stats["splits"]), *conversion.examples]:
        typer.echo(printable(line))
    if out.suffix == ".spacy":
        typer.echo(f"Wrote {out}.")
        return
    typer.echo(
        f"Wrote train.spacy, dev.spacy, test.spacy and stats.json to {out}. To train on them:\n"
        f"python -m spacy_bilstm_ner init config.cfg --lang {lang}\n"
        f"python -m spacy train config.cfg --output training --paths.train {out / 'train.spacy'} "
        f"--paths.dev {out / 'dev.spacy'}"
    )


def _table(parts: dict[str, Any]) -> str:
    """Return a table of the numbers of each part."""
    from wasabi.tables import table

    rows: dict[str, dict[str, int]] = {}
    for name, part in parts.items():
        for kind in ("sentences", "tokens", "entities"):
            rows.setdefault(kind, {})[name] = part[kind]
        rows.setdefault("of which on spaCy's own tokens", {})[name] = part["aligned"]
        for label, numbers in part["labels"].items():
            rows.setdefault(label, {})[name] = numbers["entities"]
    cells = []
    for kind, numbers in rows.items():
        cells.append([kind, *(f"{numbers.get(name, 0):,}" for name in parts)])
    return str(table(cells, header=["", *parts], aligns=["l", *"r" * len(parts)]))
