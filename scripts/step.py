"""Run a step of the project. Only one step at a time runs in a folder.

python -m scripts.step COMMAND …    runs a command of the package as a step
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from spacy_bilstm_ner.cli import main as run_command
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.system.ending import run
from spacy_bilstm_ner.system.exclusive import exclusive


def step(main: Callable[[], None]) -> None:
    """Run the main function of a step."""

    def run_alone() -> None:
        with exclusive(Path.cwd()):
            main()

    run(run_alone)


def run_python(*arguments: str, failure: str) -> None:
    """Run Python.

    failure (str): The beginning of the message if Python fails; the output follows.
    RAISES UserError: If Python fails.
    """
    process = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    if process.returncode:
        raise UserError(f"{failure}:\n{process.stdout}{process.stderr}")


if __name__ == "__main__":
    step(lambda: run_command(sys.argv[1:]))
