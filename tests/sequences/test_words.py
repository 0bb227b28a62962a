"""Where the recurrence's input is cut."""

import textwrap

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_bilstm_ner.sequences.words import sentence_segments, whole_docs
from tests.util import doc_of

NLP = spacy.blank("en")


def cut(*docs: Doc, max_length: int = 100) -> list[list[str]]:
    """The words of each segment."""
    segments = sentence_segments(max_length)(docs)
    words = [token.text for doc in docs for token in doc]
    assert int(segments.lengths.sum()) == len(segments.tokens)
    assert (segments.lengths > 0).all()
    parts = np.split(segments.tokens, np.cumsum(segments.lengths)[:-1])
    return [[words[i] for i in part] for part in parts if len(part)]


def sentences(text: str, *, nlp=NLP, max_length: int = 1000) -> list[str]:
    """The segments of a text that is tokenized by spaCy, joined by spaces."""
    return [" ".join(words) for words in cut(nlp.make_doc(text), max_length=max_length)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rained. She left.", ["It rained .", "She left ."]),
        ("Why? Because! So.", ["Why ?", "Because !", "So ."]),
        ("He paused… Then he left.", ["He paused …", "Then he left ."]),
        ("Really?! Yes.", ["Really ? !", "Yes ."]),
        ("It rained.", ["It rained ."]),
        ("no stop at all", ["no stop at all"]),
        ("...", ["..."]),
        (".", ["."]),
    ],
)
def test_terminal_marks(text, expected):
    assert sentences(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "About approx. five of them came",
        "J. Miller and A. B. Smith came",
        "It cost 3.50 in the U.S. market",
        "The firm (est. in 1900) failed",
        "Visit example.com for more",
    ],
)
def test_abbreviations_initials_and_numbers_do_not_cut(text):
    assert len(sentences(text)) == 1


def test_an_initial_whose_stop_is_a_token_of_its_own_does_not_cut():
    assert len(cut(doc_of("A letter from J . Miller came"))) == 1
    assert len(cut(doc_of("A letter from Jo . Miller came"))) == 2


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ('"It rained." She left.', '" It rained . "'),
        ("“It rained.” She left.", "“ It rained . ”"),
        ("(It rained.) She left.", "( It rained . )"),
        ("'Stop!' She left.", "' Stop ! '"),
    ],
)
def test_closing_quotes_and_brackets_go_with_their_sentence(text, first):
    assert sentences(text) == [first, "She left ."]


def test_a_quote_that_goes_on_is_not_cut():
    assert len(sentences("“Stop!” she said.")) == 1


def test_a_line_break_alone_does_not_cut():
    assert sentences("the prices of\nFish fell") == ["the prices of Fish fell"]


def test_white_space_is_in_no_segment_and_changes_none():
    plain = sentences("It rained. She left the house.")
    assert sentences("It  rained.\nShe   left\nthe \t house.  \n") == plain
    assert sentences("  \n It rained. \n She left the house.") == plain


@pytest.mark.parametrize("mark", ["。", "！", "？"])
def test_chinese_cuts_without_spaces(mark):
    nlp = spacy.blank("zh")  # characters, by default
    assert sentences(f"下雨了{mark}她走了{mark}", nlp=nlp) == [
        f"下 雨 了 {mark}",
        f"她 走 了 {mark}",
    ]


def test_a_language_without_stops_is_cut_by_length():
    doc = Doc(Vocab(), words=["ฝนตก"] * 250, spaces=[False] * 250)
    lengths = [len(words) for words in cut(doc, max_length=100)]
    assert sum(lengths) == 250
    assert max(lengths) <= 100


def test_the_parts_of_a_long_sentence_are_equal_and_in_order():
    words = [f"w{i}" for i in range(11)]
    parts = cut(Doc(Vocab(), words=words), max_length=4)
    assert sorted(len(part) for part in parts) == [3, 4, 4]
    assert [word for part in parts for word in part] == words


def test_the_docs_own_sentence_starts_count_and_no_others():
    doc = doc_of("It rained . She left the house", sent_starts=[1, 0, 0, 0, 0, 1, 0])
    assert [len(words) for words in cut(doc)] == [5, 2]


