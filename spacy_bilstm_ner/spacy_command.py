"""`python -m spacy bilstm COMMAND`: the package's commands under spaCy's own program.

spaCy imports this module each time its program starts, so it imports nothing that spaCy has not imported already.
"""

import re
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import typer
from spacy.cli._util import app


def check_variables(words: Sequence[str]) -> None:
    """Say in a line what `spacy project run` does not take as a variable of our project. It puts values into quoted
    JSON: so it would fail in a traceback, or read another name."""
    if list(words[:2]) != ["project", "run"] or not Path("scripts/step.py").is_file():
        return
    for word, following in pairwise([*words, ""]):
        name, _, value = word.partition("=")
        if name.startswith("--vars.") and re.search(r'["$\\]', value or following):
            what = 'takes no ", no $ and no \\; in the name of a file, a ? stands for one'
            sys.exit(f"Error: {name} {what}: {value or following}")


check_variables(sys.argv[1:])


@app.command(
    "bilstm",
    # All options belong to our program, --help too.
    context_settings={
        "ignore_unknown_options": True,
        "allow_extra_args": True,
        "allow_interspersed_args": False,
    },
    add_help_option=False,
)
def bilstm(context: typer.Context) -> None:
    """Convert labelled files, write a config, evaluate: the commands of spacy-bilstm-ner."""
    from .cli import main

    main(context.args, program="python -m spacy bilstm")
