import json
import sys
from pathlib import Path

import pytest
import srsly

from scripts.research import benchmark, timing
from scripts.research.benchmark import time_task, write_texts
from spacy_bilstm_ner.errors import UserError
from tests.scripts.helpers import make_pipeline, make_test_set

TEXTS = ["Vienna can't see Lima.", "The Bank was shut on Monday."]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A pipeline and a corpus."""
    make_pipeline(tmp_path / "rules")
    for name in ("train", "dev", "test"):
        make_test_set(tmp_path / f"{name}.spacy")
    return tmp_path


def test_tasks_measure(project: Path) -> None:
    pipeline = str(project / "rules")
    found = timing.throughput(pipeline, TEXTS, TEXTS)
    # Of spaCy, "can't" is two words
    assert found["words"] == 6 + 7
    assert min(found.values()) > 0
    assert found["peak_mb"] < 100_000
    one = timing.latency("blank:en", TEXTS, TEXTS)
    assert one["words"] == found["words"]
    assert min(one.values()) > 0
    loaded = timing.loading(pipeline)
    assert loaded["seconds"] > 0
    assert loaded["meta"]["data"]["kind"] == "own"


def test_documents_hold_the_same_sentences(project: Path) -> None:
    write_texts(project, project, many=2)
    sentences, documents, many = (srsly.read_json(project / f"{n}.json") for n in ("sentences", "documents", "many"))
    assert len(sentences) == 3
    assert documents == [" ".join(sentences)]
    assert many == sentences[:2]
    (project / "dev.spacy").unlink()
    with pytest.raises(UserError, match=r"dev\.spacy is missing"):
        write_texts(project, project, many=2)


@pytest.mark.parametrize(("threads", "expected"), [(1, "1"), (0, "")])
def test_each_task_is_a_fresh_process_with_so_many_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int, expected: str
) -> None:
    script = tmp_path / "task.py"
    script.write_text(
        "import json, os, sys\nprint('a warning')\n"
        "threads = os.environ.get('OMP_NUM_THREADS', '')\n"
        "print(json.dumps({'threads': threads, 'pid': os.getpid(), 'argv': sys.argv[1:]}))"
    )
    monkeypatch.setattr(benchmark, "TIMING", script)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    found = [time_task(sys.executable, "loading", {"pipeline": "x"}, threads=threads) for _ in range(2)]
    assert found[0]["threads"] == expected
    assert found[0]["pid"] != found[1]["pid"]
    assert found[0]["argv"] == ["loading", json.dumps({"pipeline": "x"})]


def test_a_failed_task_says_why() -> None:
    with pytest.raises(UserError, match=r"failed:[\s\S]*no_such_pipeline"):
        time_task(sys.executable, "loading", {"pipeline": "no_such_pipeline"}, threads=1)


def run(project: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> dict:
    pipeline, out = str(project / "rules"), project / "out" / "benchmark.json"
    argv = ["benchmark", pipeline, pipeline, str(project), str(out), "--runs", "1", *options]
    monkeypatch.setattr(sys, "argv", argv)
    benchmark.main()
    return srsly.read_json(out)


def test_pipelines_take_turns(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[tuple[str, str, str]] = []

    def fake(python: str, task: str, options: dict, *, threads: int) -> dict:
        calls.append((python, options["pipeline"], task))
        meta = {"lang": "en", "version": "1", "data": None}
        return {"seconds": 2, "first_seconds": 3, "words_per_second": 4, "meta": meta}

    monkeypatch.setattr(benchmark, "time_task", fake)
    other = f"old={project}/bin/python:an_old_one"
    figures = run(project, monkeypatch, "--only", "processes", "loading", "--runs", "2", "--other", other)
    timed = [pipeline for _, pipeline, task in calls if task == "throughput"]
    rules = str(project / "rules")
    assert timed == [rules, rules, "an_old_one", "blank:en"] * 2
    assert {python for python, pipeline, _ in calls if pipeline == "an_old_one"} == {f"{project}/bin/python"}
    assert {part: {name: len(runs) for name, runs in each.items()} for part, each in figures["figures"].items()} == {
        part: dict.fromkeys(("bilstm", "spacy_ner", "old", "tokenizer"), 2) for part in ("processes", "loading")
    }
    assert figures["machine"]["load"] >= 0
    assert figures["versions"]["spacy"]
    printed = capsys.readouterr().out
    assert "| loading, s | 2 | 2 | 1 |" in printed
    assert "load when this began" in printed


@pytest.mark.slow
def test_all_is_measured_in_true_processes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = run(project, monkeypatch)
    assert list(figures["figures"]) == list(benchmark.PARTS)
    assert figures["data"]["kind"] == "own"
    for runs in figures["figures"].values():
        assert list(runs) == ["bilstm", "spacy_ner", "tokenizer"]
        assert all(len(each) == 1 for each in runs.values())


@pytest.mark.parametrize("other", ["old", "old=python", "=python:x"])
def test_another_pipeline_needs_a_name_and_a_python(project: Path, monkeypatch: pytest.MonkeyPatch, other: str) -> None:
    with pytest.raises(UserError, match="NAME=PYTHON:PIPELINE"):
        run(project, monkeypatch, "--other", other)
