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
    TextColumn,
    TextEncoding,
    Vectors,
)
from .output import check_outputs, show_next, show_result
from .reading_options import with_reading_options
from .training import choose_vectors

if TYPE_CHECKING:
    from ..files.options import Options


def evaluate(
    pipeline: Pipeline,
    file: LabelledFile,
    *,
    out: FiguresFile = None,
    report: Annotated[Path | None, Option(help="write an HTML report to this file")] = None,
) -> None:
    """Score a pipeline on a labelled file.

    If reading FILE needs options, convert it first: `convert FILE OUT.spacy --tag-column label`.

    Example: python -m spacy_bilstm_ner evaluate en_gmb_bilstm test.csv --report report.html
    """
    from ..quality.evaluate import evaluate_pipeline

    check_outputs(out, report, inputs=(file,))
    evaluation = evaluate_pipeline(pipeline, file)
    show_result(evaluation, figures=out, page=report)
    dev = file.with_name("dev.spacy")
    show_next(
        "find the thresholds for a precision on your dev sentences", "thresholds", pipeline, dev
    )


def compare(
    a: Annotated[str, Argument(metavar="A", help="first pipeline: its folder or name")],
    b: Annotated[str, Argument(metavar="B", help="second pipeline: its folder or name")],
    file: LabelledFile,
    *,
    out: FiguresFile = None,
) -> None:
    """Compare two pipelines on a labelled file.

    Shows the difference of their F scores with its 95 % interval.

    If reading FILE needs options, convert it first: `convert FILE OUT.spacy --tag-column label`.

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
    lang: Lang = "en",
    vectors: Vectors = None,
    no_curve: Annotated[
        bool,
        Option("--no-curve", help="skip the learning curve (training on two thirds of the data)"),
    ] = False,
    reading: "Options",
) -> None:
    """Estimate how good a pipeline trained on a file will be.

    For each fold, trains a pipeline on the other folds and scores it on this fold. Shows F with its
    95 % interval. The learning curve shows whether more data would help.

    Example: python -m spacy_bilstm_ner crossvalidate mine.csv out
    """
    from ..quality.crossvalidate import crossvalidate_folds
    from ..quality.folds import read_folds

    vectors = choose_vectors(lang, vectors)
    corpus = read_folds(file, out, n_folds=folds, lang=lang, vectors=vectors, options=reading)
    result = crossvalidate_folds(corpus, with_curve=not no_curve)
    show_result(result, figures=out / "crossvalidation.json")
    show_next("find wrong labels (repeat your other options)", "audit", file, out)


@with_reading_options
def audit(
    file: LabelledFile,
    out: FoldsFolder,
    *,
    folds: Folds = 5,
    lang: Lang = "en",
    vectors: Vectors = None,
    delimiter: Annotated[
        Literal[",", ";"], Option(help="separator in audit.csv, such as ; for German Excel")
    ] = ",",
    reading: "Options",
) -> None:
    """Find the labels of a file that are most likely wrong.

    Each sentence is predicted by a pipeline that was trained without it. If a listed annotation is
    correct, write anything into the column `keep` of OUT/audit.csv. The next audit then puts the
    row last.

    Example: python -m spacy_bilstm_ner audit mine.csv out
    """
    import pandas as pd

    from ..quality.audit import audit_folds, read_marked_rows, write_rows
    from ..quality.folds import read_folds

    table_file = out / "audit.csv"
    check_outputs(table_file, inputs=(file,))
    marked = read_marked_rows(table_file)
    vectors = choose_vectors(lang, vectors)
    corpus = read_folds(file, out, n_folds=folds, lang=lang, vectors=vectors, options=reading)
    result = audit_folds(corpus, marked)
    rows = pd.concat([result.mistakes, marked]) if len(marked) else result.mistakes
    write_rows(table_file, rows, delimiter=delimiter)
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
        bool, Option("--write", help="raise the thresholds stored in the pipeline's folder")
    ] = False,
) -> None:
    """Find the thresholds at which labels reach a precision.

    If reading FILE needs options, convert it first: `convert FILE OUT.spacy --tag-column label`.

    Example: python -m spacy_bilstm_ner thresholds training/model-best dev.csv --precision 0.95
    """
    from ..quality.thresholds import find_thresholds, store_thresholds

    if write and not Path(pipeline).is_dir():
        raise UserError(
            f"--write stores thresholds in a folder, but {pipeline} is not a folder: give the "
            "folder of the pipeline"
        )
    result = find_thresholds(pipeline, file, precision=precision)
    show_result(result)
    if not write:
        show_next(
            "store them, if the pipeline is a folder",
            "thresholds",
            pipeline,
            file,
            "--precision",
            precision,
            "--write",
        )
        return
    changes = store_thresholds(Path(pipeline), result.table, precision=precision)
    print(printable("\n".join(changes)) or "No threshold has changed.")
    show_next("annotate your texts", "annotate", "texts/", "annotated/", "--model", pipeline)


def suggest(
    pipeline: Pipeline,
    texts: Annotated[
        Path,
        Argument(
            metavar="TEXTS", help="file or folder of texts, in a format that `annotate` reads"
        ),
    ],
    out: Annotated[Path, Argument(metavar="OUT", help="folder for the chosen texts")],
    *,
    text_column: TextColumn = "text",
    encoding: TextEncoding = None,
    number: Annotated[int, Option(min=1, help="maximum number of texts")] = 100,
) -> None:
    """Choose the texts that are worth labelling next.

    Prodigy and doccano can import the chosen texts with the predicted entities.

    Example: python -m spacy_bilstm_ner suggest en_gmb_bilstm texts.txt out
    """
    from ..files.texts import TextOptions
    from ..quality.suggest import suggest_texts, write_texts

    path = out / "suggested.jsonl"
    check_outputs(path, inputs=(texts,))
    docs = suggest_texts(
        pipeline, texts, n_texts=number, options=TextOptions(text_column, encoding=encoding)
    )
    write_texts(docs, path)
    print(f"{len(docs)} texts: {path}")
    show_next("when the texts are labelled and exported", "convert", "labelled.jsonl", "corpus")
