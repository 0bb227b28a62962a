"""Change 3 % of the labels of a corpus, and measure how many of the changes `audit` finds.

    python -m scripts.research.audit CORPUS.spacy FOLDER OUT.json [OPTIONS of audit]

`audit` reads the corpus before and after the change. Of its second list, suspicions that the first
list has are left out, since any corpus has wrong labels already. The figure is the share of changed
labels among the first N of the rest, where N is the number of changes.
"""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import srsly
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

SHARE = 0.03
# The text of a sentence, and of an entity in it
Place = tuple[str, str]


def spoil(docs: list[Doc], rng: np.random.Generator) -> set[Place]:
    """Give some of the first entities of Docs another label, or remove them.

    Return the places of these entities.
    """
    candidates = [doc for doc in docs if doc.ents]
    labels = sorted({doc.ents[0].label_ for doc in candidates})
    n_changes = round(SHARE * sum(len(doc.ents) for doc in docs))
    places: set[Place] = set()
    for index in rng.permutation(len(candidates))[:n_changes]:
        doc = candidates[index]
        entity, *entities = doc.ents
        places.add((doc.text, entity.text))
        label = rng.choice(labels)
        if label != entity.label_:
            entities.append(Span(doc, entity.start, entity.end, label=label))
        doc.set_ents(entities)
    return places


def audit(path: Path, folder: Path, options: list[str]) -> list[Place]:
    """Run `audit`. Return the places that it suspects, most suspicious first."""
    command = [sys.executable, "-m", "spacy_bilstm_ner", "audit", str(path), str(folder), *options]
    subprocess.run(command, check=True)
    with (folder / "audit.csv").open(encoding="utf-8-sig", newline="") as file:
        return [(row["sentence"], row["text"]) for row in csv.DictReader(file)]


def share_of_changes(ranked: list[Place], before: list[Place], changed: set[Place]) -> float:
    """Return the share of changed places among the first ones that are not in the list before."""
    new_places = [place for place in ranked if place not in before]
    hits = [place in changed for place in new_places[: len(changed)]]
    return sum(hits) / len(changed)


def main(source: str, target: str, out: str, *options: str) -> None:
    folder = Path(target)
    docs = list(DocBin().from_disk(source).get_docs(Vocab()))
    before = audit(Path(source), folder / "before", list(options))
    changed = spoil(docs, np.random.default_rng(0))
    spoilt = folder / "spoilt.spacy"
    DocBin(docs=docs).to_disk(spoilt)
    ranked = audit(spoilt, folder / "after", list(options))
    figures = {
        "command": " ".join(["python -m scripts.research.audit", source, *options]),
        "changes": len(changed),
        "share_of_changes": share_of_changes(ranked, before, changed),
    }
    srsly.write_json(out, figures)


if __name__ == "__main__":
    main(*sys.argv[1:])
