"""The command `convert`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer import Argument, Option

from ..errors import UserError, printable
from .arguments import Lang
from .reading_options import with_reading_options

if TYPE_CHECKING:
    from ..files.convert import Conversion
    from ..files.options import Options


@with_reading_options
def convert(
    files: Annotated[
        list[Path], Argument(metavar="FILE", help="labelled files, or folders of such files")
    ],
    out: Annotated[
        Path,
        Argument(metavar="OUT", help="folder to write to, or a file OUT.spacy without a split"),
    ],
    *,
    lang: Lang = "en",
    dev: Annotated[Path | None, Option(metavar="FILE", help="your own dev sentences")] = None,
    test: Annotated[Path | None, Option(metavar="FILE", help="your own test sentences")] = None,
    split: Annotated[
        Literal["tutorial", "random"],
        Option(help="the tutorial's own split, or a random one of the sizes given"),
    ] = "tutorial",
    seed: Annotated[int, Option(help="random seed of the split")] = 0,
    dev_size: Annotated[float, Option(help="share of dev in the random split")] = 0.2,
    test_size: Annotated[float, Option(help="share of test in the random split")] = 0.1,
    dedupe: Annotated[
        bool,
        Option("--dedupe", help="drop sentences from train and dev that a later split has"),
    ] = False,
    report: Annotated[
        Path | None, Option(metavar="FILE", help="write all faults and doubts to this file")
    ] = None,
    reading: "Options",
) -> None:
    """Turn labelled files into train.spacy, dev.spacy and test.spacy.

    The format is detected: CSV and similar, CoNLL, JSON exports, Excel, Parquet, .spacy, brat,
    PubTator; also as gz or in a zip archive.

    Example: python -m spacy_bilstm_ner convert mine.csv corpus --lang de --sep ';'
    """
    from ..files.convert import Split, convert
    from ..system.whole import save

    dev, test = (None if path == Path() else path for path in (dev, test))  # "" is no path
    parts = Split(split, dev, test, seed, dev_size, test_size, dedupe)
    try:
        conversion = convert(files, out, lang=lang, split=parts, options=reading)
    except UserError as error:
        if report is not None:
            lines = getattr(error, "lines", [str(error)])
            save(report, "".join(f"{line}\n" for line in lines))
        raise
    if report is not None:
        save(report, "".join(f"{line}\n" for line in _report_lines(conversion)))
    _show(conversion, out, lang)


def _report_lines(conversion: "Conversion") -> list[str]:
    lines = []
    for part in conversion.reports.values():
        lines += [*part.lines(), *part.warnings]
    return lines


def _show(conversion: "Conversion", out: Path, lang: str) -> None:
    """Print what was read and written, doubts, some sentences, and what to do next."""
    for name, part in conversion.reports.items():
        typer.echo(printable("\n".join([f"{name}:", *part.lines()])))
        for warning in part.warnings:
            typer.echo(printable(f"Warning: {warning}"), err=True)
    typer.echo(printable(_table(conversion.stats["splits"])))
    for example in conversion.examples:
        typer.echo(printable(f"  {example}"))
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

    rows = []
    for kind in ("sentences", "tokens", "entities", "aligned"):
        name = "of which on spaCy's own tokens" if kind == "aligned" else kind
        rows.append((name, *(f"{part[kind]:,}" for part in parts.values())))
    labels = sorted({label for part in parts.values() for label in part["labels"]})
    for label in labels:
        numbers = [
            part["labels"].get(label, {"entities": 0})["entities"] for part in parts.values()
        ]
        rows.append((label, *(f"{number:,}" for number in numbers)))
    aligns: Any = ["l"] + ["r"] * len(parts)
    return str(table(rows, header=("", *parts), aligns=aligns))
