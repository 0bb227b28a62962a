import pytest
import spacy
from spacy.tokens import Doc

from scripts.research.variants import VARIANTS, curly, lower, upper

SENTENCES = [
    (["Vienna", "ca", "n't", "see", "New", "Lima", "."], ["B-geo", "O", "O", "O", "B-geo", "I-geo", "O"]),
    (["Peru", "Lima"], ["B-geo", "B-geo"]),
]


@pytest.fixture
def golds() -> list[Doc]:
    vocab = spacy.blank("en").vocab
    spaces = [[True, False, True, True, True, False, False], [True, False]]
    return [Doc(vocab, words=words, spaces=s, ents=tags) for (words, tags), s in zip(SENTENCES, spaces, strict=True)]


def ents(doc: Doc) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]


def test_texts_keep_their_length() -> None:
    assert lower("İzmir and KÖLN") == "İzmir and köln"
    assert upper("Straße ﬁve") == "STRAßE ﬁVE"
    for text in ("He said: \"I can't\", and left ('so') - half-way.", '""', "'"):
        assert len(curly(text)) == len(text)


def test_quotes_open_and_close() -> None:
    assert curly('"No", she said, "it\'s \'off\'."') == "“No”, she said, “it’s ‘off’.”"
    assert curly('the dogs\' bowl ("old") - 3-2') == "the dogs’ bowl (“old”) – 3–2"


def test_entities_stay(golds: list[Doc]) -> None:
    (first, second) = VARIANTS["lower"](golds)
    assert first.text == "vienna can't see new lima."
    assert ents(first) == [("vienna", "geo"), ("new lima", "geo")]
    assert ents(second) == [("peru", "geo"), ("lima", "geo")]
    assert VARIANTS["upper"](golds)[0].text == "VIENNA CAN'T SEE NEW LIMA."
    assert VARIANTS["curly"](golds)[0].text == "Vienna can’t see New Lima."
    assert golds[0].text == "Vienna can't see New Lima."


def test_forty_sentences_become_one_text(golds: list[Doc]) -> None:
    joined = VARIANTS["forty"](golds * 21)
    assert len(joined) == 2
    assert joined[0].text == " ".join([golds[0].text, golds[1].text] * 20)
    assert ents(joined[0]) == [*ents(golds[0]), *ents(golds[1])] * 20
    assert ents(joined[1]) == [*ents(golds[0]), *ents(golds[1])]