@pytest.mark.parametrize("first", [1, -1])
def test_a_doc_that_is_one_sentence_by_its_own_account_stays_one(first):
    doc = doc_of("It rained . She left", sent_starts=[first, -1, -1, -1, -1])
    assert len(cut(doc)) == 1


def test_own_sentence_starts_concern_their_own_doc_only():
    cut_doc = doc_of("It rained . She left", sent_starts=[1, 0, 0, 0, 1])
    plain_doc = doc_of("It rained . She left")
    sentences = cut(plain_doc, cut_doc, plain_doc)
    assert [len(words) for words in sentences] == [3, 2, 4, 1, 3, 2]


def test_no_sentence_starts_are_written():
    doc = NLP.make_doc("It rained. She left.\n\nWhy?")
    before = doc.to_array("SENT_START").tolist()
    assert len(cut(doc)) == 3
    assert doc.to_array("SENT_START").tolist() == before
    assert not doc.has_annotation("SENT_START")


def test_a_segment_never_holds_words_of_two_docs():
    assert cut(doc_of("a b"), doc_of("c"), Doc(Vocab()), doc_of("d e")) == [
        ["a", "b"],
        ["c"],
        ["d", "e"],
    ]


def test_docs_are_cut_alike_alone_and_in_a_batch():
    docs = [NLP.make_doc(text) for text in ("It rained. She left.", "", " \n", "Why? Yes.", "no")]
    alone = [part for doc in docs for part in cut(doc)]
    assert cut(*docs) == alone


@pytest.mark.parametrize("segmenter", [sentence_segments(10), whole_docs])
@pytest.mark.parametrize("texts", [[""], [" "], ["", "\n\n", "  "]])
def test_docs_without_words_have_no_segments(segmenter, texts):
    segments = segmenter([NLP.make_doc(text) for text in texts])
    assert len(segments.tokens) == len(segments.lengths) == 0


def test_whole_docs():
    docs = [NLP.make_doc(text) for text in ("It rained. She left.", "", " \n\n ", "Why?\n\nYes.")]
    segments = whole_docs(docs)
    assert segments.lengths.tolist() == [6, 4]
    assert len(segments.tokens) == 10


@pytest.mark.parametrize("max_length", [0, -1])
def test_a_maximum_length_out_of_range(max_length):
    with pytest.raises(ValueError, match=f"at least 1, but is {max_length}"):
        sentence_segments(max_length)


PARAGRAPH = (
    "The office of Acme Corp in Oslo was closed on Monday because nobody in Lisbon had paid the "
    "rent that Peter Jones of Blue Harbour Group owed to Maria Silva and to Anna Smith of Porto"
)


def lines(text: str, *, line_breaks: bool = True) -> list[str]:
    """The segments of a text whose line breaks may end sentences, joined by spaces."""
    doc = NLP.make_doc(text)
    words = sentence_segments(1000, line_breaks=line_breaks)([doc])
    parts = np.split(words.tokens, np.cumsum(words.lengths)[:-1])
    return [" ".join(doc[int(i)].text for i in part) for part in parts]


def test_each_line_of_a_list_is_a_segment():
    assert lines("Present:\nAnna Smith\nPeter Jones\nMaria Silva") == [
        "Present :",
        "Anna Smith",
        "Peter Jones",
        "Maria Silva",
    ]


def test_a_line_that_goes_on_in_lower_case_is_one_segment():
    assert lines("Anna Smith\nof Acme Corp") == ["Anna Smith of Acme Corp"]


@pytest.mark.parametrize("width", [45, 60, 70, 80])
def test_a_hard_wrapped_paragraph_is_one_segment(width):
    assert lines(textwrap.fill(PARAGRAPH, width)) == [PARAGRAPH]


def test_blocks_end_where_lines_do_and_not_where_sentences_do():
    docs = [NLP.make_doc("Anna Smith\nMaria Silva left. She ran."), NLP.make_doc("It rained.")]
    assert sentence_segments(1000, line_breaks=True)(docs).per_block.tolist() == [2, 7, 3]
    assert sentence_segments(1000)(docs).per_block.tolist() == [9, 3]
