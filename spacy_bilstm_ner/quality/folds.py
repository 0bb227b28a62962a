"""Divide a labelled file into folds, and train a pipeline without each fold.

OUT/fold-1 has the pipeline that was trained without fold 1. OUT/two-thirds-1 has one that was
trained on two thirds of the same sentences, to show whether more data would help. When a
training is complete, a checksum of the sentences, the number of folds and the config is written to
its folder. Pipelines without a checksum, or with another one, are trained by the next command.
"""

import gc
import hashlib
import io
import math
from collections import defaultdict
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from itertools import product, starmap
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from spacy.cli.train import train
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from tqdm import tqdm

from ..default_config import read_config
from ..errors import UserError
from ..files.docs import blank_pipeline
from ..files.options import Options
from ..files.reading import read_docs
from ..pipe.loading import load_pipeline
from ..system.atomic import save_text
from ..system.cores import cores
from ..system.folder_lock import exclusive
from ..system.workers import Workers, as_done
from ..training.init import fill
from .examples import predict_examples

# Part -> share of the training sentences, the smallest first
TRAIN_SHARES = {"two-thirds": 2 / 3, "fold": 1.0}
# Share of the sentences outside the test fold on which calibration and thresholds are fitted
DEV_SHARE = 0.1
# Settings that differ from the shipped config, so that folds of a small corpus train faster:
# MIN_STEPS is the minimum number of updates. BATCH is the range of the number of words in an
# update, which grows with the corpus. On 300 sentences of contracts, a fold takes 43 s of CPU time.
# With 1,100 words in each update, it takes 57 s. F over the five folds is then 90.3 instead of
# 90.2, and F of the first fold of WikiGold 58.8 instead of 60.9. With MIN_STEPS = 300, F on the
# contracts is only 87.8.
MIN_STEPS = 500
BATCH = (550, 1100)
# Number of passes over the corpus, as in the shipped config
N_PASSES = 9
# Number of evaluations on dev. Each takes half a second.
N_EVALUATIONS = 4
CONFIG, CHECKSUM = "config.cfg", "checksum.txt"


class Fold(NamedTuple):
    """The sentences of a fold, as indices.

    test (list[int]): Held-out sentences, on which the pipeline is scored.
    train (list[int]): Training sentences.
    dev (list[int]): Sentences for fitting the calibration and the thresholds.
    """

    test: list[int]
    train: list[int]
    dev: list[int]


@dataclass(frozen=True)
class FoldedCorpus:
    """A labelled file in folds, and the folder of the pipelines.

    file (Path): The labelled file.
    docs (list[Doc]): Its sentences.
    folds (list[Fold]): How they are divided.
    out (Path): The folder of the pipelines.
    config (str): The training config.
    checksum (str): Checksum of the sentences, the number of folds and the config.
    """

    file: Path
    docs: list[Doc]
    folds: list[Fold]
    out: Path
    config: str
    checksum: str

    def folder(self, part: str, number: int) -> Path:
        """Return the folder of a pipeline.

        part (str): A key of TRAIN_SHARES.
        number (int): The number of the fold, from 1.
        """
        return self.out / f"{part}-{number}"


# The folder of a pipeline, and the settings that override OUT/config.cfg in its training
Task = tuple[Path, dict[str, Any]]


def read_folds(
    file: Path,
    out: Path,
    *,
    n_folds: int = 5,
    lang: str = "en",
    vectors: str | None = None,
    options: Options | None = None,
) -> FoldedCorpus:
    """Read a labelled file and divide it into folds. Nothing is trained yet.

    out (Path): The folder for the pipelines.
    vectors (str | None): A pipeline with word vectors, or its folder.
    options (Options | None): How to read the file.
    RAISES UserError: If the file cannot be read, or has too few sentences.
    """
    docs = read_docs(file, blank_pipeline(lang), options)
    config = fill(read_config(), lang=lang, vectors=vectors)
    checksum = hashlib.sha256(f"{n_folds} folds\n{config}".encode())
    checksum.update(DocBin(docs=docs).to_bytes())
    folds = make_folds(docs, n_folds=n_folds)
    return FoldedCorpus(file, docs, folds, out, config, checksum.hexdigest())


def make_folds(docs: Sequence[Doc], *, n_folds: int) -> list[Fold]:
    """Divide a corpus into folds of about equal size.

    All sentences of a document are in the same fold. In files without documents, all copies of a
    sentence are in the same fold. Copies of test sentences are never in the training part of the
    same fold.

    docs (Sequence[Doc]): The sentences. Their `origin` names the document.
    RETURNS (list[Fold]): The folds.
    RAISES UserError: If there are too few sentences.
    """
    groups: dict[Any, list[int]] = defaultdict(list)
    for i, doc in enumerate(docs):
        origin = doc.user_data["origin"]
        document = (origin["file"], origin["document"])
        groups[document if origin["document"] else doc.text].append(i)
    if len(groups) < n_folds:
        raise UserError(
            f"{len(docs)} sentences in {len(groups)} groups are too few for {n_folds} folds. The "
            "sentences of a document form a group, and so do copies of a sentence. Give more "
            "sentences, or a smaller --folds"
        )
    rng = np.random.default_rng(0)
    shuffled = list(groups.values())
    rng.shuffle(shuffled)
    # Large groups come first, each into the smallest fold.
    test_sets: list[list[int]] = [[] for _ in range(n_folds)]
    for group in sorted(shuffled, key=len, reverse=True):
        min(test_sets, key=len).extend(group)
    return [_make_fold(docs, shuffled, test) for test in test_sets]


