"""What the scores' columns mean."""

import pytest

from spacy_bilstm_ner.sequences import tags


@pytest.mark.parametrize("n_labels", [0, 1, 3])
def test_every_column_has_one_meaning(n_labels):
    columns = [
        tags.OUTSIDE,
        *(column for i in range(n_labels) for column in (tags.begin(i), tags.inside(i))),
    ]
    assert columns == list(range(tags.n_tags(n_labels)))
