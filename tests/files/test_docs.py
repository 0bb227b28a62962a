"""Test the Docs that are made of sentences."""

from spacy.tokens import Doc
from spacy.training import Example

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


def test_alignment_is_counted_as_spacy_train_does() -> None:
    nlp = tokenizing()
    docs = [make_doc(nlp, sentence("A New York firm sold 5 %", "O B-geo I-geo O O B-x I-x"))[0]]
    # An entity that ends inside a token
    docs.append(Doc(nlp.vocab, ["Qa", "ida", "x"], [False, True, False], ents=["B-org", "O", "O"]))
    counts = []
    for doc in docs:
        tokenized = nlp.make_doc(doc.text)
        tags = Example(tokenized, doc).get_aligned_ner()
        counts.append(count_aligned(doc, tokenized))
        assert counts[-1] == sum(tag is not None and tag[0] in "BU" for tag in tags)
    assert counts == [2, 0]
