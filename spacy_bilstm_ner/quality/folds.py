"""Divide a labelled file into folds, and train a pipeline without each fold.

OUT/fold-1 holds the pipeline that was trained without fold 1. OUT/third-1 and OUT/two-thirds-1 hold
those that were trained on a part of its training sentences. A folder appears only when its training
is complete, so an interrupted command resumes. A folder also stores a hash of its training data and
settings, and is trained again only if that differs.
"""

import gc
import hashlib
import io
import json
import logging
import math
import re
import shutil
import threading
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain, filterfalse
from pathlib import Path
from typing import Any

import numpy as np
from spacy.tokens import Doc, DocBin
from spacy.training import Example
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

# Part -> share of the training sentences
PARTS = {"third": 1 / 3, "two-thirds": 2 / 3, "fold": 1.0}
# Share of the training sentences on which calibration and thresholds are fitted
DEV_SHARE = 0.1
# Settings that make folds of a small corpus train faster than the shipped config: the minimum
# number of updates, and the range of words of an update, which grow with the corpus. Compared with
# updates of 1,100 words, a fold of 300 sentences of contracts takes 43 s of CPU time (57 s), and F
# over its five folds is 90.2 (90.3). In the first fold of WikiGold F is 60.9 (58.8). 300 updates of
# 550 words are too few: F is 87.8 on the contracts.
MIN_STEPS = 500
BATCH = (550, 1100)
# The shipped config passes about nine times over a corpus.
N_EPOCHS = 9
# An evaluation takes half a second.
N_EVALUATIONS = 4


@dataclass(frozen=True)
class Fold:
    """Indices of sentences.

    test (list[int]): Held out.
    train (list[int]): Trained on.
    dev (list[int]): Calibration and thresholds are fitted on these.
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
    def hashes(self) -> list[bytes]:
        """A hash of each sentence with its annotation."""
        return list(map(_hash_doc, self.docs))


@dataclass(frozen=True)
class Training:
    """A pipeline to be trained.

    folder (Path): Where the pipeline will be.
    train, dev (list[int]): Indices of sentences.
    key (str): A hash of the data and of the settings.
    settings (dict[str, Any]): Changes to the config.
    """

    folder: Path
    train: list[int]
    dev: list[int]
    key: str
    settings: dict[str, Any]

    def is_done(self) -> bool:
        """Return whether the pipeline is there.

        RAISES UserError: If the folder is there, but was not made by a training.
        """
        if not self.folder.exists():
            return False
        key_file = self.folder / "key"
        if not key_file.is_file():
            raise UserError(
                f"{self.folder} exists, but holds no pipeline of a fold: give another OUT, or move "
                "it away"
            )
        return key_file.read_text() == self.key


@dataclass(frozen=True)
class TrainingData:
    """What a worker needs for a training. The bytes are DocBins."""

    training: Training
    config: str
    train: bytes
    dev: bytes


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

    Sentences of one document, and copies of one sentence, are in the same fold. An exception are
    copies that would join documents to more than a fold holds: they stay in their documents, and
    the other folds do not train on them.

    docs (Sequence[Doc]): The sentences. Their `origin` names their document. Labels are ignored.
    RETURNS (list[Fold]): Each fold has an entity to train on, and one in dev.
    RAISES UserError: If there are too few sentences or entities.
    """
    if n_folds < 2:
        raise UserError(f"--folds must be at least 2, but it is {n_folds}")
    groups = _group_sentences(docs, max_size=math.ceil(len(docs) / n_folds))
    if len(groups) < n_folds:
        raise UserError(
            f"{len(docs)} sentences make {len(groups)} groups (sentences of one document, and "
            f"copies of one sentence, stay together), too few for {n_folds} folds: give more "
            "sentences, or a smaller --folds"
        )
    rng = np.random.default_rng(seed)
    rng.shuffle(groups)
    # Large groups come first, each into the smallest fold.
    groups_by_fold: list[list[list[int]]] = [[] for _ in range(n_folds)]
    sizes = [0] * n_folds
    for group in sorted(groups, key=len, reverse=True):
        smallest = sizes.index(min(sizes))
        groups_by_fold[smallest].append(group)
        sizes[smallest] += len(group)
    return [_make_fold(docs, groups_by_fold, number, rng) for number in range(n_folds)]


