"""What `crossvalidate` and `audit` print before they train."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..quality.folds import FoldedCorpus


def show_trainings(corpus: "FoldedCorpus", parts: Sequence[str]) -> None:
    """Print which pipelines are still to be trained."""
    from ..quality.folds import missing_trainings

    missing = missing_trainings(corpus, parts)
    n_present = len(parts) * len(corpus.folds) - len(missing)
    print(f"Pipelines in {corpus.out}: {n_present} are there", end="", flush=True)
    if missing:
        names = ", ".join(training.folder.name for training in missing)
        print(f", {len(missing)} are to be trained: {names}", end="")
    print(flush=True)
