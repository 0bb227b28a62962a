from collections import Counter

import numpy as np
from spacy.tokens import Doc
from spacy.vocab import Vocab

from scripts.research.audit import distinct, share_spoilt, spoil

TEXT = "Mira met Anna Holt in Old Oslo on Monday"
ENTS = ["B-per", "O", "B-per", "I-per", "O", "B-geo", "I-geo", "O", "B-tim"]


def corpus(n: int = 100) -> list[Doc]:
    vocab = Vocab()
    return [Doc(vocab, TEXT.split(), ents=ENTS) for _ in range(n)]


def entities(doc: Doc) -> set[tuple[int, int, str]]:
    return {(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents}


def test_three_per_cent_are_spoilt_and_all_else_stays() -> None:
    docs = corpus()
    places, before = spoil(docs, np.random.default_rng(0)), entities(corpus(1)[0])
    assert len(places) == len(set(places)) == 12
    changed = Counter(i for i, doc in enumerate(docs) if entities(doc) != before)
    assert set(changed) == {i for i, _, _ in places}
    for i, begin, end in places:
        different = entities(docs[i]) ^ before
        assert any(begin <= start and stop <= end for start, stop, _ in different)


def test_tokens_of_one_entity_are_one_suspicion() -> None:
    ranked = [(0, 9, 13), (0, 14, 18), (1, 14, 18), (0, 30, 40)]
    assert list(distinct(ranked)) == [(0, 9, 13), (1, 14, 18), (0, 30, 40)]


def test_what_was_suspected_before_is_left_out_of_the_count() -> None:
    ranked, before, spoilt = (
        [(0, 0, 4), (1, 0, 4), (2, 0, 4), (3, 0, 4)],
        [(0, 0, 4), (3, 2, 9)],
        [(1, 0, 4), (3, 0, 4)],
    )
    assert share_spoilt(ranked, before, spoilt) == {"plain": 1 / 2, "plain_n": 2, "left_out": 1.0, "left_out_n": 1}
