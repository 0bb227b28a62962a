"""The commands: `python -m spacy_bilstm_ner COMMAND`, the same program as `python -m spacy bilstm COMMAND`.

Each command is a module, whose docstring says what it does, with two functions: `configure(parser)` adds its options,
and `execute(args)` does its work, or raises a UserError. A module is imported only when its command is called.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from .system.ending import run

# Command → the module that has it, and what it does in a line.
COMMANDS = {
    "convert": (
        ".files.convert",
        "turn a labelled file into train.spacy, dev.spacy and test.spacy",
    ),
    "init": (".training.init", "write a training config for `spacy train`"),
    "annotate": (".bulk.annotate", "find the entities in files of texts, on every core"),
    "evaluate": (".quality.evaluate", "score a pipeline on a labelled file"),
    "compare": (".quality.compare", "tell whether one pipeline is better than another"),
    "crossvalidate": (
        ".quality.crossvalidate",
        "tell how good a pipeline of a labelled file will be",
    ),
    "audit": (".quality.audit", "find the labels of a file that are most likely wrong"),
    "thresholds": (
        ".quality.thresholds",
        "find the confidence from which on entities are precise enough",
    ),
    "suggest": (".quality.suggest", "choose the texts that are worth labelling next"),
}
# What only some commands need, and which extra of ours installs it. All else that a command imports, spaCy brings.
EXTRAS = {
    "pyarrow": "bulk",
    "openpyxl": "formats",
    "python_calamine": "formats",
    "ray": "ray",
} | dict.fromkeys(
    ("charset_normalizer", "filelock", "matplotlib", "pandas", "srsly", "torch", "tqdm"), "train"
)


def main(
    arguments: Sequence[str] | None = None, *, program: str = "python -m spacy_bilstm_ner"
) -> None:
    """Run a command; None stands for the arguments of this process."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog=program, description="Train, check and run a BiLSTM entity recogniser."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (_, summary) in COMMANDS.items():
        commands.add_parser(name, help=summary, add_help=False)
    chosen = parser.parse_args(given[:1]).command

    def command() -> None:
        module = import_module(COMMANDS[chosen][0], package=__package__)
        own = argparse.ArgumentParser(
            prog=f"{program} {chosen}",
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.configure(own)
        module.execute(own.parse_args(given[1:]))

    try:
        run(command)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        sys.exit(
            f'Error: {package} is not installed: pip install "spacy-bilstm-ner[{EXTRAS[package]}]"'
        )
