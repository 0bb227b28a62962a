"""Convert the CSV that a source file names, into the source file's folder."""

import subprocess
import sys
from pathlib import Path

from spacy_bilstm_ner.errors import UserError, run
from scripts.source import read_source


def main() -> None:
    if len(sys.argv) < 2:
        raise UserError("usage: python -m scripts.corpus SOURCE_JSON [options of scripts.convert]")
    path, options = Path(sys.argv[1]), sys.argv[2:]
    source = read_source(path)
    command = [sys.executable, "-m", "scripts.convert", source.path, str(path.parent), *options]
    sys.exit(subprocess.run(command).returncode)


if __name__ == "__main__":
    run(main)
