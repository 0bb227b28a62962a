"""The command `evaluate`."""

from argparse import Namespace
from pathlib import Path
from typing import Annotated

from typer import Option

from .arguments import Figures, LabelledFile, Pipeline, Report


def evaluate(
    pipeline: Pipeline,
    file: LabelledFile,
    *,
    out: Figures = None,
    report: Report = None,
    log: Annotated[
        Path | None, Option(metavar="JSONL", help="training log, for the curves of the page")
    ] = None,
    dev: Annotated[
        Path | None,
        Option(metavar="FILE", help="development set, for the confidences of the page"),
    ] = None,
) -> None:
    """Score a pipeline on a labelled file, on raw text and on gold tokens.

    Example: python -m spacy_bilstm_ner evaluate en_gmb_bilstm test.csv --report report.html
    """
    from ..quality.evaluate import execute

    execute(Namespace(pipeline=pipeline, file=file, out=out, report=report, log=log, dev=dev))
