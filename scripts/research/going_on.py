"""Measure how well a trained pipeline learns new labels, and how much it forgets.

    python -m scripts.research.going_on PIPELINE OLD.spacy NEW [--way update] [--size 300]

OLD.spacy has test sentences that are annotated with the labels of PIPELINE. The first 1,000 are
used. NEW is a folder with train.spacy, dev.spacy and test.spacy that are annotated with other
labels, from `convert --annotated LABELS`. Without `--annotated`, all other words count as outside
of entities. The first 100 sentences of dev.spacy are used. The option --seed draws the sentences
from train.spacy and is the seed of the training.

The script prints a row of a table: F on the new labels, F on the old labels before and after, the
number of predicted entities with new labels in OLD.spacy, and the CPU time of learning. Ways to
learn:

    update       a loop of `nlp.update` with dropout 0.2, by default 12 passes, in batches of 8; the
                 running means of the weights are scored
    train        `spacy train` with a config that `init --from PIPELINE` wrote
    scratch      `spacy train` with configs/bilstm.cfg; give the vectors with --vectors
    correction   20 updates on the sentences; NEW must be annotated with the old labels; F is
                 computed on these sentences
"""

import random
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import spacy
import typer
from spacy.cli.train import train as spacy_train
from spacy.language import Language
from spacy.scorer import PRFScore
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from spacy.util import fix_random_seed, minibatch

from spacy_bilstm_ner.training.init import write_config

N_OLD_SENTENCES = 1000
N_DEV_SENTENCES = 100


def read(path: Path, nlp: Language) -> list[Doc]:
    return list(DocBin().from_disk(path).get_docs(nlp.vocab))


def score(nlp: Language, docs: list[Doc], labels: set[str]) -> tuple[float, int]:
    """Return F of some labels, and the number of predicted entities of other labels."""
    prf = PRFScore()
    n_others = 0
    for predicted, doc in zip(nlp.pipe(map(str, docs)), docs, strict=True):
        entities = [ent for ent in predicted.ents if ent.label_ in labels]
        prf.score_set(find_places(entities), find_places(doc.ents))
        n_others += len(predicted.ents) - len(entities)
    return prf.fscore, n_others


def find_places(entities: Iterable[Span]) -> set[tuple[int, int, str]]:
    return {(ent.start_char, ent.end_char, ent.label_) for ent in entities}


def update(
    nlp: Language, docs: list[Doc], *, seed: int, passes: int, drop: float, batch: int = 8
) -> dict:
    """Update a pipeline in a loop.

    RETURNS (dict): Running means of the weights.
    """
    fix_random_seed(seed)
    examples = [Example(nlp.make_doc(doc.text), doc) for doc in docs]
    optimizer = nlp.resume_training()
    for _ in range(passes):
        random.shuffle(examples)
        for examples_of_batch in minibatch(examples, batch):
            nlp.update(examples_of_batch, sgd=optimizer, drop=drop)
    return optimizer.averages or {}


def train(
    config: Path, docs: list[Doc], dev: list[Doc], folder: Path, overrides: dict[str, Any]
) -> Language:
    for part, docs_of_part in (("train", docs), ("dev", dev)):
        path = folder / f"{part}.spacy"
        DocBin(docs=docs_of_part, attrs=["ENT_IOB", "ENT_TYPE"]).to_disk(path)
        overrides[f"paths.{part}"] = str(path)
    spacy_train(config, folder, overrides=overrides)
    return spacy.load(folder / "model-best")


def main(
    pipeline: str,
    old: Path,
    new: Path,
    way: str = "update",
    size: int = 300,
    passes: int = 12,
    seed: int = 0,
    part: str = "test",
    vectors: str | None = None,
) -> None:
    """Train, and print a row of the table.

    SIZE: number of training sentences. PASSES: for the way `update`. PART: the part of NEW that is
    scored. VECTORS: for the way `scratch`.
    """
    nlp = spacy.load(pipeline)
    old_labels = set(nlp.get_pipe("ner").labels)
    old_docs = read(old, nlp)[:N_OLD_SENTENCES]
    old_f, _ = score(nlp, old_docs, old_labels)
    new_docs = read(new / "train.spacy", nlp)
    random.Random(seed).shuffle(new_docs)
    new_docs = new_docs[:size]
    dev = read(new / "dev.spacy", nlp)[:N_DEV_SENTENCES]
    test = read(new / f"{part}.spacy", nlp)
    new_labels = {ent.label_ for doc in new_docs for ent in doc.ents}
    averages = {}
    start = process_time()
    with TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "config.cfg"
        overrides: dict[str, Any] = {"system.seed": seed}
        if way == "scratch":
            config = Path("configs/bilstm.cfg")
            overrides["paths.vectors"] = vectors
        if way == "train":
            write_config(config, source=pipeline)
        if way in ("scratch", "train"):
            nlp = train(config, new_docs, dev, folder, overrides)
        elif way == "correction":
            update(nlp, new_docs, seed=seed, passes=20, drop=0.0, batch=size)
            test = new_docs
        else:
            averages = update(nlp, new_docs, seed=seed, passes=passes, drop=0.2)
    seconds = process_time() - start
    with nlp.use_params(averages):
        new_f, _ = score(nlp, test, new_labels)
        old_f_after, n_new_in_old = score(nlp, old_docs, old_labels)
    row = f"| {way} | {size} | {seed} | {new_f:.1%} |"
    if way != "scratch":
        row += f" {old_f:.1%} → {old_f_after:.1%} | {n_new_in_old} |"
    print(f"{row} {seconds:.0f} s |")


if __name__ == "__main__":
    typer.run(main)
