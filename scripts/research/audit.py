"""Change 3 % of the labels of a corpus, and measure how many of the changes `audit` finds.

    python -m scripts.research.audit CORPUS.spacy FOLDER OUT.json

`audit` reads the corpus before and after the change. A corpus has wrong labels already, so rows of
the second list that are also in the first list are left out. The figure is the share of changed
labels in the first N remaining rows, where N is the number of changes.
"""

import sys
from pathlib import Path

import numpy as np
import srsly
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from spacy_bilstm_ner.quality.audit import audit_folds, read_marked_rows
from spacy_bilstm_ner.quality.folds import read_folds

SHARE = 0.03
# The text of a sentence, and of an entity in it
Place = tuple[str, str]


def spoil(docs: list[Doc], rng: np.random.Generator) -> set[Place]:
    """Give the first entity of some Docs another label, or remove it.

    Return the places of these entities.
    """
    candidates = [doc for doc in docs if doc.ents]
    labels = sorted({doc.ents[0].label_ for doc in candidates})
    n_changes = round(SHARE * sum(len(doc.ents) for doc in docs))
    places = set()
    for index in rng.permutation(len(candidates))[:n_changes]:
        doc = candidates[index]
        entity, *entities = doc.ents
        places.add((doc.text, entity.text))
        label = rng.choice(labels)
        if label != entity.label_:
            entities.append(Span(doc, entity.start, entity.end, label=label))
        doc.set_ents(entities)
    return places


def find_suspicious_places(path: Path, folder: Path) -> list[Place]:
    """Audit a corpus. Return the listed places, most suspicious first."""
    corpus = read_folds(path, folder)
    suspicions = audit_folds(corpus, read_marked_rows(folder / "audit.csv")).mistakes
    return list(zip(suspicions["sentence"], suspicions["text"], strict=True))


def main(source: str, target: str, out: str) -> None:
    folder = Path(target)
    docs = list(DocBin().from_disk(source).get_docs(Vocab()))
    before = find_suspicious_places(Path(source), folder / "before")
    changed = spoil(docs, np.random.default_rng(0))
    spoilt = folder / "spoilt.spacy"
    DocBin(docs=docs).to_disk(spoilt)
    after = find_suspicious_places(spoilt, folder / "after")
    new_places = [place for place in after if place not in before]
    hits = changed.intersection(new_places[: len(changed)])
    figures = {
        "command": "python -m scripts.research.audit CORPUS.spacy FOLDER OUT.json",
        "changes": len(changed),
        "share_of_changes": len(hits) / len(changed),
    }
    srsly.write_json(out, figures)


if __name__ == "__main__":
    main(*sys.argv[1:])
