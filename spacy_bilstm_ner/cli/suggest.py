"""The command `suggest`."""

from argparse import Namespace
from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, Option

from .arguments import Pipeline


def suggest(
    pipeline: Pipeline,
    texts: Annotated[
        Path,
        Argument(
            metavar="TEXTS",
            help='.txt with a text a line, .jsonl with {"text": "…"} on each, or a labelled file',
        ),
    ],
    out: Annotated[Path, Argument(metavar="OUT", help="folder for the chosen texts and the page")],
    *,
    format: Annotated[
        Literal["jsonl", "prodigy", "doccano", "label-studio"],
        Option(help="tool that imports the texts"),
    ] = "jsonl",
    number: Annotated[int, Option(metavar="N", help="number of texts")] = 100,
) -> None:
    """Choose the texts that are worth labelling next.

    Example: python -m spacy_bilstm_ner suggest en_gmb_bilstm texts.txt out --format prodigy
    """
    from ..quality.suggest import execute

    execute(Namespace(pipeline=pipeline, texts=texts, out=out, format=format, number=number))
