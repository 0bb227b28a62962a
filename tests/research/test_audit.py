import numpy as np
from spacy.tokens import Doc
from spacy.vocab import Vocab

from scripts.research.audit import spoil

WORDS = ["Mira", "met", "Anna", "Holt", "in", "Old", "Oslo", "on", "Monday"]
TAGS = ["B-per", "O", "B-per", "I-per", "O", "B-geo", "I-geo", "O", "B-tim"]


def test_three_per_cent_of_the_entities_change() -> None:
    vocab = Vocab()
    docs = [Doc(vocab, words=[f"{i}", *WORDS], ents=["B-geo", *TAGS]) for i in range(100)]
    before = [doc.copy() for doc in docs]

    places = spoil(docs, np.random.default_rng(0))

    changed = set()
    for doc, original in zip(docs, before, strict=True):
        tags = [token.ent_type_ for token in doc]
        if tags != [token.ent_type_ for token in original]:
            changed.add((doc.text, doc[0].text))
    assert changed == places
    assert len(places) == 15
