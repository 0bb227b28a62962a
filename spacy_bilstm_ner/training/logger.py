"""A training log that also tells how long it took."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import IO, Any

from spacy.language import Language
from spacy.training.loggers import console_logger_v3

LogStep = Callable[[dict[str, Any] | None], None]
Setup = Callable[[Language, IO, IO], tuple[LogStep, Callable[[], None]]]


def TimedLogger(*, progress_bar: str | None = None, console_output: bool = True, output_file: str | Path) -> Setup:
    """Log as `spacy.ConsoleLogger.v3` does, to the console and to a file, and add to each row in the file what has
    passed since the training loop began: "words" that were learnt from, "seconds" of the clock and "cpu_seconds" of the
    processor, evaluations included. Registered as `spacy_bilstm_ner.TimedLogger.v1`.

    progress_bar (Optional[str]): "train", "eval" or None, as for spaCy's.
    console_output (bool): Whether to print the rows, too.
    output_file (str | Path): The .jsonl file, one row for each evaluation. Written anew.
    RETURNS (Setup): What spaCy calls a logger.
    """
    console = console_logger_v3(progress_bar, console_output)

    def setup(nlp: Language, stdout: IO = sys.stdout, stderr: IO = sys.stderr) -> tuple[LogStep, Callable[[], None]]:
        show, finalize_console = console(nlp, stdout, stderr)
        path = Path(output_file)
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w", encoding="utf-8")
        begin = process_time()

        def log_step(info: dict[str, Any] | None) -> None:
            show(info)
            if info is not None:
                row = {**_row(info, nlp.config["training"]["score_weights"]), "cpu_seconds": process_time() - begin}
                file.write(json.dumps(row) + "\n")
                # A training that is interrupted leaves what it has
                file.flush()

        def finalize() -> None:
            file.close()
            finalize_console()

        return log_step, finalize

    return setup


def _row(info: dict[str, Any], score_weights: dict[str, float | None]) -> dict[str, Any]:
    """The row that spaCy's logger writes, with scores in per cent, and the two counters that it leaves out."""
    shown = [name for name, weight in score_weights.items() if weight is not None]
    return {
        "epoch": info["epoch"],
        "step": info["step"],
        "losses": {pipe: float(loss) for pipe, loss in info["losses"].items()},
        "scores": {name: 100 * float(info["other_scores"].get(name, 0.0)) for name in shown},
        "score": float(info["score"]),
        "words": info["words"],
        "seconds": info["seconds"],
    }
