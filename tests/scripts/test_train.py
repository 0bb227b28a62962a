from pathlib import Path
from typing import Any

import pytest
import srsly

from scripts import train
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.system.atomic import save_json
from tests.quality.helpers import DATA

VECTORS = {"path": "en_x", "name": "en_x 1.0.0"}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    save_json(folder / "source.json", DATA | {"path": "tiny.csv", "vectors": VECTORS})
    return folder


def run_main(root: Path, corpus: Path, config: str = "bilstm") -> Path:
    run = corpus.parent / "runs" / "run"
    train.main(root / "configs" / f"{config}.cfg", run, corpus, "de", "x", "0.2.0", seed=3)
    return run


@pytest.mark.parametrize(("config", "vectors"), [("bilstm", "en_x"), ("tutorial", None)])
def test_what_a_run_sets_and_what_its_model_says(
    root: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch, config: str, vectors: str | None
) -> None:
    calls: list[dict[str, Any]] = []

    def fake(path: Path, work: Path, *, use_gpu: int, overrides: dict[str, Any]) -> None:
        calls.append(overrides)
        assert path.is_file()
        (work / "model-best").mkdir()
        srsly.write_json(work / "model-best" / "meta.json", {"lang": "de"})

    monkeypatch.setattr(train, "train", fake)
    run = run_main(root, corpus, config)
    (overrides,) = calls
    assert overrides.pop("paths.vectors", None) == vectors
    assert overrides == {
        "nlp.lang": "de",
        "system.seed": 3,
        "paths.train": f"{corpus}/train.spacy",
        "paths.dev": f"{corpus}/dev.spacy",
    }
    meta = srsly.read_json(run / "model-best" / "meta.json")
    name = VECTORS["name"] if vectors else None
    assert meta["training"] == {"config": config, "seed": 3, "vectors": name}
    assert (meta["lang"], meta["name"]) == ("de", "x")


def test_weights_that_are_lost_are_told_in_a_line(
    root: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fake(*_: object, **options: object) -> None:
        raise ValueError("ner: the loss is not finite. Lower the learning rate")

    monkeypatch.setattr(train, "train", fake)
    with pytest.raises(
        UserError, match=r"^the training failed: ner: the loss is not finite\. Lower"
    ):
        run_main(root, corpus)
    assert not list((corpus.parent / "runs").iterdir())
