"""Folds of a labelled file, and the pipelines trained on them: each sentence is predicted by one that never saw it.

OUT/fold-i holds the pipeline that was trained without fold i, OUT/third-i and OUT/two-thirds-i those that were trained
on a part of its sentences. Each is whole or absent, so a call that was broken off goes on where it stopped; and each
knows what it was trained from, so it is trained again only if that has changed.
"""

import argparse
import gc
import hashlib
import io
import logging
import math
import re
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import chain, product
from pathlib import Path
from typing import Any

import numpy as np
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from tqdm import tqdm

from ..default_config import read_config
from ..errors import UserError
from ..files.docs import blank_pipeline
from ..pipe.loading import load_pipeline
from ..system.cores import cores
from ..system.exclusive import exclusive
from ..system.whole import whole_folder
from ..system.workers import Workers, as_done
from ..training.init import fill
from .reading import everything, labelled_docs, predict_docs

# Name of a pipeline's folder → the share of the training sentences that it has learnt from.
PARTS = {"third": 1 / 3, "two-thirds": 2 / 3, "fold": 1.0}
# Share of the sentences that are not held out on which calibration and thresholds are fitted.
DEV_SHARE = 0.1
# What the folds of a small corpus have instead of the shipped config's numbers, to take a fraction of its time: the
# least updates, and the words of each, which grow with the corpus up to the config's. Against updates of 1,100 words,
# a fold of 300 sentences of contracts takes 43 CPU seconds (57), and F over its five folds is 90.2 (90.3); in the first
# fold of WikiGold it is 60.9 (58.8). 300 updates of 550 words are too few for contracts: 87.8.
MIN_STEPS = 500
BATCH = (550, 1100)
# Each takes half a second.
EVALUATIONS = 4


@dataclass(frozen=True)
class Fold:
    """Numbers of sentences: what is held out, what is trained on, and what calibration is fitted on."""

    test: list[int]
    train: list[int]
    dev: list[int]


def deal(docs: Sequence[Doc], *, k: int, seed: int) -> list[Fold]:
    """Divide a corpus. Sentences of one document and copies of one sentence fall into one fold. Only a copy that would
    chain documents to more than a fold holds stays apart; then the other folds do not train on it.

    docs (Sequence[Doc]): The sentences, with the documents that `files` has found. Labels make no difference.
    RETURNS (list[Fold]): The folds; each trains on at least one entity and has one in dev.
    RAISES UserError: If there are too few sentences or entities.
    """
    if k < 2:
        raise UserError(f"--folds must be at least 2, but is {k}")
    groups = _groups(docs, largest=math.ceil(len(docs) / k))
    if len(groups) < k:
        raise UserError(
            f"{len(docs)} sentences make {len(groups)} groups (sentences of one document, and copies of one sentence, "
            f"stay together), too few for {k} folds: give more sentences, or a smaller --folds"
        )
    rng = np.random.default_rng(seed)
    rng.shuffle(groups)
    # The large ones first, each into the fold that has the least.
    folds: list[list[list[int]]] = [[] for _ in range(k)]
    sizes = [0] * k
    for group in sorted(groups, key=len, reverse=True):
        smallest = sizes.index(min(sizes))
        folds[smallest].append(group)
        sizes[smallest] += len(group)
    return [_fold(docs, folds, i, rng) for i in range(k)]


def _groups(docs: Sequence[Doc], *, largest: int) -> list[list[int]]:
    group_of = [[i] for i in range(len(docs))]

    def join(i: int, j: int) -> None:
        one, other = group_of[i], group_of[j]
        if one is not other:
            one += other
            for member in other:
                group_of[member] = one

    origins = [doc.user_data["origin"] for doc in docs]
    documents = [
        (origin["file"], origin["document"]) if origin["document"] else None for origin in origins
    ]
    first: dict[Any, int] = {}
    for i, document in enumerate(documents):
        if document:
            join(first.setdefault(document, i), i)
    for i, doc in enumerate(docs):
        same = first.setdefault(doc.text, i)
        chained = documents[same] and documents[i]
        if not chained or len(group_of[same]) + len(group_of[i]) <= largest:
            join(same, i)
    return list({id(group): group for group in group_of}.values())


def _fold(
    docs: Sequence[Doc], folds: list[list[list[int]]], i: int, rng: np.random.Generator
) -> Fold:
    test = sorted(chain.from_iterable(folds[i]))
    held_out = {docs[index].text for index in test}
    rest = [group for fold in folds if fold is not folds[i] for group in fold]
    rng.shuffle(rest)
    rest = [[index for index in group if docs[index].text not in held_out] for group in rest]
    wanted = DEV_SHARE * sum(map(len, rest))
    dev: list[int] = []
    while rest and (len(dev) < wanted or not any(docs[index].ents for index in dev)):
        dev += rest.pop()
    train = list(chain.from_iterable(rest))
    if not any(docs[index].ents for index in train):
        raise UserError(
            f"too few sentences have entities: without fold {i + 1}, there is none left to train on and one to fit "
            "confidences on. Label more, or give a smaller --folds"
        )
    return Fold(test, train, dev)


