"""What all steps share: each ends when it is told to, and with the process that started it; and of two runs in one
folder, the second one says which process is at work there.

python -m scripts.step COMMAND …    runs a command of the package as a step
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import shorten

import psutil
import srsly

from spacy_bilstm_ner.cli import main as library
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.system.ending import end_with_parent, run
from spacy_bilstm_ner.system.whole import generated_file
from spacy_bilstm_ner.system.workers import run_python

# Seconds by which the start of one process may seem to differ, since clocks are adjusted
SAME_START = 2.0


def step(main: Callable[[], None]) -> None:
    """Run a step's main function: a user's error, or an interruption, becomes one line and exit code 1."""

    def start() -> None:
        if runner() != psutil.Process():
            hold(Path("project.pid"))
            check_lockfile()
        main()

    end_with_parent()
    run(start)


def python(*words: str, failure: str, **environment: str) -> str:
    """Run Python with these arguments; its output, or, if it fails, a UserError that ends with the output."""
    done = run_python(*words, **environment)
    if done.returncode != 0:
        raise UserError(f"{failure}:\n{done.stdout}{done.stderr}")
    return done.stdout


def runner() -> psutil.Process:
    """The `spacy project run` that this step belongs to, or else the step itself."""
    parent = psutil.Process().parent()
    words = parent.cmdline() if parent else []
    return (
        parent
        if "run" in words and {"spacy", "weasel"} & {Path(word).name for word in words}
        else psutil.Process()
    )


def hold(path: Path) -> None:
    """Keep other runs out by a file that names the process at work, unless it names another one that still is: a
    UserError then says which. The file counts until the process ends or the file is removed."""
    mine, other = runner(), holder(path)
    if other and other != mine:
        began = time.strftime("%H:%M:%S", time.localtime(other.create_time()))
        command = shorten(" ".join(other.cmdline()), 100)
        raise UserError(
            f"process {other.pid} has been at work in this folder since {began} ({command}): "
            f"wait for its end, or stop it with `kill {other.pid}`"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{mine.pid} {mine.create_time()}", encoding="utf-8")


def holder(path: Path) -> psutil.Process | None:
    """The process that a file of `hold` names, if it is still at work."""
    try:
        pid, created = path.read_text(encoding="utf-8").split()
        process = psutil.Process(int(pid))
        alive = (
            process.status() != psutil.STATUS_ZOMBIE
            and abs(process.create_time() - float(created)) < SAME_START
        )
        return process if alive else None
    except (OSError, ValueError, psutil.Error):
        return None


def check_lockfile() -> None:
    """See that spaCy's list of what has been run is whole: spaCy itself would end in a traceback."""
    if Path("project.lock").exists():
        with generated_file(Path("project.lock"), command="spacy project run all") as path:
            [entry["script"] for entry in srsly.read_yaml(path).values()]


if __name__ == "__main__":
    step(lambda: library(sys.argv[1:]))
