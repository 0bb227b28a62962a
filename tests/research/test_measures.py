import subprocess
import sys
import time
from pathlib import Path

import pytest
import srsly

from scripts.research import measures
from scripts.research.measures import PARTS, Row, Setting, against, finish, measure
from spacy_bilstm_ner.errors import UserError
from tests.scripts.helpers import make_pipeline

TEXTS = ["Vienna can't see Lima.", "The Bank was shut on Monday.", "Nothing else happened that week."]


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    make_pipeline(tmp_path / "rules")
    files = {}
    for name in ("sentences", "documents", "mixed", "short", "warm_up", "many", "half_1", "half_2"):
        files[name] = tmp_path / f"{name}.json"
        srsly.write_json(files[name], TEXTS)
    srsly.write_jsonl(tmp_path / "log.jsonl", [{"words": 9, "cpu_seconds": 2.0, "score": 0.5}])
    pipelines = {"ours": str(tmp_path / "rules"), "spacy": str(tmp_path / "rules"), "blank": "blank:en"}
    return Setting(pipelines, files, runs=2, stream_length=3_000)


def process(code: str) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )


def test_medians_are_compared() -> None:
    runs = {
        "ours": [{"rate": rate} for rate in (10, 90, 20)],
        "spacy": [{"rate": rate} for rate in (5, 4, 1)],
    }
    row = against(runs, "rate", name="n", unit="u", aim="≥ 10")
    assert row == Row("n", "u", 20, 4, "spacy", 5, "≥ 10")


def test_figures_are_the_last_line() -> None:
    assert finish(process("print('a warning'); print('{\"seconds\": 1}')")) == {"seconds": 1}


def test_failed_process_says_why() -> None:
    with pytest.raises(UserError, match="no such thing"):
        finish(process("raise SystemExit('no such thing')"))


def test_hanging_process_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "LIMIT_SECONDS", 0.2)
    hanging = process("import time; time.sleep(600)")
    start = time.monotonic()
    with pytest.raises(UserError, match="hangs"):
        finish(hanging)
    assert time.monotonic() - start < 60
    assert hanging.returncode is not None


def test_options_name_files(setting: Setting) -> None:
    options = setting.options("blank", texts="short", method="fork")
    assert options == {
        "pipeline": "blank:en",
        "threads": 1,
        "texts": str(setting.files["short"]),
        "method": "fork",
    }
    assert setting.options("ours", threads=0)["threads"] == 0


def test_each_run_is_a_fresh_process(setting: Setting) -> None:
    runs = measure("loading", setting, ("ours",), name="loading")
    assert len(runs["ours"]) == setting.runs
    assert all(figures["seconds"] > 0 for figures in runs["ours"])


@pytest.mark.slow
def test_all_parts(setting: Setting) -> None:
    once = Setting(setting.pipelines, setting.files, runs=1, stream_length=setting.stream_length)
    n_rows = {}
    for name, part in PARTS.items():
        if name != "wheel":
            figures, rows = part(once)
            n_rows[name] = len(rows)
            srsly.json_dumps(figures)
    assert n_rows == {
        "throughput": 5,
        "latency": 1,
        "processes": 8,
        "independent": 1,
        "loading": 1,
        "stream": 2,
        "agreement": 0,
        "training": 2,
    }


def log_of(tmp_path: Path, name: str, rows: list[tuple[int, float, float]]) -> str:
    folder = tmp_path / name
    folder.mkdir()
    keys = ("words", "cpu_seconds", "score")
    srsly.write_jsonl(folder / "log.jsonl", [dict(zip(keys, row, strict=True)) for row in rows])
    return str(folder / "model-best")


def test_training_is_read_from_the_logs(tmp_path: Path) -> None:
    ours = log_of(tmp_path, "ours", [(100, 1.0, 0.5), (1_000, 4.0, 0.8), (2_000, 8.0, 0.9)])
    spacy = log_of(tmp_path, "spacy", [(100, 2.0, 0.4), (1_000, 20.0, 0.75), (1_500, 30.0, 0.7)])
    figures, (speed, reached) = measures.training(Setting({"ours": ours, "spacy": spacy}, {}, runs=1, stream_length=1))
    assert (speed.ours, speed.other, speed.ratio) == (250, 50, 5)
    assert (reached.ours, reached.other, reached.ratio) == (4.0, 20.0, 0.2)
    assert figures["best"] == 0.75


def test_training_that_stays_below_says_so(tmp_path: Path) -> None:
    ours = log_of(tmp_path, "ours", [(100, 1.0, 0.5)])
    spacy = log_of(tmp_path, "spacy", [(100, 2.0, 0.6)])
    _, (_, reached) = measures.training(Setting({"ours": ours, "spacy": spacy}, {}, runs=1, stream_length=1))
    assert "ours does not reach it" in reached.name
    assert reached.ratio is None


@pytest.mark.parametrize("rows", [None, [], [{"score": 0.5, "words": 3}]])
def test_log_without_times_is_refused(tmp_path: Path, rows: list[dict[str, float]] | None) -> None:
    if rows is not None:
        srsly.write_jsonl(tmp_path / "log.jsonl", rows)
    with pytest.raises(UserError, match="train the pipeline again"):
        measures.read_log(tmp_path / "log.jsonl")
