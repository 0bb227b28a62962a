"""`python -m spacy_bilstm_ner convert`; with --source FILE, the labelled files are those that `data` has found."""

import argparse
import shlex
from pathlib import Path

from scripts.source import Source, read_record
from scripts.step import step
from spacy_bilstm_ner.cli import main as library


def main() -> None:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--source", type=Path)
    parser.add_argument("--options", default="")
    args, words = parser.parse_known_args()
    if args.source:
        source = read_record(args.source, Source)
        own = [f"--{name}={path}" for name, path in (("dev", source.dev), ("test", source.test)) if path]
        words = [source.path, *words, *own, *shlex.split(args.options)]
    library(["convert", *words])


if __name__ == "__main__":
    step(main)
