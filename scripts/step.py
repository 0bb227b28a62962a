"""Run a step of the project. It ends on a signal, or when the process that started it ends.

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
    """Run the main function of a step. Only one step at a time runs in a folder."""

    def run_alone() -> None:
        with exclusive(Path.cwd()):
            main()

    end_with_parent()
    run(run_alone)


def python(*arguments: str, failure: str, **environment: str) -> str:
    """Run Python and return its output.

    failure (str): The beginning of the message if Python fails; the output follows.
    RAISES UserError: If Python fails.
    """
    finished = run_python(*arguments, **environment)
    if finished.returncode:
        raise UserError(f"{failure}:\n{finished.stdout}{finished.stderr}")
    return finished.stdout


if __name__ == "__main__":
    step(lambda: run_command(sys.argv[1:]))
