"""Test the Docs that are made of sentences."""

from pathlib import Path

from spacy.tokens import Doc, DocBin
from spacy.training import Corpus

from spacy_bilstm_ner.files.docs import count_aligned, make_doc

from .helpers import sentence, tokenizing


def test_words_that_the_tokenizer_would_leave_merged_keep_their_space() -> None:
    nlp = tokenizing()
    # "I." is one of the tokenizer's exceptions, "45." is not
    doc, tokenized = make_doc(nlp, sentence("World War I . Of 45 .", "B-eve I-eve I-eve O O O O"))
    assert doc.text == "World War I . Of 45."
    assert count_aligned(doc, tokenized) == 1


def test_every_boundary_survives_in_other_languages() -> None:
    for lang, words in (
        ("en", "l' homme ( a ) / b 東京 に 行く 。 x ' s $ 3.5 % 5-6 / 7 ..."),
        ("de", "„ Ab ins Café “ , z.B. am 3. Mai , S. 5 / 6 ."),
        ("fr", "L' été , qu' il dit : « aujourd'hui , c' est 5 % » !"),
        ("xx", "東京 に 行く 。 ¿ Qué ? l' Aquila 's"),
        ("zh", "我 爱 北京 。"),
    ):
        doc, tokenized = make_doc(tokenizing(lang), sentence(words))
        ends = {token.idx + len(token) for token in tokenized}
        assert {token.idx + len(token) for token in doc} <= ends, lang


def test_alignment_is_counted_as_spacy_train_does(tmp_path: Path) -> None:
    nlp = tokenizing()
    made = [
        make_doc(nlp, sentence("A New York firm sold 5 %", "O B-geo I-geo O O B-x I-x")),
        make_doc(nlp, sentence("Corp's B-52 flew", "B-org B-art O")),
    ]
    # An entity that ends within a token: no text of ours does that, so it is made by hand
    inside = Doc(
        nlp.vocab, words=["Qa", "ida", "x"], spaces=[False, True, False], ents=["B-org", "O", "O"]
    )
    made.append((inside, nlp.make_doc(inside.text)))
    DocBin(docs=[gold for gold, _ in made]).to_disk(tmp_path / "x.spacy")
    for (gold, tokenized), example in zip(made, Corpus(tmp_path / "x.spacy")(nlp), strict=True):
        aligned = [tag for tag in example.get_aligned_ner() if tag and tag[0] in "BU"]
        assert count_aligned(gold, tokenized) == len(aligned)
    assert [count_aligned(*pair) for pair in made] == [2, 2, 0]
    assert [len(gold.ents) for gold, _ in made] == [2, 2, 1]
