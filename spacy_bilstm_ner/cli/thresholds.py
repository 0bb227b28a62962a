"""The command `thresholds`."""

from pathlib import Path
from typing import Annotated

from typer import Option

from ..errors import UserError, printable
from .arguments import Figures, LabelledFile, Pipeline, Report
from .show import check_outputs, show_next, show_result


def thresholds(
    pipeline: Pipeline,
    file: LabelledFile,
    *,
    precision: Annotated[float, Option(help="minimum precision, below 1")] = 0.95,
    write: Annotated[
        bool, Option("--write", help="store the thresholds in the pipeline's folder")
    ] = False,
    loosen: Annotated[
        bool, Option("--loosen", help="also store thresholds that are lower than the stored ones")
    ] = False,
    out: Figures = None,
    report: Report = None,
) -> None:
    """Find the confidence from which the entities of each label reach a precision.

    Example: python -m spacy_bilstm_ner thresholds training/model-best dev.csv --precision 0.95
    """
    from ..quality.thresholds import check_folder, find_thresholds, store_thresholds

    if write:
        check_folder(Path(pipeline))
    elif loosen:
        raise UserError("--loosen is for --write: add --write")
    check_outputs(out, report, inputs=(file,))
    result = find_thresholds(pipeline, file, precision=precision)
    show_result(result, figures=out, page=report)
    if not write:
        show_next("store them", "thresholds", pipeline, file, "--precision", precision, "--write")
        return
    for change in store_thresholds(result, loosen=loosen):
        remark = f"{change.old:.3f} -> {change.new:.3f}"
        if change.old == change.new:
            remark = f"{change.old:.3f} (unchanged)"
        print(printable(f"{change.label}: {remark}"))
    show_next("annotate your texts", "annotate", "texts/", "annotated/", "--model", pipeline)
