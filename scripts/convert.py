"""Run the command `convert`. If --source FILE is the first argument, convert the data of FILE."""

import sys
from pathlib import Path

from scripts.source import Source, read_record
from scripts.step import step
from spacy_bilstm_ner.cli import main as run_command


def main() -> None:
    """Convert the files on the command line, or those in the source.json that `data` wrote."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["--source"]:
        source = read_record(Path(arguments[1]), Source)
        arguments = [source.path, *arguments[2:]]
        for name, path in (("dev", source.dev), ("test", source.test)):
            if path:
                arguments.append(f"--{name}={path}")
    run_command(["convert", *arguments])


if __name__ == "__main__":
    step(main)
