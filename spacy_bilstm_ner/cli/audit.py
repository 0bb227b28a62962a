"""The command `audit`."""

from argparse import Namespace
from typing import TYPE_CHECKING

from .arguments import Folds, FoldsFolder, LabelledFile, Lang, Seed, Vectors
from .reading_options import with_reading_options

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
    reading: "Options",
) -> None:
    """Find the labels of a file that are most likely wrong.

    Each sentence is predicted by a pipeline that was trained without it. Where an annotation is
    right, write anything into the column `keep` of OUT/audit.csv: it is not listed again.

    Example: python -m spacy_bilstm_ner audit mine.csv out
    """
    from ..quality.audit import execute

    execute(
        Namespace(
            file=file,
            out=out,
            folds=folds,
            seed=seed,
            lang=lang,
            vectors=vectors,
            reading=reading,
        )
    )
