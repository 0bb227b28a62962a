import sys
from collections import Counter
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from spacy.tokens import Doc
from spacy.vocab import Vocab

from scripts.research.audit import by_cleanlab, distinct, share_spoilt, spoil
from tests import util

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
    assert share_spoilt(ranked, before, spoilt) == {
        "plain": 1 / 2,
        "plain_n": 2,
        "left_out": 1.0,
        "left_out_n": 1,
    }


def test_tokens_that_cleanlab_suspects_are_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """cleanlab itself is not needed: a function that takes what it takes stands for it."""
    nlp = util.trained()
    (tmp_path / "fold-1").mkdir()
    nlp.to_disk(tmp_path / "fold-1" / "model")
    docs = [util.marked_doc(nlp, marked) for marked in util.SENTENCES[:3]]
    docs[1].set_ents([], missing=[docs[1][:]])
    asked: list[Any] = []

    def find_label_issues(
        labels: list[list[int]], probabilities: list[np.ndarray], **_: str
    ) -> list[tuple[int, int]]:
        asked.extend([labels, probabilities])
        return [(1, 5), (0, 3)]

    monkeypatch.setitem(
        sys.modules, "cleanlab.token_classification.filter", SimpleNamespace(**locals())
    )
    for name in ("cleanlab", "cleanlab.token_classification"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    run = SimpleNamespace(docs=docs, folds=[SimpleNamespace(test=[2, 0, 1])], out=tmp_path)
    places = by_cleanlab(cast(Any, run))
    # The sentence in between has no annotation.
    assert [docs[i].text[start:end] for i, start, end in places] == [
        docs[2][5].text,
        docs[0][3].text,
    ]
    labels, probabilities = asked
    assert list(map(len, labels)) == [len(docs[0]), len(docs[2])]
    for tags, rows in zip(labels, probabilities, strict=True):
        assert rows.sum(axis=1) == pytest.approx(np.ones(len(tags)), abs=1e-4)
        assert rows.argmax(axis=1).tolist() == tags
