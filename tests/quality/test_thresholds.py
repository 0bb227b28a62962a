import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.tokens import DocBin, Span

from spacy_bilstm_ner.pipe.entities import entities
from spacy_bilstm_ner.quality.intervals import wilson
from spacy_bilstm_ner.quality.reading import everything, labelled_docs, predict_docs
from spacy_bilstm_ner.quality.reliability import Curve
from spacy_bilstm_ner.quality.thresholds import reach
from tests import util

from .helpers import command

CURVE = Curve(
    np.array([0.9, 0.8, 0.6, 0.6, 0.4]), np.array([True, True, False, True, False]), gold=4
)


def test_the_lowest_confidence_with_the_wanted_precision() -> None:
    found = reach(CURVE, 0.75)
    # The first four: three of them right, of four that there are. The two of 0.6 stay together.
    low, high = wilson(3, 4)
    assert found == pytest.approx(
        {"threshold": 0.5, "precision": 0.75, "low": low, "high": high, "recall": 0.75}
    )
    better = reach(CURVE, 0.9)
    assert better is not None
    assert (better["threshold"], better["precision"], better["recall"]) == (
        pytest.approx(0.7),
        1.0,
        0.5,
    )


def test_out_of_reach() -> None:
    assert reach(Curve(np.array([0.9, 0.8]), np.array([False, True]), gold=1), 0.6) is None
    assert reach(Curve(np.array([]), np.array([], dtype=bool), gold=3), 0.5) is None


def test_thresholds_are_stored_in_the_pipeline(
    trained: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    model = shutil.copytree(trained[0], tmp_path / "model")
    found = util.entities(spacy.load(model)(util.texts()[0]))
    command("thresholds", model, trained[1], "--write", "--out", tmp_path / "t.json")
    wanted = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))["labels"]
    after = spacy.load(model)
    stored = after.get_pipe("ner").cfg["thresholds"]
    assert stored == pytest.approx({label: each["threshold"] for label, each in wanted.items()})
    assert set(stored) == set(util.LABELS)
    assert util.entities(after(util.texts()[0])) == found
    assert "4 thresholds" in capsys.readouterr().out


def test_bad_input_gets_one_clear_line(tiny: tuple[Path, Path]) -> None:
    with pytest.raises(SystemExit, match="gives no confidences"):
        command("thresholds", *tiny)
    with pytest.raises(SystemExit, match=r"--precision must lie between 0 and 1, but is 95"):
        command("thresholds", *tiny, "--precision", "95")
    with pytest.raises(SystemExit, match="--write changes a pipeline's folder"):
        command("thresholds", "en_core_web_sm", tiny[1], "--write")


def test_pictures_are_made_for_a_page_only(
    trained: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    command("thresholds", *trained)
    with pytest.raises(SystemExit, match="matplotlib is not installed"):
        command("thresholds", *trained, "--report", trained[0].parent / "t.html")


def test_a_label_keeps_what_its_threshold_promises(trained: tuple[Path, Path]) -> None:
    """A low threshold of one label takes nothing from a more probable entity of another."""
    nlp = spacy.load(trained[0])
    ner, docs = nlp.get_pipe("ner"), labelled_docs(nlp, trained[1])
    with everything(nlp):
        all_of_them = predict_docs(nlp, docs)
    ner.cfg["thresholds"] = {label: 0.95 if label == "geo" else 0.001 for label in util.LABELS}
    for example, before in zip(predict_docs(nlp, docs), all_of_them, strict=True):
        expected = [
            e
            for e in entities(before.predicted)
            if (e.confidence or 0) >= ner.cfg["thresholds"][e.label]
        ]
        assert entities(example.predicted) == expected


def test_a_file_with_other_labels(trained: tuple[Path, Path], tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    docs = [nlp(text) for text in util.texts()]
    for doc in docs:
        doc.ents = [Span(doc, 0, 1, label="OTHER")]
    DocBin(docs=docs).to_disk(tmp_path / "other.spacy")
    with pytest.raises(
        SystemExit, match=r"other\.spacy has no entity with a label that .* predicts on it: "
    ):
        command("thresholds", trained[0], tmp_path / "other.spacy")
