"""Measure how well a trained pipeline learns new labels, and how much it forgets.

    python -m scripts.research.going_on PIPELINE OLD.spacy NEW [--way update] [--size 300]

OLD.spacy has test sentences of the labels that PIPELINE knows. NEW is a folder with train.spacy,
dev.spacy and test.spacy of other labels, from `convert --annotated LABELS`. Without `--annotated`,
all other words count as outside of entities. The script prints a row of a table: F on the new
labels, F on the old labels before and after, and the number of entities with new labels in the
first 1,000 sentences of OLD.spacy. Ways to learn:

    update       a loop of `nlp.update` with dropout 0.2, by default 12 passes in batches of 8; the
                 running means of the weights are scored
    train        `spacy train` with a config that `init --from PIPELINE` wrote
    scratch      `spacy train` with configs/bilstm.cfg; give the vectors with --vectors
    correction   20 updates on sentences of NEW, drawn by --seed; NEW must be annotated with the
                 old labels; F is computed on these sentences

To add a second label, save the pipeline with --output, and give it to another call.
"""

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import spacy
import typer
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import fix_random_seed, minibatch

from spacy_bilstm_ner.training.init import write_config

N_OLD_SENTENCES = 1000
N_DEV_SENTENCES = 100


def read(path: Path, nlp: Language) -> list[Doc]:
    return list(DocBin().from_disk(path).get_docs(nlp.vocab))


def score(nlp: Language, docs: list[Doc], labels: set[str]) -> tuple[float, list[str]]:
    """Return F of some labels, and the texts of all predicted entities of other labels."""
    n_correct = n_predicted = n_gold = 0
    others = []
    for predicted, doc in zip(nlp.pipe([doc.text for doc in docs]), docs, strict=True):
        gold = {(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents}
        n_gold += len(gold)
        for ent in predicted.ents:
            if ent.label_ in labels:
                n_predicted += 1
                n_correct += (ent.start_char, ent.end_char, ent.label_) in gold
            else:
                others.append(ent.text)
    return 2 * n_correct / max(1, n_predicted + n_gold), others


def update(
    nlp: Language, docs: list[Doc], *, seed: int, passes: int, batch: int, drop: float
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
    config: Path, docs: list[Doc], dev: list[Doc], folder: Path, overrides: list[str]
) -> Language:
    command = [sys.executable, "-m", "spacy", "train", str(config), "--output", str(folder)]
    for part, docs_of_part in (("train", docs), ("dev", dev)):
        path = folder / f"{part}.spacy"
        DocBin(docs=docs_of_part, attrs=["ENT_IOB", "ENT_TYPE"]).to_disk(path)
        command.append(f"--paths.{part}={path}")
    subprocess.run([*command, *overrides], check=True)
    return spacy.load(folder / "model-best")


def main(
    pipeline: str,
    old: Path,
    new: Path,
    way: str = "update",
    size: int = 300,
    passes: int = 12,
    batch: int = 8,
    seed: int = 0,
    part: str = "test",
    vectors: str = "null",
    output: Path | None = None,
) -> None:
    """Train, and print a row of the table.

    SIZE: new sentences. PASSES and BATCH: of the loop. PART: the part of NEW that is scored.
    VECTORS: for a pipeline that starts from scratch. OUTPUT: folder for the new pipeline.
    """
    nlp = spacy.load(pipeline)
    old_labels = set(nlp.get_pipe("ner").labels)
    old_docs = read(old, nlp)[:N_OLD_SENTENCES]
    old_f, _ = score(nlp, old_docs, old_labels)
    new_docs = read(new / "train.spacy", nlp)
    random.Random(seed if way == "correction" else 0).shuffle(new_docs)
    new_docs = new_docs[:size]
    dev = read(new / "dev.spacy", nlp)[:N_DEV_SENTENCES]
    test = read(new / f"{part}.spacy", nlp)
    new_labels = {ent.label_ for doc in new_docs for ent in doc.ents}
    averages = {}
    start = sum(os.times()[:4])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "config.cfg"
        overrides = [f"--system.seed={seed}"]
        if way == "scratch":
            config = Path("configs/bilstm.cfg")
            overrides.append(f"--paths.vectors={vectors}")
        if way == "train":
            write_config(config, source=pipeline)
        if way in ("scratch", "train"):
            nlp = train(config, new_docs, dev, folder, overrides)
        elif way == "correction":
            update(nlp, new_docs, seed=seed, passes=20, batch=size, drop=0.0)
            test = new_docs
        else:
            averages = update(nlp, new_docs, seed=seed, passes=passes, batch=batch, drop=0.2)
    seconds = sum(os.times()[:4]) - start
    with nlp.use_params(averages):
        if output:
            nlp.to_disk(output)
        new_f, _ = score(nlp, test, new_labels)
        new_old_f, found_in_old = score(nlp, old_docs, old_labels)
    row = [way, str(size), str(seed), f"{new_f:.1%}"]
    if way != "scratch":
        row += [f"{old_f:.1%} → {new_old_f:.1%}", str(len(found_in_old))]
        print(found_in_old, file=sys.stderr)
    print("|", " | ".join(row), f"| {seconds:.0f} s |")


if __name__ == "__main__":
    typer.run(main)
