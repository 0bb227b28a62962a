"""The command `convert`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, echo

from ..errors import printable
from .arguments import Lang
from .reading_options import with_reading_options

if TYPE_CHECKING:
    from ..files.options import Options, Split


@with_reading_options
def convert(
    files: Annotated[
        list[Path], Argument(metavar="FILE", help="labelled files, or folders of such files")
    ],
    out: Annotated[
        Path,
        Argument(metavar="OUT", help="folder to write to, or a file OUT.spacy for all sentences"),
    ],
    *,
    lang: Lang = "en",
    split: "Split",
    reading: "Options",
) -> None:
    """Convert labelled files to .spacy files.

    Writes train.spacy, dev.spacy and test.spacy, or one file with all sentences. The format of
    the labelled files is detected: CSV and similar, CoNLL, JSON exports, Excel, Parquet, .spacy,
    PubTator and brat. All except brat can be packed as gz or in a zip archive.

    Example: python -m spacy_bilstm_ner convert mine.csv corpus --lang de --sep ';'
    """
    from ..files.convert import convert

    conversion = convert(files, out, lang=lang, split=split, options=reading)
    lines, warnings = [], []
    for name, report in conversion.reports.items():
        lines += [f"{name}:", *report.lines()]
        warnings += report.warnings
    for warning in warnings:
        echo(printable(f"Warning: {warning}"), err=True)
    for line in [*lines, _table(conversion.stats["splits"])]:
        echo(printable(line))
    if out.suffix == ".spacy":
        echo(f"Wrote {out}.")
        return
    init_option = "--from PIPELINE" if reading.annotated else f"--lang {lang}"
    echo(
        f"Wrote train.spacy, dev.spacy, test.spacy and stats.json to {out}. To train on them:\n"
        f"python -m spacy_bilstm_ner init config.cfg {init_option}\n"
        f"python -m spacy train config.cfg --output training --paths.train {out / 'train.spacy'} "
        f"--paths.dev {out / 'dev.spacy'}"
    )


def _table(parts: dict[str, Any]) -> str:
    """Return a table of the numbers of sentences, tokens and entities in each part."""
    import pandas as pd

    columns = {}
    for name, part in parts.items():
        numbers = {kind: part[kind] for kind in ("sentences", "tokens", "entities")}
        columns[name] = numbers | {"entities on spaCy's tokens": part["aligned"]} | part["labels"]
    return pd.DataFrame(columns).fillna(0).map("{:,.0f}".format).to_string(col_space=9)
