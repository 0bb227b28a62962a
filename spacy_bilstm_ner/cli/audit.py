"""The command `audit`."""

from typing import TYPE_CHECKING, Annotated

from typer import Option

from ..errors import UserError
from .arguments import Folds, FoldsFolder, LabelledFile, Lang, Seed, Vectors
from .reading_options import with_reading_options
from .show import check_outputs, show_next, show_result
from .trainings import show_trainings

if TYPE_CHECKING:
    from ..files.options import Options


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
        str, Option(metavar="CHARACTER", help="separator in audit.csv, such as ; for German Excel")
    ] = ",",
    reading: "Options",
) -> None:
    """Find the labels of a file that are most likely wrong.

    Each sentence is predicted by a pipeline that was trained without it. Where an annotation is
    right, write anything into the column `keep` of OUT/audit.csv: it is not listed again.

    Example: python -m spacy_bilstm_ner audit mine.csv out
    """
    from ..quality.audit import audit_folds, read_marked_rows
    from ..quality.folds import read_folds

    if len(delimiter) != 1:
        raise UserError(f"--delimiter must be one character, but it is {delimiter!r}")
    table, marked_table = out / "audit.csv", out / "kept.csv"
    check_outputs(table, marked_table, inputs=(file,))
    marked_rows = read_marked_rows([marked_table, table])
    corpus = read_folds(
        file, out, n_folds=folds, seed=seed, lang=lang, vectors=vectors, options=reading
    )
    show_trainings(corpus, ["fold"])
    result = audit_folds(corpus, marked_rows)
    result.write_marked_rows(marked_table, delimiter=delimiter)
    result.write_csv(table, delimiter=delimiter)
    show_result(result, figures=out / "audit.json", page=out / "audit.html")
    print(f"Table: {table}. Write anything into the column `keep` where the annotation is right.")
    show_next(f"when {file} is corrected, train again", "convert", file, "corpus", "--lang", lang)
