"""Run the main function of a step of the project.

The current folder is locked meanwhile, so two such steps cannot run in it at the same time. The
steps `convert` and `evaluate` do not use this module, and take no lock.
"""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from textwrap import indent
from typing import Any

import typer

from spacy_bilstm_ner.system.exit_codes import exit_codes
from spacy_bilstm_ner.system.folder_lock import exclusive

BORDER = "!" * 88


def step(main: Callable[..., None]) -> None:
    """Run the main function of a step. Its parameters are the arguments of the command line."""

    @wraps(main)
    def command(**arguments: Any) -> None:
        with exit_codes(), exclusive(Path.cwd()):
            main(**arguments)

    typer.run(command)


def print_banner(text: str) -> None:
    """Print a text that nobody should miss."""
    print(f"\n{BORDER}\n{indent(text, '!!  ')}\n{BORDER}\n")
