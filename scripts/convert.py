"""Run the command `convert`. The first argument can be --source, followed by a source.json."""

import sys

import srsly

from spacy_bilstm_ner.cli import main as run_command


def main() -> None:
    """Convert the file on the command line, or the one whose path `data` wrote to source.json."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["--source"]:
        arguments[:2] = [srsly.read_json(arguments[1])["path"]]
    run_command(["convert", *arguments])


if __name__ == "__main__":
    main()
