"""The command `convert`."""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from .arguments import Lang
from .reading_options import with_reading_options

if TYPE_CHECKING:
    from ..files.options import Options


@with_reading_options
def convert(
    files: Annotated[
        list[Path], Argument(metavar="FILE", help="labelled files, or folders of such files")
    ],
    out: Annotated[Path, Argument(metavar="OUT", help="folder to write to")],
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

    The format is detected: CSV and similar, CoNLL, JSON Lines, Label Studio's export, Excel,
    Parquet, .spacy; also as gz, bz2, xz or in a zip archive.

    Example: python -m spacy_bilstm_ner convert mine.csv corpus --lang de --sep ';'
    """
    from ..files.convert import execute

    execute(
        Namespace(
            files=files,
            out_dir=out,
            lang=lang,
            dev=dev,
            test=test,
            split=split,
            seed=seed,
            dev_size=dev_size,
            test_size=test_size,
            dedupe=dedupe,
            report=report,
            reading=reading,
        )
    )
