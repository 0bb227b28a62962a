"""Run the command `convert`. If --source FILE is the first argument, convert the data of FILE."""

import sys

import srsly

from spacy_bilstm_ner.cli import main as run_command


def main() -> None:
    """Convert the files on the command line, or those in the source.json that `data` wrote."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["--source"]:
        arguments[:2] = [srsly.read_json(arguments[1])["path"]]
    run_command(["convert", *arguments])


if __name__ == "__main__":
    main()
