import json
from pathlib import Path

import pytest
import srsly

from scripts.research import benchmark
from scripts.research.benchmark import main, measure, measure_in_process
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


def test_a_pipeline_is_measured(project: Path) -> None:
    figures = measure(str(project / "rules"), TEXTS, TEXTS, TEXTS)
    assert figures.pop("version") == "0.1.0"
    assert min(figures.values()) > 0
    assert figures["peak_mb"] < 100_000


def test_each_run_is_a_new_process_with_one_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "task.py"
    script.write_text(
        "import json, os, sys\nprint('a warning')\n"
        "threads = os.environ['OMP_NUM_THREADS']\n"
        "print(json.dumps({'pid': os.getpid(), 'threads': threads, 'input': sys.stdin.read()}))"
    )
    monkeypatch.setattr(benchmark, "__file__", str(script))
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    first, second = (measure_in_process({"pipeline": "x"}) for _ in range(2))
    assert (first["threads"], first["input"]) == ("1", '{"pipeline": "x"}')
    assert first["pid"] != second["pid"]


def test_pipelines_take_turns(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, int]] = []

    def answer(arguments: dict) -> dict:
        calls.append((arguments["pipeline"], len(json.dumps(arguments["texts"]))))
        speed = 8 if arguments["pipeline"] == "rules" else 4
        return {
            "version": "1",
            "words_per_second": speed,
            "milliseconds": 5,
            "peak_mb": 6,
            "loading_seconds": 2,
        }

    monkeypatch.setattr(benchmark, "measure_in_process", answer)
    monkeypatch.setattr(benchmark, "RUNS", 2)
    out = project / "benchmark.json"
    main(str(project), str(out), "bilstm=rules", "old=an_old_one")
    assert [pipeline for pipeline, _ in calls] == ["rules", "an_old_one"] * 4
    # A document has the same text as its sentences.
    assert 0 < calls[0][1] - calls[-1][1] < 10
    result = srsly.read_json(out)
    assert result["table"][0] == {
        "": "single sentences, words/s",
        "bilstm 1": 8,
        "old 1": 4,
        "ratio to old 1": 2,
    }
    assert len(result["figures"]["documents"]["old 1"]) == 2
    assert result["load"] >= 0
