"""The commands: `python -m spacy_bilstm_ner COMMAND` or `python -m spacy bilstm COMMAND`.

Each command is a function. It imports the library when it is called, so that help and usage errors
appear at once.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from ..system.exit_codes import exit_codes
from . import convert
from .bulk import annotate
from .output import short_warnings
from .quality import audit, compare, crossvalidate, evaluate, suggest, thresholds
from .training import init

PROGRAM = "python -m spacy_bilstm_ner"
COMMANDS: tuple[Callable[..., None], ...] = (
    convert.convert,
    init,
    evaluate,
    compare,
    crossvalidate,
    audit,
    thresholds,
    suggest,
    annotate,
)
# Packages that spaCy does not bring and only some commands need, and the extra that installs each
EXTRAS = {"pyarrow": "bulk", "ray": "ray", "python_calamine": "formats"} | dict.fromkeys(
    ("charset_normalizer", "filelock", "matplotlib", "pandas", "torch"), "train"
)


class Commands(TyperGroup):
    """The group of all commands.

    A user error or a missing package becomes a message on stderr and exit code 1, and Ctrl-C exit
    code 130. A closed pipe ends the command without a message. All other errors keep their
    traceback.
    """

    def invoke(self, ctx: Any) -> None:
        try:
            with short_warnings(), exit_codes():
                super().invoke(ctx)
        except ImportError as error:
            # pandas raises an ImportError in the place of the error of a missing package.
            missing = error.__context__ if type(error) is ImportError else error
            if not isinstance(missing, ModuleNotFoundError):
                raise
            package = str(missing.name).partition(".")[0]
            if package not in EXTRAS:
                raise
            extra = EXTRAS[package]
            sys.exit(f'Error: {package} is not installed: pip install "spacy-bilstm-ner[{extra}]"')


def main(arguments: Sequence[str] | None = None, *, program: str = PROGRAM) -> None:
    """Run a command.

    arguments (Sequence[str] | None): The command and its arguments; None for sys.argv.
    program (str): The name of the program in help and usage messages.
    RAISES SystemExit: If the command fails. The code is 1, 2 for wrong usage, or 130 for Ctrl-C.
    """
    app = typer.Typer(
        cls=Commands,
        help="Train, check and run a BiLSTM named-entity recogniser for spaCy.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for command in COMMANDS:
        app.command()(command)
    try:
        app(args=arguments, prog_name=program)
    except SystemExit as system_exit:
        if system_exit.code:
            raise
