"""Run `convert`. With --source FILE as first option, the data are those that `data` found."""

import sys
from pathlib import Path

from scripts.source import Source, read_record
from scripts.step import step
from spacy_bilstm_ner.cli import main as library


def main() -> None:
    words = sys.argv[1:]
    if words[:1] == ["--source"]:
        source = read_record(Path(words[1]), Source)
        own = [
            f"--{name}={path}"
            for name, path in (("dev", source.dev), ("test", source.test))
            if path
        ]
        words = [source.path, *words[2:], *own]
    library(["convert", *words])


if __name__ == "__main__":
    step(main)
