"""The commands that measure quality: see docs/how-good-is-it.md."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from ..errors import UserError, printable
from .arguments import (
    FiguresFile,
    Folds,
    FoldsFolder,
    LabelledFile,
    Lang,
    Pipeline,
    Seed,
    Vectors,
)
from .output import check_outputs, show_next, show_result
from .reading_options import with_reading_options

if TYPE_CHECKING:
    from ..files.options import Options


def evaluate(
    pipeline: Pipeline,
    file: LabelledFile,
    *,
    out: FiguresFile = None,
    report: Annotated[Path | None, Option(help="write an HTML page to this file")] = None,
) -> None:
    """Score a pipeline on a labelled file, on raw text and on gold tokens.

    Example: python -m spacy_bilstm_ner evaluate en_gmb_bilstm test.csv --report report.html
    """
    from ..quality.evaluate import evaluate_pipeline

    check_outputs(out, report, inputs=(file,))
    evaluation = evaluate_pipeline(pipeline, file)
    show_result(evaluation, figures=out, page=report)
    dev = file.with_name("dev.spacy")
    if not dev.is_file():
        dev = Path("DEV.spacy")
    show_next("find the thresholds for a precision", "thresholds", pipeline, dev)


def compare(
    a: Annotated[str, Argument(metavar="A", help="first pipeline")],
    b: Annotated[str, Argument(metavar="B", help="second pipeline")],
    file: LabelledFile,
    *,
    out: FiguresFile = None,
) -> None:
    """Compare two pipelines on a labelled file.

    Shows the difference of their F scores with its 95 % interval.

    Example: python -m spacy_bilstm_ner compare en_gmb_bilstm training/model-best test.csv
    """
    from ..quality.compare import compare_pipelines

    check_outputs(out, inputs=(file,))
    show_result(compare_pipelines(a, b, file), figures=out)
    show_next("see the mistakes of B", "evaluate", b, file, "--report", "report.html")


@with_reading_options
def crossvalidate(
    file: LabelledFile,
    out: FoldsFolder,
    *,
    folds: Folds = 5,
    seed: Seed = 0,
    lang: Lang = "en",
    vectors: Vectors = None,
    no_curve: Annotated[
        bool,
        Option(
            "--no-curve",
            help="skip the learning curve (training on a third and two thirds of the data)",
        ),
    ] = False,
    reading: "Options",
) -> None:
    """Estimate how good a pipeline trained on a labelled file will be.

    Trains a pipeline on all folds but one, for each fold, and scores it on the held-out fold. Shows
    confidence intervals, and whether more data would help.

    Example: python -m spacy_bilstm_ner crossvalidate mine.csv out
    """
    from ..quality.crossvalidate import crossvalidate_folds
    from ..quality.folds import TRAIN_SHARES, describe_trainings, read_folds

    corpus = read_folds(
        file, out, n_folds=folds, seed=seed, lang=lang, vectors=vectors, options=reading
    )
    print(describe_trainings(corpus, ["fold"] if no_curve else list(TRAIN_SHARES)), flush=True)
    result = crossvalidate_folds(corpus, with_curve=not no_curve)
    show_result(result, figures=out / "crossvalidation.json")
    show_next("find wrong labels (repeat your other options)", "audit", file, out)


@with_reading_options
def audit(
    file: LabelledFile,
    out: FoldsFolder,
    *,
    folds: Folds = 5,
    seed: Seed = 0,
    lang: Lang = "en",
    vectors: Vectors = None,
    delimiter: Annotated[
        str, Option(help="separator in audit.csv, such as ; for German Excel")
    ] = ",",
    reading: "Options",
) -> None:
    """Find the labels of a file that are most likely wrong.

    Each sentence is predicted by a pipeline that was trained without it. If a listed annotation is
    correct, write anything into the column `keep` of OUT/audit.csv, and it is not listed again.

    Example: python -m spacy_bilstm_ner audit mine.csv out
    """
    from ..quality.audit import audit_folds, read_marked_rows, write_rows
    from ..quality.folds import describe_trainings, read_folds

    if len(delimiter) != 1:
        raise UserError(f"--delimiter must be one character, but it is {delimiter!r}")
    table_file, marked_file = out / "audit.csv", out / "kept.csv"
    check_outputs(table_file, marked_file, inputs=(file,))
    marked = read_marked_rows([marked_file, table_file])
    corpus = read_folds(
        file, out, n_folds=folds, seed=seed, lang=lang, vectors=vectors, options=reading
    )
    print(describe_trainings(corpus), flush=True)
    result = audit_folds(corpus, marked)
    write_rows(marked_file, marked, delimiter=delimiter)
    write_rows(table_file, result.suspicions, delimiter=delimiter)
    show_result(result, figures=out / "audit.json", page=out / "audit.html")
    print(
        f"Table: {table_file}. If an annotation is correct, write anything into the column `keep`."
    )
    purpose = f"when {file} is corrected, convert it again (repeat your other options)"
    show_next(purpose, "convert", file, "corpus", "--lang", lang)


def thresholds(
    pipeline: Pipeline,
    file: LabelledFile,
    *,
    precision: Annotated[float, Option(min=0.01, max=0.999, help="minimum precision")] = 0.95,
    write: Annotated[
        bool, Option("--write", help="store the thresholds in the pipeline's folder")
    ] = False,
    loosen: Annotated[
        bool, Option("--loosen", help="with --write, also store thresholds that become lower")
    ] = False,
    out: FiguresFile = None,
) -> None:
    """Find the confidence threshold at which each label reaches a precision.

    Example: python -m spacy_bilstm_ner thresholds training/model-best dev.csv --precision 0.95
    """
    from ..quality.thresholds import find_thresholds, store_thresholds

    if write and not Path(pipeline).is_dir():
        raise UserError(
            f"--write stores thresholds in a folder, but {pipeline} is not a folder: give the "
            "folder of the pipeline"
        )
    check_outputs(out, inputs=(file,))
    result = find_thresholds(pipeline, file, precision=precision)
    show_result(result, figures=out)
    if not write:
        show_next("store them", "thresholds", pipeline, file, "--precision", precision, "--write")
        return
    changes = store_thresholds(Path(pipeline), result.certain_thresholds, loosen=loosen)
    print(printable("\n".join(changes)) or "No threshold has changed.")
    show_next("annotate your texts", "annotate", "texts/", "annotated/", "--model", pipeline)


def suggest(
    pipeline: Pipeline,
    texts: Annotated[
        Path,
        Argument(
            metavar="TEXTS",
            help='.txt with a text on each line, .jsonl with {"text": "…"}, or a labelled file',
        ),
    ],
    out: Annotated[Path, Argument(metavar="OUT", help="folder for the chosen texts")],
    *,
    format: Annotated[
        Literal["prodigy", "doccano", "label-studio"], Option(help="tool that imports the texts")
    ] = "prodigy",
    number: Annotated[int, Option(min=1, help="number of texts")] = 100,
) -> None:
    """Choose the texts that are worth labelling next.

    Example: python -m spacy_bilstm_ner suggest en_gmb_bilstm texts.txt out --format prodigy
    """
    from ..quality.suggest import suggest_texts, write_texts

    check_outputs(out / "suggested.json", out / "suggested.jsonl", inputs=(texts,))
    docs = suggest_texts(pipeline, texts, n_texts=number)
    path = write_texts(docs, out, tool=format)
    print(f"{len(docs)} texts: {path}")
    show_next("when the texts are labelled", "convert", path, "corpus")
