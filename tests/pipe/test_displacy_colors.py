from spacy import displacy
from spacy.displacy.render import DEFAULT_LABEL_COLORS
from spacy.util import registry

from spacy_bilstm_ner.pipe.displacy_colors import COLORS


def test_only_labels_that_spacy_has_no_colour_for() -> None:
    assert set(COLORS) == {"art", "eve", "geo", "nat", "per", "tim"}
    assert not {label.upper() for label in COLORS} & set(DEFAULT_LABEL_COLORS)


def test_displacy_finds_them_by_itself() -> None:
    assert registry.get("displacy_colors", "spacy_bilstm_ner") is COLORS
    doc = {"text": "Vienna", "ents": [{"start": 0, "end": 6, "label": "geo"}]}
    html = displacy.render(doc, style="ent", manual=True, jupyter=False)
    assert f"background: {COLORS['geo']}" in html