def _group_sentences(docs: Sequence[Doc], *, max_size: int) -> list[list[int]]:
    """Return groups of indices of sentences that belong into one fold."""
    group_of = [[i] for i in range(len(docs))]

    def join(i: int, j: int) -> None:
        first, second = group_of[i], group_of[j]
        if first is not second:
            first += second
            for member in second:
                group_of[member] = first

    documents: list[tuple[str, str] | None] = []
    first_of_document: dict[tuple[str, str], int] = {}
    for i, doc in enumerate(docs):
        origin = doc.user_data["origin"]
        document = (origin["file"], origin["document"]) if origin["document"] else None
        documents.append(document)
        if document:
            join(first_of_document.setdefault(document, i), i)
    first_of_text: dict[str, int] = {}
    for i, doc in enumerate(docs):
        copy = first_of_text.setdefault(doc.text, i)
        joins_documents = documents[copy] and documents[i]
        if not joins_documents or len(group_of[copy]) + len(group_of[i]) <= max_size:
            join(copy, i)
    distinct_groups = {id(group): group for group in group_of}
    return list(distinct_groups.values())


def _make_fold(
    docs: Sequence[Doc],
    groups_by_fold: list[list[list[int]]],
    number: int,
    rng: np.random.Generator,
) -> Fold:
    test = sorted(chain.from_iterable(groups_by_fold[number]))
    held_out_texts = {doc.text for doc in _select(docs, test)}
    other_folds = [*groups_by_fold[:number], *groups_by_fold[number + 1 :]]
    groups = list(chain.from_iterable(other_folds))
    rng.shuffle(groups)
    remaining = []
    for group in groups:
        remaining.append([i for i in group if docs[i].text not in held_out_texts])
    dev_size = DEV_SHARE * sum(map(len, remaining))
    dev: list[int] = []
    while remaining and (len(dev) < dev_size or not _has_entities(docs, dev)):
        dev += remaining.pop()
    train = list(chain.from_iterable(remaining))
    if not _has_entities(docs, train):
        raise UserError(
            f"too few sentences have entities: without fold {number + 1}, there is none left to "
            "train on and one to fit confidences on. Label more, or give a smaller --folds"
        )
    return Fold(test, train, dev)


def _has_entities(docs: Sequence[Doc], indices: list[int]) -> bool:
    return any(docs[i].ents for i in indices)


