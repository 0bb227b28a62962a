"""The command `thresholds`."""

from argparse import Namespace
from typing import Annotated

from typer import Option

from .arguments import Figures, LabelledFile, Pipeline, Report


def thresholds(
    pipeline: Pipeline,
    file: LabelledFile,
    *,
    precision: Annotated[float, Option(help="minimum precision, below 1")] = 0.95,
    write: Annotated[
        bool, Option("--write", help="store the thresholds in the pipeline's folder")
    ] = False,
    out: Figures = None,
    report: Report = None,
) -> None:
    """Find the confidence from which the entities of each label reach a precision.

    Example: python -m spacy_bilstm_ner thresholds training/model-best dev.csv --precision 0.95
    """
    from ..quality.thresholds import execute

    execute(
        Namespace(
            pipeline=pipeline, file=file, precision=precision, write=write, out=out, report=report
        )
    )
