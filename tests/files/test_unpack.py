"""Test paths that are no files."""

import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files import read


@pytest.mark.parametrize("path", ["no.csv", "/dev/zero"])
def test_missing_files_and_devices_are_refused(path: str) -> None:
    with pytest.raises(UserError, match="is missing or not a file: give the path"):
        read(path)
