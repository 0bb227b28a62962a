"""`python -m spacy bilstm COMMAND`: our commands under spaCy's own program.

spaCy imports this module whenever its program starts. Our commands are therefore imported only when
they are called.
"""

import typer
from spacy.cli._util import app

# Pass all options to our program, --help included.
PASS_ON = {
    "ignore_unknown_options": True,
    "allow_extra_args": True,
    "allow_interspersed_args": False,
}


@app.command("bilstm", context_settings=PASS_ON, add_help_option=False)
def bilstm(context: typer.Context) -> None:
    """Convert labelled files, write a config, evaluate: the commands of spacy-bilstm-ner."""
    from .cli import main

    main(context.args, program="python -m spacy bilstm")
