import inspect
import sys
from pathlib import Path

import pytest
import srsly

from scripts.research import benchmark, timing
from scripts.research.benchmark import PARTS, read_texts, time_task
from tests.quality.helpers import make_pipeline, make_test_set

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
    throughput = timing.throughput(pipeline, TEXTS, TEXTS)
    # Of spaCy, "can't" is two words
    assert throughput["words"] == 6 + 7
    assert min(throughput.values()) > 0
    assert throughput["peak_mb"] < 100_000
    assert timing.latency(pipeline, TEXTS, TEXTS)["milliseconds"] > 0
    loading = timing.loading(pipeline, [], [])
    assert loading["seconds"] > 0
    assert loading["version"] == "0.1.0"


def test_documents_hold_the_same_sentences(project: Path) -> None:
    texts = read_texts(project)
    assert len(texts["sentences"]) == 3
    assert texts["documents"] == [" ".join(texts["sentences"])]


def test_each_task_is_a_new_process_with_one_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "task.py"
    script.write_text(
        "import json, os, sys\nprint('a warning')\n"
        "threads = os.environ['OMP_NUM_THREADS']\n"
        "print(json.dumps({'pid': os.getpid(), 'threads': threads, 'input': sys.stdin.read()}))"
    )
    monkeypatch.setattr(benchmark, "TIMING", script)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    first, second = (time_task(sys.executable, "loading", {"pipeline": "x"}) for _ in range(2))
    assert (first["threads"], first["input"]) == ("1", '{"pipeline": "x"}')
    assert first["pid"] != second["pid"]


def test_pipelines_take_turns(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[tuple[str, str, str]] = []

    def answer(python: str, task: str, options: dict) -> dict:
        calls.append((python, options["pipeline"], task))
        # What the tasks can take
        inspect.signature(getattr(timing, task)).bind(**options)
        return {"seconds": 2, "words_per_second": 4, "milliseconds": 5, "peak_mb": 6, "version": 1}

    monkeypatch.setattr(benchmark, "time_task", answer)
    out, old = project / "benchmark.json", f"{project}/bin/python"
    monkeypatch.setattr(benchmark, "RUNS", 2)
    benchmark.main(str(project), str(out), "bilstm=rules", f"old={old}:an_old_one")
    latencies = [call[:2] for call in calls if call[2] == "latency"]
    assert latencies == [(sys.executable, "rules"), (old, "an_old_one")] * 2
    result = srsly.read_json(out)
    assert list(result["figures"]) == list(PARTS)
    assert len(result["figures"]["loading"]["old"]) == 2
    assert result["machine"]["load"] >= 0
    printed = capsys.readouterr().out
    assert "| loading, s | 2 | 2 | 1 |" in printed
    assert "load of the machine" in printed
