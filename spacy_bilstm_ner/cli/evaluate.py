"""The command `evaluate`."""

from pathlib import Path
from typing import Annotated

from typer import Option

from ..errors import UserError
from .arguments import Figures, LabelledFile, Pipeline, Report
from .show import check_outputs, show_next, show_result


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
    from ..quality.evaluate import evaluate_pipeline

    if (log or dev) and not report:
        raise UserError("--log and --dev are for the page: add --report FILE")
    check_outputs(out, report, inputs=(file, log, dev))
    evaluation = evaluate_pipeline(pipeline, file, dev=dev, log=log)
    show_result(evaluation, figures=out, page=report)
    show_next("find the confidence to require", "thresholds", pipeline, dev or file)
