import pytest

from spacy_bilstm_ner.files.schemes import entity_labels, is_tag, repair


@pytest.mark.parametrize("tag", ["O", "B-geo", "I-geo", "B-x-y", "B-Straße"])
def test_what_a_tag_is(tag: str) -> None:
    assert is_tag(tag)


@pytest.mark.parametrize("tag", ["", "o", "0", "B", "B-", "B- ", "b-geo", "U-geo", "geo", "O\n"])
def test_what_a_tag_is_not(tag: str) -> None:
    assert not is_tag(tag)


def test_repair_begins_an_entity_where_nothing_is_continued() -> None:
    tags, changed = repair(["I-a", "I-a", "O", "I-a", "B-b", "I-a", "I-b", "B-b", "B-b", "I-b"])
    assert tags == ("B-a", "I-a", "O", "B-a", "B-b", "B-a", "B-b", "B-b", "B-b", "I-b")
    assert changed == [0, 3, 5, 6]


def test_labels_are_counted_per_entity() -> None:
    assert entity_labels(["B-a", "I-a", "B-a", "O", "B-b"]) == ["a", "a", "b"]
