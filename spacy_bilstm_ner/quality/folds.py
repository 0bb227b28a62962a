"""Divide a labelled file into folds, and train a pipeline without each fold.

OUT/fold-1 has the pipeline that was trained without fold 1. OUT/third-1 and OUT/two-thirds-1 have
pipelines for the learning curve, which were trained on a part of the same sentences. A folder
appears when its training is complete, so an interrupted command can resume. Each folder stores a
hash of its data and settings. If the hash no longer agrees, the pipeline is trained again.
"""

import gc
import hashlib
import io
import math
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from itertools import filterfalse
from pathlib import Path
from typing import Any

import numpy as np
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config_from_str
from tqdm import tqdm

from ..default_config import read_config
from ..errors import UserError
from ..files.docs import blank_pipeline
from ..files.options import Options
from ..pipe.loading import load_pipeline
from ..system.cores import cores
from ..system.exclusive import exclusive
from ..system.whole import unfinished_folder, whole_folder
from ..system.workers import Workers, as_done
from ..training.init import fill
from .examples import predict_examples, read_labelled_docs, without_thresholds

# Part -> share of the training sentences, the smallest first
PARTS = {"third": 1 / 3, "two-thirds": 2 / 3, "fold": 1.0}
# Share of the training sentences on which calibration and thresholds are fitted
DEV_SHARE = 0.1
# Settings with which folds of a small corpus train faster than with the shipped config: the minimum
# number of updates, and the range of the number of words in an update, which grows with the corpus.
# A fold of 300 sentences of contracts takes 43 s of CPU time, compared with 57 s for updates of
# 1,100 words. F over the five folds is 90.2 (90.3), and F of the first fold of WikiGold is 60.9
# (58.8). 300 updates of 550 words are too few: F on the contracts is 87.8.
MIN_STEPS = 500
BATCH = (550, 1100)
# About the number of epochs of the shipped config
N_EPOCHS = 9
# Number of evaluations on dev. Each takes half a second.
N_EVALUATIONS = 4


