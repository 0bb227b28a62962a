import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files.columns import Columns, Table, allows_labels, find_columns, split_list
from spacy_bilstm_ner.files.options import Options


def find(columns: dict[str, str], **chosen: str) -> Columns:
    """columns: name → its values, separated by blanks, `_` for an empty one."""
    values = [
        ["" if value == "_" else value for value in values.split()] for values in columns.values()
    ]
    table = Table(list(columns), values, [1, 2, 3, 4, 5], [])
    sentence = [chosen.pop("sentence")] if "sentence" in chosen else []
    return find_columns(
        table,
        Options(
            sentence_column=sentence, **{f"{role}_column": name for role, name in chosen.items()}
        ),  # type: ignore[arg-type]
    )


def test_default_names_are_taken_whatever_stands_there() -> None:
    found = find({"Tag": "O O x", "POS": "a b c", "Word": "1 2 3", "Sentence #": "_ _ _"})
    assert found == Columns(sentence="Sentence #", word="Word", tag="Tag")


@pytest.mark.parametrize(
    ("sentence", "word", "tag"),
    [
        ("sentence_id", "token", "ner"),
        ("Sentence Index", "word", "entity_type"),
        ("sent_num", "word", "Gold label"),
        ("Satz-Nr.", "Wort", "Label"),
        ("SENT", "Text", "NER-Tags"),
    ],
)
def test_usual_names(sentence: str, word: str, tag: str) -> None:
    found = find({sentence: "1 1 2", word: "a b c", tag: "O O B-x"})
    assert (found.sentence, found.word, found.tag) == (sentence, word, tag)


@pytest.mark.parametrize(
    "document", ["doc_id", "File name", "paragraph", "chapter", "Article-No.", "part_id"]
)
def test_numbers_that_begin_again_in_each_document_need_both_columns(document: str) -> None:
    found = find({document: "a a b", "sent_id": "1 2 1", "token": "a b c", "ner": "O O B-x"})
    assert found.sentence == [document, "sent_id"]


@pytest.mark.parametrize("name", ["Tag", "tag"])
def test_a_column_of_parts_of_speech_is_not_that_of_entities(name: str) -> None:
    assert (
        find({"Sentence #": "1 1 2", "Word": "a b c", name: "NN VB NN", "NER": "O O B-x"}).tag
        == "NER"
    )
    with pytest.raises(UserError, match="no column for the tag"):
        find({"Sentence #": "1 1 2", "Word": "a b c", name.lower(): "NNP VBD NNP"})
    with pytest.raises(UserError, match="'tag' holds parts of speech"):
        find({"Sentence #": "1 1 2", "Word": "a b c", "tag": "NNP VBD NNP"})


def test_one_faulty_tag_does_not_hide_its_column() -> None:
    assert find({"sent": "1 1 2", "word": "a b c", "label": "O O x"}).tag == "label"
    assert (
        find({"sent": "1 1 2", "word": "a b c", "tag": "NN VB NN", "label": "O O x"}).tag == "label"
    )


@pytest.mark.parametrize("ids", ["1 1 2 2 3", "1 _ 2 _ 3"])
def test_content_tells_what_names_do_not(ids: str) -> None:
    columns = {"k1": "x y x y x", "k2": "O B-a O O O", "k3": ids, "k5": "1 2 1 2 1"}
    assert find({**columns, "word": "der die das x y"}) == Columns(
        sentence="k3", word="word", tag="k2"
    )
    # But words are not guessed.
    with pytest.raises(UserError, match="no column for the word"):
        find({**columns, "k4": "der die das x y"})


@pytest.mark.parametrize(
    ("columns", "missing"),
    [
        ({"k1": "1 1 2", "k2": "7 7 8", "Word": "a b c", "Tag": "O O O"}, "--sentence-column"),
        ({"sent": "1 1 2", "k1": "a b c", "k2": "d e f", "Tag": "O O O"}, "--word-column"),
        ({"sent": "1 1 2", "word": "a b c", "gold": "O B-a O", "silver": "O O O"}, "--tag-column"),
        ({"sent": "1 1 2", "word": "a b c", "label": "O B-a O", "tags": "O O O"}, "--tag-column"),
    ],
)
def test_doubt_is_an_error_that_names_the_columns_and_the_option(
    columns: dict[str, str], missing: str
) -> None:
    with pytest.raises(UserError) as error:
        find(columns)
    assert str(error.value).endswith(f"{missing} NAME")
    assert f"Columns found: {', '.join(map(repr, columns))}." in str(error.value)


@pytest.mark.parametrize("role", ["sentence", "word", "tag"])
def test_a_column_that_was_given_must_be_there(role: str) -> None:
    columns = {"Sentence #": "1 1 2", "Word": "a b c", "POS": "a b c", "Tag": "O O O"}
    with pytest.raises(
        UserError,
        match=rf"no column 'tok' \(--{role}-column\). Columns found: 'Sentence #', 'Word'",
    ):
        find(columns, **{role: "tok"})


def test_an_option_goes_before_names() -> None:
    columns = {"Sentence #": "1 1 2", "Word": "a b c", "lemma": "d e f", "Tag": "O O O"}
    assert find(columns, word="lemma").word == "lemma"


def test_one_column_for_two_purposes() -> None:
    with pytest.raises(UserError, match="two purposes"):
        find({"a": "1 1 2", "b": "x y z", "c": "O O O"}, sentence="a", word="b", tag="b")


def test_a_doubled_name() -> None:
    table = Table(["Sentence #", "Word", "Word", "Tag"], [["1"], ["a"], ["b"], ["O"]], [], [])
    with pytest.raises(UserError, match="two columns are called 'Word'"):
        find_columns(table, Options())


def test_labels_without_a_letter_need_a_name_that_says_so() -> None:
    assert all(map(allows_labels, ["label", "Tag", "ner", "entity_type", "Etikett"]))
    assert not any(map(allows_labels, ["pos", "POS_tag", "upos", "lemma"]))


@pytest.mark.parametrize(
    ("cell", "items"),
    [
        ("a b", ["a", "b"]),
        ("['a', \"can't\", 'b c']", ["a", "can't", "b c"]),
        ('["a", null, "say \\"x\\""]', ["a", "?", 'say "x"']),
        ("[a, b]", ["a", "b"]),
        ("", []),
    ],
)
def test_a_cell_that_holds_a_list(cell: str, items: list[str]) -> None:
    assert split_list(cell) == items


def test_a_name_that_says_entity_heads_labels() -> None:
    assert (
        find({"Sentence #": "1 1 2", "Word": "a b c", "entity_type": "PER O LOC"}).tag
        == "entity_type"
    )
