import sys

import pytest
import spacy

from scripts import demo
from spacy_bilstm_ner.errors import UserError

from .helpers import PATTERNS


def test_entities_are_listed() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns(PATTERNS)
    shown = demo.show(nlp("Lima and Vienna"))
    assert [line.split() for line in shown.splitlines()[1:]] == [["per", "Lima"], ["geo", "Vienna"]]
    assert "no entities" in demo.show(nlp("Nothing here"))


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["demo", "xx_not_there"])
    with pytest.raises(UserError, match="xx_not_there is not installed"):
        demo.main()