@dataclass(frozen=True)
class Run:
    """A corpus, its folds, and the folder in which their pipelines are."""

    docs: list[Doc]
    folds: list[Fold]
    out: Path

    def predict(self, part: str = "fold", *, unsure: bool = False) -> list[Example]:
        """Predict each sentence on raw text by the pipeline that has not seen it, in the order of the corpus.

        part (str): A name from PARTS.
        unsure (bool): Whether spans that are not sure enough to be entities are written, too.
        """
        found: dict[int, Example] = {}
        for number, fold in enumerate(self.folds, 1):
            nlp = load_pipeline(self.out / f"{part}-{number}" / "model")
            with everything(nlp) if unsure else nullcontext():
                examples = predict_docs(nlp, [self.docs[i] for i in fold.test])
            found |= zip(fold.test, examples, strict=True)
        return [found[i] for i in range(len(self.docs))]


@dataclass(frozen=True)
class Training:
    """A pipeline to be trained into a folder, from what `spacy train` is to be given."""

    folder: Path
    packed: dict[str, bytes]  # "train" and "dev", as DocBins
    config: str
    settings: dict[str, Any]

    @property
    def key(self) -> str:
        """What tells it from every other."""
        return hashlib.sha256(
            b"".join([*self.packed.values(), f"{self.config}\n{self.settings}".encode()])
        ).hexdigest()

    def is_done(self) -> bool:
        """RAISES UserError: If the folder is there and something else."""
        if self.folder.exists() and not (self.folder / "key").is_file():
            raise UserError(
                f"{self.folder} is there and no fold of ours: give another OUT, or move it away"
            )
        return self.folder.exists() and (self.folder / "key").read_bytes() == self.key.encode()


def train_folds(args: argparse.Namespace, *, parts: Sequence[str] = ("fold",)) -> Run:
    """Read a file and train a pipeline for each fold with the shipped config, as many side by side as there are cores.

    RAISES UserError: If the file, the options or the folder cannot be used, or a training fails.
    """
    nlp = blank_pipeline(args.lang)
    docs = labelled_docs(nlp, args.file, args.reading)
    run = Run(docs, deal(docs, k=args.folds, seed=args.seed), args.out)
    with exclusive(args.out):
        workers = Workers(_train, cores())
        try:
            for training, done in as_done(
                _missing(run, parts, args), workers.submit, workers.n_slots
            ):
                try:
                    print(f"{training.folder}: trained in {done.result():.0f} s", flush=True)
                except (RuntimeError, UserError) as error:
                    raise UserError(
                        f"`spacy train` failed for {training.folder}: {error}"
                    ) from error
        except KeyboardInterrupt:
            raise UserError(
                "interrupted. The same command goes on from the folds that are whole"
            ) from None
        finally:
            workers.close()
            for path in chain.from_iterable(args.out.glob(f".{part}-*") for part in PARTS):
                shutil.rmtree(path, ignore_errors=True)
    return run


def _missing(run: Run, parts: Sequence[str], args: argparse.Namespace) -> Iterator[Training]:
    """The pipelines that are not there yet; the longest trainings first, so that all cores end at about one time."""
    config = fill(read_config(), lang=args.lang, vectors=args.vectors)
    # So the nine passes over a corpus in between take MIN_STEPS, too.
    batch = int(np.clip(9 * sum(map(len, run.docs)) // MIN_STEPS, *BATCH))
    for part, (number, fold) in product(parts, enumerate(run.folds, 1)):
        learnt = fold.train[: math.ceil(len(fold.train) * PARTS[part])]
        packed = {
            name: DocBin(["ENT_IOB", "ENT_TYPE"], docs=[run.docs[i] for i in some]).to_bytes()
            for name, some in (("train", learnt), ("dev", fold.dev))
        }
        settings = {
            "system.seed": args.seed,
            "training.batcher.size": batch,
            "initialize.before_init.min_steps": math.ceil(MIN_STEPS * PARTS[part]),
            "initialize.before_init.evaluations": EVALUATIONS,
        }
        training = Training(run.out / f"{part}-{number}", packed, config, settings)
        if training.is_done():
            print(f"{training.folder}: is there already", flush=True)
        else:
            yield training


def _train(training: Training) -> float:
    """Train a pipeline into its folder, in a process of its own. RETURNS (float): Seconds."""
    began = time.monotonic()
    with whole_folder(training.folder) as beside:
        (beside / "training").mkdir()
        (beside / "config.cfg").write_text(training.config, encoding="utf-8")
        for name, data in training.packed.items():
            (beside / f"{name}.spacy").write_bytes(data)
        paths = {f"paths.{name}": str(beside / f"{name}.spacy") for name in training.packed}
        _spacy_train(beside / "config.cfg", beside / "training", paths | training.settings)
        (beside / "training" / "model-best").rename(beside / "model")
        shutil.rmtree(beside / "training")
        (beside / "key").write_text(training.key)
    return time.monotonic() - began


def _spacy_train(config: Path, output: Path, overrides: dict[str, Any]) -> None:
    """`spacy train`, in silence. RAISES UserError: What it says if it finds a fault, in a line."""
    from spacy.cli.train import train

    said = io.StringIO()
    logging.disable(logging.WARNING)
    # Its own lock is one between processes, which Python warns of if a process that has it is killed.
    tqdm.set_lock(threading.RLock())
    try:
        with redirect_stdout(said), redirect_stderr(said):
            train(config, output, overrides=overrides)
    except SystemExit:
        # Its own errors are printed, with a cross.
        raise UserError(
            *re.findall("✘ .*?(?=\x1b|$)", said.getvalue(), re.MULTILINE)[-1:]
        ) from None
    finally:
        logging.disable(logging.NOTSET)
        # A pipeline refers to itself: else two of them would be in memory.
        gc.collect()
