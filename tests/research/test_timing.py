import json
import sys
from pathlib import Path

import pytest
import srsly

from scripts.research import timing
from tests.scripts.helpers import make_pipeline
from tests.util import texts, trained


@pytest.fixture
def rules(tmp_path: Path) -> str:
    make_pipeline(tmp_path / "rules")
    return str(tmp_path / "rules")


def test_throughput_counts_the_words_of_the_texts_alone(rules: str) -> None:
    figures = timing.throughput(pipeline=rules, texts=["Vienna can't see.", "Lima"], warm_up=["One two three."])
    assert figures["words"] == 6
    assert figures["words_per_second"] > 0
    assert figures["words_per_cpu_second"] > 0
    assert figures["peak_mb"] > 10


def test_tokenizer_alone() -> None:
    assert timing.load("blank:de").lang == "de"
    assert timing.throughput(pipeline="blank:en", texts=["One two."], warm_up=["Three."])["words"] == 3


def test_latency_and_loading(rules: str) -> None:
    figures = timing.latency(pipeline=rules, texts=["Vienna", "Lima"], warm_up=["Bank"])
    assert 0 < figures["milliseconds"] <= figures["milliseconds_95"]
    assert timing.loading(pipeline=rules)["seconds"] > 0


def test_differences_by_hand() -> None:
    one: timing.Entities = [[(0, 1, "geo", 0.5)], [(0, 1, "geo", 0.5)], [(2, 3, "per", None)], []]
    other: timing.Entities = [[(0, 1, "geo", 0.75)], [(0, 1, "per", 0.5)], [(2, 3, "per", None)], [(0, 1, "geo", 0.1)]]
    assert timing.differences(one, other) == {"differing_texts": 2, "largest_difference": 0.25}
    gone: timing.Entities = [[(0, 1, "geo", None)]]
    assert timing.differences(one[:1], gone)["differing_texts"] == 1


@pytest.mark.parametrize("zones", [False, True])
def test_a_stream_is_run_to_its_end(rules: str, monkeypatch: pytest.MonkeyPatch, zones: bool) -> None:
    seen: list[float] = []

    def memory() -> float:
        # Grows by 1 MB with every look
        seen.append(len(seen))
        return seen[-1]

    monkeypatch.setattr(timing, "memory_mb", memory)
    monkeypatch.setattr(timing, "EVERY_TEXTS", 10)
    figures = timing.stream(pipeline=rules, texts=["Vienna", "Lima."], length=95, zones=zones)
    assert len(seen) == 10
    assert figures == {"first_half_mb": 4, "growth_mb": 5}


def test_fast_path_is_compared_with_the_plain_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from spacy_bilstm_ner.network import fast

    monkeypatch.setattr(fast, "fits", fast.fits)
    trained().to_disk(tmp_path / "ours")
    figures = timing.agreement(pipeline=str(tmp_path / "ours"), texts=texts())
    assert figures["entities"] > 10
    assert figures["differing_texts"] == 0
    assert 0 <= figures["largest_logit_difference"] < 1e-4

    def wrong(*args: object) -> object:
        return predict(*args) + 1  # type: ignore[arg-type]

    predict = fast.predict
    monkeypatch.setattr(fast, "fits", lambda model: True)
    monkeypatch.setattr(fast, "predict", wrong)
    figures = timing.agreement(pipeline=str(tmp_path / "ours"), texts=texts())
    assert figures["largest_logit_difference"] == pytest.approx(1, abs=1e-3)


def test_other_pipelines_have_no_fast_path(rules: str) -> None:
    assert timing.agreement(pipeline=rules, texts=["Vienna"]) == {}
    assert timing.agreement(pipeline="blank:en", texts=["Vienna"]) == {}


def test_options_come_as_json_and_texts_as_files(
    rules: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    srsly.write_json(tmp_path / "texts.json", ["Vienna can't see."])
    file = str(tmp_path / "texts.json")
    options = {"pipeline": rules, "texts": file, "warm_up": file, "threads": 0}
    monkeypatch.setattr(sys, "argv", ["timing", "throughput", json.dumps(options)])
    timing.main()
    assert json.loads(capsys.readouterr().out)["words"] == 5
