"""The command `compare`."""

from argparse import Namespace
from typing import Annotated

from typer import Argument

from .arguments import Figures, LabelledFile, Report, Seed


def compare(
    a: Annotated[str, Argument(metavar="A", help="first pipeline")],
    b: Annotated[str, Argument(metavar="B", help="second pipeline")],
    file: LabelledFile,
    *,
    out: Figures = None,
    report: Report = None,
    seed: Seed = 0,
) -> None:
    """Compare two pipelines on a labelled file.

    Shows the difference of their F scores with its 95 % interval.

    Example: python -m spacy_bilstm_ner compare en_gmb_bilstm training/model-best test.csv
    """
    from ..quality.compare import execute

    execute(Namespace(a=a, b=b, file=file, out=out, report=report, seed=seed))
