from collections.abc import Iterator
from functools import cache

import pytest
import spacy


@pytest.fixture(scope="package", autouse=True)
def fast_blank() -> Iterator[None]:
    """Make each blank pipeline once; it takes longer than to read a small file."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(spacy, "blank", cache(spacy.blank))
        yield
