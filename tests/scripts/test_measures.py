import subprocess
import sys
import time
from pathlib import Path

import pytest
import srsly

from scripts import measures
from scripts.cli import UserError
from scripts.measures import PARTS, Row, Setting, against, finish, measure

from .helpers import make_pipeline

TEXTS = ["Vienna can't see Lima.", "The Bank was shut on Monday.", "Nothing else happened that week."]


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    make_pipeline(tmp_path / "rules")
    files = {}
    for name in ("sentences", "documents", "mixed", "short", "warm_up", "many", "half_1", "half_2"):
        files[name] = tmp_path / f"{name}.json"
        srsly.write_json(files[name], TEXTS)
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
    }