@dataclass(frozen=True)
class Fold:
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
    seed (int): Random seed of the folds and of the trainings.
    config (str): The training config.
    """

    file: Path
    docs: list[Doc]
    folds: list[Fold]
    out: Path
    seed: int
    config: str

    @cached_property
    def hashes(self) -> list[str]:
        """A hash of each sentence with its annotation."""
        return [hashlib.sha256(_to_bytes([doc])).hexdigest() for doc in self.docs]


@dataclass(frozen=True)
class Training:
    """A pipeline to be trained.

    folder (Path): Where the pipeline will be.
    train, dev (list[int]): Indices of sentences.
    config (str): The config, without the paths.
    key (str): A hash of the data and of the config.
    """

    folder: Path
    train: list[int]
    dev: list[int]
    config: str
    key: str

    def is_done(self) -> bool:
        """Return whether the pipeline is there.

        RAISES UserError: If the folder is there, but was not made by a training.
        """
        key_file = self.folder / "key"
        if self.folder.exists() and not key_file.is_file():
            raise UserError(
                f"{self.folder} exists, but is not a pipeline of a fold: give another OUT, or move "
                "it to another place"
            )
        return key_file.is_file() and key_file.read_text() == self.key


# A training with its sentences, train and dev, as DocBins
Task = tuple[Training, dict[str, bytes]]


def read_folds(
    file: Path,
    out: Path,
    *,
    n_folds: int = 5,
    seed: int = 0,
    lang: str = "en",
    vectors: str | None = None,
    options: Options | None = None,
) -> FoldedCorpus:
    """Read a labelled file and divide it into folds. Nothing is trained yet.

    out (Path): The folder for the pipelines.
    vectors (Optional[str]): A pipeline with word vectors, or its folder.
    options (Optional[Options]): How to read the file.
    RAISES UserError: If the file cannot be read, or has too few sentences or entities.
    """
    docs = read_labelled_docs(blank_pipeline(lang), file, options)
    folds = make_folds(docs, n_folds=n_folds, seed=seed)
    config = fill(read_config(), lang=lang, vectors=vectors)
    return FoldedCorpus(file, docs, folds, out, seed, config)


def make_folds(docs: Sequence[Doc], *, n_folds: int, seed: int) -> list[Fold]:
    """Divide a corpus into folds of about equal size.

    All sentences of a document are in the same fold. In files without documents, all copies of a
    sentence are. Copies of test sentences are never in the training part of the same fold.

    docs (Sequence[Doc]): The sentences. Their `origin` names the document.
    RETURNS (list[Fold]): The folds. Each has at least one entity in train, and one in dev.
    RAISES UserError: If there are too few sentences or entities.
    """
    if n_folds < 2:
        raise UserError(f"--folds must be at least 2, but it is {n_folds}")
    groups: dict[Any, list[int]] = defaultdict(list)
    for i, doc in enumerate(docs):
        origin = doc.user_data["origin"]
        document = (origin["file"], origin["document"])
        groups[document if origin["document"] else doc.text].append(i)
    if len(groups) < n_folds:
        raise UserError(
            f"{len(groups)} groups of sentences are too few for {n_folds} folds (all {len(docs)} "
            "sentences; those of one document, and copies of one sentence, stay together): give "
            "more sentences, or a smaller --folds"
        )
    rng = np.random.default_rng(seed)
    shuffled = list(groups.values())
    rng.shuffle(shuffled)
    # Large groups come first, each into the smallest fold.
    test_sets: list[list[int]] = [[] for _ in range(n_folds)]
    for group in sorted(shuffled, key=len, reverse=True):
        min(test_sets, key=len).extend(group)
    return [_make_fold(docs, shuffled, test) for test in test_sets]


def _make_fold(docs: Sequence[Doc], groups: list[list[int]], test: list[int]) -> Fold:
    held_out = {docs[i].text for i in test}
    dev_size = DEV_SHARE * (len(docs) - len(test))
    dev: list[int] = []
    train: list[int] = []
    in_test = set(test)
    for group in groups:
        unseen = [i for i in group if i not in in_test and docs[i].text not in held_out]
        is_dev = len(dev) < dev_size or not _has_entities(docs, dev)
        (dev if is_dev else train).extend(unseen)
    if not _has_entities(docs, train):
        raise UserError(
            "too few sentences have entities: each fold needs one for training and one for fitting "
            "the thresholds. Label more sentences, or give a smaller --folds"
        )
    return Fold(sorted(test), train, dev)


def _has_entities(docs: Sequence[Doc], indices: list[int]) -> bool:
    return any(docs[i].ents for i in indices)


def plan_trainings(corpus: FoldedCorpus, parts: Sequence[str] = ("fold",)) -> list[Training]:
    """Return all trainings for these PARTS of the learning curve, with those that are done."""
    n_words = sum(map(len, corpus.docs))
    settings: dict[str, Any] = {
        "system.seed": corpus.seed,
        # MIN_STEPS updates then take N_EPOCHS passes over the corpus.
        "training.batcher.size": int(np.clip(N_EPOCHS * n_words // MIN_STEPS, *BATCH)),
        "training.logger.progress_bar": None,
        "initialize.before_init.evaluations": N_EVALUATIONS,
    }
    trainings = []
    for part in parts:
        settings["initialize.before_init.min_steps"] = math.ceil(MIN_STEPS * PARTS[part])
        config = load_config_from_str(corpus.config, overrides=settings).to_str()
        for number, fold in enumerate(corpus.folds, 1):
            train_set = fold.train[: math.ceil(len(fold.train) * PARTS[part])]
            hashes = [corpus.hashes[i] for i in (*train_set, *fold.dev)]
            key = hashlib.sha256("\n".join([config, *hashes]).encode()).hexdigest()
            folder = corpus.out / f"{part}-{number}"
            trainings.append(Training(folder, train_set, fold.dev, config, key))
    return trainings


def _to_bytes(docs: list[Doc]) -> bytes:
    return DocBin(["ENT_IOB", "ENT_TYPE"], docs=docs).to_bytes()


def missing_trainings(corpus: FoldedCorpus, parts: Sequence[str] = ("fold",)) -> list[Training]:
    """Return the trainings for these PARTS that are not done yet."""
    return list(filterfalse(Training.is_done, plan_trainings(corpus, parts)))


def train_folds(corpus: FoldedCorpus, parts: Sequence[str] = ("fold",)) -> None:
    """Train the missing pipelines for these PARTS, one on each core.

    RAISES UserError: If the folder cannot be used, or a training fails.
    RAISES KeyboardInterrupt: On Ctrl-C, with a message that says how to resume.
    """
    with exclusive(corpus.out):
        trainings = missing_trainings(corpus, parts)
        progress = tqdm(total=len(trainings), desc="Training", unit="pipeline", disable=None)
        workers = Workers(train_pipeline, cores())
        try:
            tasks = _make_tasks(corpus, trainings)
            for (training, _), future in as_done(tasks, workers.submit, workers.n_slots):
                error = future.exception()
                if error:
                    raise UserError(f"the training of {training.folder} failed: {error}") from error
                progress.update()
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                "Interrupted. Run the same command again to train the pipelines that are missing."
            ) from None
        finally:
            progress.close()
            workers.close()
            # Workers that were killed may have left these.
            for training in trainings:
                shutil.rmtree(unfinished_folder(training.folder), ignore_errors=True)


def _make_tasks(corpus: FoldedCorpus, trainings: list[Training]) -> Iterator[Task]:
    for training in trainings:
        data = {}
        for name, indices in (("train", training.train), ("dev", training.dev)):
            data[name] = _to_bytes([corpus.docs[i] for i in indices])
        yield training, data


def train_pipeline(task: Task) -> None:
    """Train a pipeline in a worker process."""
    training, data = task
    with whole_folder(training.folder) as folder:
        paths = {}
        for name, content in data.items():
            path = folder / f"{name}.spacy"
            path.write_bytes(content)
            paths[f"paths.{name}"] = str(path)
        config = load_config_from_str(training.config, overrides=paths)
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as output:
            train(init_nlp(config), folder, stdout=output, stderr=output)
        shutil.rmtree(folder / "model-last")
        (folder / "key").write_text(training.key)
    # A pipeline has reference cycles. Without this, it would still be in memory during the next
    # training.
    gc.collect()


def predict_folds(
    corpus: FoldedCorpus, part: str = "fold", *, all_candidates: bool = False
) -> list[Example]:
    """Predict each sentence on raw text, by the pipeline that was trained without it.

    part (str): A key of PARTS. Its pipelines must have been trained.
    all_candidates (bool): Whether to write entities below the thresholds as well.
    RETURNS (list[Example]): In the order of the corpus.
    """
    examples_by_sentence: dict[int, Example] = {}
    for number, fold in enumerate(corpus.folds, 1):
        nlp = load_pipeline(corpus.out / f"{part}-{number}" / "model-best")
        with without_thresholds(nlp) if all_candidates else nullcontext():
            examples = predict_examples(nlp, [corpus.docs[i] for i in fold.test])
        examples_by_sentence |= zip(fold.test, examples, strict=True)
    return [example for _, example in sorted(examples_by_sentence.items())]