def _make_fold(docs: Sequence[Doc], groups: list[list[int]], test: list[int]) -> Fold:
    test_texts = {docs[i].text for i in test}
    dev_size = DEV_SHARE * (len(docs) - len(test))
    dev: list[int] = []
    train: list[int] = []
    for group in groups:
        unseen = [i for i in group if docs[i].text not in test_texts]
        is_dev = len(dev) < dev_size or not any(docs[i].ents for i in dev)
        (dev if is_dev else train).extend(unseen)
    return Fold(sorted(test), train, dev)


def find_missing(corpus: FoldedCorpus, parts: Sequence[str]) -> list[tuple[str, int]]:
    """Find the pipelines that are not trained yet, or were trained with other settings.

    parts (Sequence[str]): Keys of TRAIN_SHARES.
    RETURNS (list[tuple[str, int]]): Part and number of the fold.
    """
    missing = []
    for part, number in product(parts, range(1, len(corpus.folds) + 1)):
        path = corpus.folder(part, number) / CHECKSUM
        if not path.is_file() or path.read_text(encoding="utf-8") != corpus.checksum:
            missing.append((part, number))
    return missing


def train_folds(corpus: FoldedCorpus, parts: Sequence[str] = ("fold",)) -> None:
    """Train the missing pipelines, one on each core. The progress bar counts all pipelines.

    parts (Sequence[str]): Keys of TRAIN_SHARES.
    RAISES UserError: If the folder cannot be used, or a training fails.
    """
    with exclusive(corpus.out):
        missing = find_missing(corpus, parts)
        tasks = starmap(partial(prepare_training, corpus), missing)
        (corpus.out / CONFIG).write_text(corpus.config, encoding="utf-8")
        workers = Workers(train_pipeline, cores())
        n_pipelines = len(parts) * len(corpus.folds)
        progress = tqdm(
            as_done(tasks, workers.submit, workers.n_slots),
            "Pipelines",
            n_pipelines,
            initial=n_pipelines - len(missing),
        )
        try:
            for (folder, _), future in progress:
                error = future.exception()
                if error:
                    raise UserError(f"the training of {folder} failed: {error}") from error
                save_text(folder / CHECKSUM, corpus.checksum)
        finally:
            workers.close()


def prepare_training(corpus: FoldedCorpus, part: str, number: int) -> Task:
    """Write the sentences for a pipeline into its folder."""
    folder = corpus.folder(part, number)
    folder.mkdir(exist_ok=True)
    (folder / CHECKSUM).unlink(missing_ok=True)
    fold = corpus.folds[number - 1]
    n_train = math.ceil(len(fold.train) * TRAIN_SHARES[part])
    n_words = sum(map(len, corpus.docs))
    overrides: dict[str, Any] = {
        # If BATCH does not limit the size, MIN_STEPS updates take N_PASSES passes over the corpus.
        "training.batcher.size": int(np.clip(N_PASSES * n_words // MIN_STEPS, *BATCH)),
        "initialize.before_init.min_steps": math.ceil(MIN_STEPS * TRAIN_SHARES[part]),
        "initialize.before_init.evaluations": N_EVALUATIONS,
    }
    for name, indices in (("train", fold.train[:n_train]), ("dev", fold.dev)):
        path = folder / f"{name}.spacy"
        DocBin(docs=[corpus.docs[i] for i in indices]).to_disk(path)
        overrides[f"paths.{name}"] = str(path)
    return folder, overrides


def train_pipeline(task: Task) -> None:
    """Train a pipeline in a worker process."""
    folder, overrides = task
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        train(folder.parent / CONFIG, folder, overrides=overrides)
    # A pipeline has reference cycles. Without this, it would still be in memory during the next
    # training.
    gc.collect()


def predict_folds(
    corpus: FoldedCorpus, part: str = "fold", *, predict: Any = predict_examples
) -> list[Example]:
    """Predict each sentence on raw text, by the pipeline that was trained without it.

    part (str): A key of TRAIN_SHARES. Its pipelines must have been trained.
    predict (Callable): A function of the module `examples`, such as `predict_candidates`.
    RETURNS (list[Example]): In the order of the corpus.
    """
    examples_by_sentence: dict[int, Example] = {}
    for number, fold in enumerate(corpus.folds, 1):
        nlp = load_pipeline(corpus.folder(part, number) / "model-best")
        examples = predict(nlp, [corpus.docs[i] for i in fold.test])
        examples_by_sentence |= zip(fold.test, examples, strict=True)
    return [example for _, example in sorted(examples_by_sentence.items())]
