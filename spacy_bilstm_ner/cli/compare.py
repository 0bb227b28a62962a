"""The command `compare`."""

from typing import Annotated

from typer import Argument

from .arguments import Figures, LabelledFile, Report, Seed
from .show import check_outputs, show_next, show_result


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
    from ..quality.compare import compare_pipelines

    check_outputs(out, report, inputs=(file,))
    comparison = compare_pipelines(a, b, file, seed=seed)
    show_result(comparison, figures=out, page=report)
    better = a if comparison.better == "A" else b
    show_next("see its mistakes", "evaluate", better, file, "--report", "report.html")
