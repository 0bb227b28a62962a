from io import StringIO
from pathlib import Path
from typing import Any

import spacy
import srsly

from spacy_bilstm_ner.training.logger import TimedLogger


def info(step: int, score: float) -> dict[str, Any]:
    other = {"ents_f": score, "ents_p": 0.5, "ents_per_type": {}}
    losses = {"ner": 1.5}
    return {"epoch": 0, "step": step, "losses": losses, "other_scores": other, "score": score, "words": 7, "seconds": 2}


def setup(path: Path, **options: Any) -> tuple[Any, Any, StringIO]:
    nlp = spacy.blank("en")
    nlp.add_pipe("bilstm_ner", name="ner")
    nlp.config["training"] = {
        "max_steps": 10,
        "eval_frequency": 5,
        "score_weights": {"ents_f": 1.0, "ents_per_type": None},
    }
    console = StringIO()
    log_step, finalize = TimedLogger(output_file=path, **options)(nlp, console, StringIO())
    return log_step, finalize, console


def test_rows_hold_what_spacys_logger_writes_and_times(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.jsonl"
    log_step, finalize, console = setup(path)
    log_step(info(0, 0.25))
    log_step(None)
    log_step(info(5, 0.5))
    finalize()
    first, second = srsly.read_jsonl(path)
    assert 0 <= first.pop("cpu_seconds") <= second.pop("cpu_seconds")
    assert first == {
        "epoch": 0,
        "step": 0,
        "losses": {"ner": 1.5},
        "scores": {"ents_f": 25.0, "ents_p": 50.0, "ents_r": 0.0},
        "score": 0.25,
        "words": 7,
        "seconds": 2,
    }
    assert second["step"] == 5
    assert "50.00" in console.getvalue()


def test_an_interrupted_training_leaves_its_rows(tmp_path: Path) -> None:
    log_step, _, _ = setup(tmp_path / "log.jsonl")
    log_step(info(0, 0.25))
    assert len(list(srsly.read_jsonl(tmp_path / "log.jsonl"))) == 1


def test_console_can_be_silent(tmp_path: Path) -> None:
    log_step, finalize, console = setup(tmp_path / "log.jsonl", console_output=False)
    log_step(info(0, 0.25))
    finalize()
    assert "25.00" not in console.getvalue()