def plan_trainings(corpus: FoldedCorpus, parts: Sequence[str] = ("fold",)) -> list[Training]:
    """Return all trainings of some PARTS, also those that are done."""
    n_words = sum(map(len, corpus.docs))
    # MIN_STEPS updates then take N_EPOCHS passes over the corpus.
    batch_size = int(np.clip(N_EPOCHS * n_words // MIN_STEPS, *BATCH))
    trainings = []
    for part in parts:
        settings = {
            "system.seed": corpus.seed,
            "training.batcher.size": batch_size,
            "initialize.before_init.min_steps": math.ceil(MIN_STEPS * PARTS[part]),
            "initialize.before_init.evaluations": N_EVALUATIONS,
        }
        for number, fold in enumerate(corpus.folds, 1):
            train = fold.train[: math.ceil(len(fold.train) * PARTS[part])]
            digest = hashlib.sha256(f"{corpus.config}\n{json.dumps(settings)}".encode())
            for indices in (train, fold.dev):
                digest.update(b"\n")
                for i in indices:
                    digest.update(corpus.hashes[i])
            folder = corpus.out / f"{part}-{number}"
            trainings.append(Training(folder, train, fold.dev, digest.hexdigest(), settings))
    return trainings


def _hash_doc(doc: Doc) -> bytes:
    tokens = [(token.text, token.whitespace_, token.ent_iob, token.ent_type_) for token in doc]
    annotated = doc.spans["annotated"].attrs if "annotated" in doc.spans else None
    return hashlib.sha256(repr((tokens, annotated)).encode()).digest()


def missing_trainings(corpus: FoldedCorpus, parts: Sequence[str] = ("fold",)) -> list[Training]:
    """Return the trainings of some PARTS that are still to be done."""
    return list(filterfalse(Training.is_done, plan_trainings(corpus, parts)))


def train_folds(corpus: FoldedCorpus, parts: Sequence[str] = ("fold",)) -> None:
    """Train the pipelines of some PARTS that are missing, one on each core.

    RAISES UserError: If the folder cannot be used, or a training fails.
        KeyboardInterrupt: With a message that says how to resume.
    """
    with exclusive(corpus.out):
        trainings = missing_trainings(corpus, parts)
        progress = tqdm(total=len(trainings), desc="Training", unit="pipeline", disable=None)
        workers = Workers(_train, cores())
        tasks = map(partial(_pack, corpus), trainings)
        try:
            for task, future in as_done(tasks, workers.submit, workers.n_slots):
                _check_outcome(task.training, future)
                progress.update()
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                "Interrupted. The same command resumes after the pipelines that are complete."
            ) from None
        finally:
            progress.close()
            workers.close()
            # Killed workers leave these.
            for training in trainings:
                shutil.rmtree(unfinished_folder(training.folder), ignore_errors=True)


def _check_outcome(training: Training, future: Any) -> None:
    try:
        future.result()
    except (RuntimeError, UserError) as error:
        raise UserError(f"`spacy train` failed for {training.folder}: {error}") from error


def _pack(corpus: FoldedCorpus, training: Training) -> TrainingData:
    train = _select(corpus.docs, training.train)
    dev = _select(corpus.docs, training.dev)
    return TrainingData(training, corpus.config, _to_bytes(train), _to_bytes(dev))


def _select(docs: Sequence[Doc], indices: list[int]) -> list[Doc]:
    return [docs[i] for i in indices]


def _to_bytes(docs: list[Doc]) -> bytes:
    return DocBin(["ENT_IOB", "ENT_TYPE"], docs=docs).to_bytes()


def _train(data: TrainingData) -> None:
    """Train a pipeline in a worker process."""
    with whole_folder(data.training.folder) as folder:
        (folder / "config.cfg").write_text(data.config, encoding="utf-8")
        (folder / "train.spacy").write_bytes(data.train)
        (folder / "dev.spacy").write_bytes(data.dev)
        paths = {
            "paths.train": str(folder / "train.spacy"),
            "paths.dev": str(folder / "dev.spacy"),
        }
        _spacy_train(folder / "config.cfg", folder / "training", paths | data.training.settings)
        (folder / "training" / "model-best").rename(folder / "model")
        shutil.rmtree(folder / "training")
        (folder / "key").write_text(data.training.key)


def _spacy_train(config: Path, output: Path, overrides: dict[str, Any]) -> None:
    """Run `spacy train` without its output. RAISES UserError: With its error message."""
    from spacy.cli.train import train

    output_text = io.StringIO()
    logging.disable(logging.WARNING)
    # The lock of tqdm is shared by processes. Python warns about it if a process is killed.
    tqdm.set_lock(threading.RLock())
    try:
        with redirect_stdout(output_text), redirect_stderr(output_text):
            train(config, output, overrides=overrides)
    except SystemExit:
        # spaCy prints its errors with a cross.
        errors = re.findall("✘ .*?(?=\x1b|$)", output_text.getvalue(), re.MULTILINE)
        raise UserError(*errors[-1:]) from None
    finally:
        logging.disable(logging.NOTSET)
        # A pipeline refers to itself, so two pipelines would be in memory without this.
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
        nlp = load_pipeline(corpus.out / f"{part}-{number}" / "model")
        with without_thresholds(nlp) if all_candidates else nullcontext():
            examples = predict_examples(nlp, _select(corpus.docs, fold.test))
        examples_by_sentence |= zip(fold.test, examples, strict=True)
    return [examples_by_sentence[i] for i in range(len(corpus.docs))]
