import inspect
import json
import sys
from pathlib import Path

import pytest
import srsly

from scripts.research import benchmark, timing
from scripts.research.benchmark import read_texts, time_task
from spacy_bilstm_ner.errors import UserError
from tests.scripts.helpers import make_pipeline, make_test_set

TEXTS = ["Vienna can't see Lima.", "The Bank was shut on Monday."]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline and a corpus."""
    folder = tmp_path_factory.mktemp("project")
    make_pipeline(folder / "rules")
    for name in ("dev", "test"):
        make_test_set(folder / f"{name}.spacy")
    return folder


def test_tasks_measure(project: Path) -> None:
    pipeline = str(project / "rules")
    found = timing.throughput(pipeline, TEXTS, TEXTS)
    # Of spaCy, "can't" is two words
    assert found["words"] == 6 + 7
    assert min(found.values()) > 0
    assert found["peak_mb"] < 100_000
    assert timing.latency("blank:en", TEXTS, TEXTS)["milliseconds"] > 0
    loaded = timing.loading(pipeline)
    assert loaded["seconds"] > 0
    assert loaded["meta"]["data"]["kind"] == "own"


def test_documents_hold_the_same_sentences(project: Path, tmp_path: Path) -> None:
    texts = read_texts(project)
    assert len(texts["sentences"]) == 3
    assert texts["documents"] == [" ".join(texts["sentences"])]
    make_test_set(tmp_path / "test.spacy")
    with pytest.raises(UserError, match=r"dev\.spacy is missing"):
        read_texts(tmp_path)


def test_each_task_is_a_fresh_process_with_one_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "task.py"
    script.write_text(
        "import json, os, sys\nprint('a warning')\n"
        "threads = os.environ.get('OMP_NUM_THREADS', '')\n"
        "figures = {'threads': threads, 'pid': os.getpid()}\n"
        "figures |= {'argv': sys.argv[1:], 'given': sys.stdin.read()}\n"
        "print(json.dumps(figures))"
    )
    monkeypatch.setattr(benchmark, "TIMING", script)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    found = [time_task(sys.executable, "loading", {"pipeline": "x"}) for _ in range(2)]
    assert found[0]["threads"] == "1"
    assert found[0]["pid"] != found[1]["pid"]
    assert (found[0]["argv"], found[0]["given"]) == (["loading"], json.dumps({"pipeline": "x"}))


def test_a_failed_task_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "task.py").write_text("raise SystemExit('there is no_such_pipeline')")
    monkeypatch.setattr(benchmark, "TIMING", tmp_path / "task.py")
    with pytest.raises(UserError, match=r"task\.py loading failed:[\s\S]*no_such_pipeline"):
        time_task(sys.executable, "loading", {"pipeline": "no_such_pipeline"})


def run(project: Path, monkeypatch: pytest.MonkeyPatch, *pipelines: str) -> dict:
    out = project / "out" / "benchmark.json"
    monkeypatch.setattr(
        sys, "argv", ["benchmark", str(project), str(out), *pipelines, "--runs", "2"]
    )
    benchmark.main()
    return srsly.read_json(out)


def test_pipelines_take_turns(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[tuple[str, str, str]] = []

    def fake(python: str, task: str, options: dict) -> dict:
        calls.append((python, options["pipeline"], task))
        # What the tasks can take
        inspect.signature(getattr(timing, task)).bind(**options)
        meta = {"lang": "en", "version": "1", "data": None}
        return {"seconds": 2, "words_per_second": 4, "milliseconds": 5, "peak_mb": 6, "meta": meta}

    monkeypatch.setattr(benchmark, "time_task", fake)
    rules, old = str(project / "rules"), f"{project}/bin/python"
    figures = run(project, monkeypatch, f"bilstm={rules}", f"old={old}:an_old_one")
    timed = [(python, pipeline) for python, pipeline, task in calls if task == "latency"]
    assert timed == [(sys.executable, rules), (old, "an_old_one"), (sys.executable, "blank:en")] * 2
    assert {
        part: {name: len(runs) for name, runs in each.items()}
        for part, each in figures["figures"].items()
    } == {part: dict.fromkeys(("bilstm", "old", "tokenizer"), 2) for part in benchmark.PARTS}
    assert figures["machine"]["load"] >= 0
    assert figures["data"] is None
    assert figures["versions"]["spacy"]
    printed = capsys.readouterr().out
    assert "| loading, s | 2 | 2 | 1 |" in printed
    assert "load of the machine" in printed


@pytest.mark.slow
def test_a_task_in_a_true_process(project: Path) -> None:
    given = {"pipeline": str(project / "rules"), "texts": TEXTS, "warm_up": TEXTS}
    assert time_task(sys.executable, "throughput", given)["words"] == 6 + 7


@pytest.mark.parametrize("given", ["old", "old=python", "bilstm=", "bilstm=python:"])
def test_pipelines_need_names(project: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    with pytest.raises(UserError, match="NAME=PYTHON:PIPELINE"):
        run(project, monkeypatch, given)
