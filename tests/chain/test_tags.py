"""What the scores' columns mean."""

import pytest

from spacy_bilstm_ner.chain import tags

LABELS = ["per", "geo"]


def test_columns_have_the_order_that_is_promised():
    assert tags.tag_names(LABELS) == ["O", "B-per", "I-per", "B-geo", "I-geo"]
    assert tags.tag_names([]) == ["O"]


@pytest.mark.parametrize("labels", [[], ["a"], ["a", "b", "c"]])
def test_the_column_functions_agree_with_the_names(labels):
    names = tags.tag_names(labels)
    assert tags.n_tags(len(labels)) == len(names)
    assert names[tags.OUTSIDE] == "O"
    for i, label in enumerate(labels):
        assert names[tags.begin(i)] == f"B-{label}"
        assert names[tags.inside(i)] == f"I-{label}"


def test_a_label_that_is_added_moves_no_column():
    before = tags.tag_names(LABELS)
    assert tags.tag_names([*LABELS, "art"])[: len(before)] == before


def test_biluo_tags_become_bio_columns():
    columns = tags.column_of_biluo(LABELS)
    biluo = ["B-per", "I-per", "L-per", "O", "U-geo", "U-per"]
    names = tags.tag_names(LABELS)
    found = [names[column] for column in tags.columns_of(biluo, columns)]
    assert found == ["B-per", "I-per", "I-per", "O", "B-geo", "B-per"]


@pytest.mark.parametrize("tag", [None, "", "-", "B-art", "U-art", "I-art", "L-art"])
def test_undecided_tags_and_unknown_labels_are_missing_not_outside(tag):
    columns = tags.column_of_biluo(LABELS)
    assert tags.columns_of([tag, "O"], columns) == [tags.MISSING, tags.OUTSIDE]


def test_missing_is_no_column():
    assert tags.MISSING < 0
