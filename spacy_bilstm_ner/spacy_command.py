"""`python -m spacy bilstm COMMAND`: the package's commands under spaCy's own program.

spaCy imports this module each time its program starts, so it imports nothing that spaCy has not imported already.
"""

import typer
from spacy.cli._util import app


@app.command(
    "bilstm",
    # All options belong to our program, --help too.
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False},
    add_help_option=False,
)
def bilstm(context: typer.Context) -> None:
    """Convert labelled files, write a config, evaluate: the commands of spacy-bilstm-ner."""
    from .cli import main

    main(context.args, program="python -m spacy bilstm")
