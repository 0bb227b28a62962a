"""Run a step of the project. It ends when it gets a signal, and with the process that started it.

python -m scripts.step COMMAND …    runs a command of the package as a step
"""

import sys
from collections.abc import Callable
from pathlib import Path

from spacy_bilstm_ner.cli import main as run_command
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.system.ending import end_with_parent, run
from spacy_bilstm_ner.system.exclusive import exclusive
from spacy_bilstm_ner.system.workers import run_python


def step(main: Callable[[], None]) -> None:
    """Run the main function of a step. In a folder, only one step runs at a time."""

    def run_alone() -> None:
        with exclusive(Path.cwd()):
            main()

    end_with_parent()
    run(run_alone)


def python(*arguments: str, failure: str, **environment: str) -> str:
    """Run Python and return its output.

    RAISES UserError: If it fails, with `failure` and the output.
    """
    finished = run_python(*arguments, **environment)
    if finished.returncode:
        raise UserError(f"{failure}:\n{finished.stdout}{finished.stderr}")
    return finished.stdout


if __name__ == "__main__":
    step(lambda: run_command(sys.argv[1:]))
