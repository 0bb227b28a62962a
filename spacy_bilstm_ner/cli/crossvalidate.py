"""The command `crossvalidate`."""

from typing import TYPE_CHECKING, Annotated

from typer import Option

from .arguments import Folds, FoldsFolder, LabelledFile, Lang, Seed, Vectors
from .reading_options import with_reading_options
from .show import show_next, show_result
from .trainings import show_trainings

if TYPE_CHECKING:
    from ..files.options import Options


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

    Trains on all folds but one, in turn, and scores each pipeline on the fold left out. Shows how
    sure the scores are, and whether more data would help.

    Example: python -m spacy_bilstm_ner crossvalidate mine.csv out
    """
    from ..quality.crossvalidate import CURVE_PARTS, crossvalidate_folds
    from ..quality.folds import read_folds

    corpus = read_folds(
        file, out, n_folds=folds, seed=seed, lang=lang, vectors=vectors, options=reading
    )
    parts = CURVE_PARTS[:1] if no_curve else CURVE_PARTS
    show_trainings(corpus, parts)
    result = crossvalidate_folds(corpus, with_curve=not no_curve)
    show_result(result, figures=out / "crossvalidation.json", page=out / "crossvalidation.html")
    show_next("find wrong labels with the same pipelines", "audit", file, out)
