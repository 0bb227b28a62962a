"""Find the word vectors that become part of the model: those of an installed pipeline, of a folder, or from the web.

It writes a small file that says what was found. Without vectors training goes on, and the model is a little worse.
"""

import argparse
import importlib
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import srsly
from spacy import about
from spacy.util import is_package

from scripts.data import TIMEOUT, DownloadError
from scripts.source import WordVectors, checksum, read_source, write_record
from spacy_bilstm_ner.errors import UserError, banner, run
from spacy_bilstm_ner.network.vectors import find_pipeline

# The author of spaCy's own pipelines, whose vectors have a licence of their own
EXPLOSION = "Explosion"
# Seconds that a whole download may take
DOWNLOAD_TIMEOUT = 600


def find_vectors(name: str, *, lang: str, assets: Path) -> tuple[WordVectors | None, str]:
    """Find a pipeline with word vectors: as a package, a folder, or a folder in assets/; else download it.

    name (str): A pipeline package's name, or a folder; "" for no vectors.
    lang (str): The language that they must be of.
    assets (Path): The project's folder of assets.
    RETURNS (tuple[WordVectors | None, str]): The vectors, and why there are none ("" if there are).
    RAISES UserError: if it is a folder that is not there, or has no vectors.
    RAISES DownloadError: if it is nowhere, nor to be downloaded.
    """
    if not name:
        return None, "switched off"
    folders = (Path(name), assets / name)
    path = next((folder.as_posix() for folder in folders if (folder / "meta.json").is_file()), None)
    if is_package(name):
        path = name
    if path is None:
        if not name.isidentifier():
            raise UserError(f"there is no pipeline in {name}: give a package's name or a folder with --vars.vectors")
        if not name.startswith(f"{lang}_"):
            return None, f"{name} is not of the language {lang!r}"
        download(name)
        path = name
    vectors, found = describe(path)
    return (vectors, "") if found == lang else (None, f"{name} is of the language {found!r}, not {lang!r}")


def describe(path: str) -> tuple[WordVectors, str]:
    """Say what a pipeline's vectors are.

    path (str): An installed package, or a folder.
    RETURNS (tuple[WordVectors, str]): The vectors, and their language.
    RAISES UserError: if the pipeline has no vectors.
    """
    try:
        folder = find_pipeline(path)
    except ValueError as error:
        raise UserError(str(error)) from error
    meta = srsly.read_json(folder / "meta.json")
    author, url, licence = (meta.get(key, "") for key in ("author", "url", "license"))
    if author == EXPLOSION:
        licence = f"{licence} (the pipeline), CC0 (its vectors)"
    name = f"{meta['lang']}_{meta['name']} {meta['version']}"
    return WordVectors(path, name, author, url, licence, checksum(folder / "vocab" / "vectors")), meta["lang"]


def download(package: str) -> None:
    """Install a pipeline package as `spacy download` does, without what it depends on: its vectors need none of that.

    package (str): The package's name.
    RAISES DownloadError: if it cannot be had.
    """
    # spaCy and pip themselves would wait for minutes
    url = about.__compatibility__
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT):
            pass
    except OSError as error:
        raise DownloadError(f"{url} cannot be reached ({error})") from error
    command = [sys.executable, "-m", "spacy", "download", package, "--no-deps"]
    environment = {"PIP_DEFAULT_TIMEOUT": str(TIMEOUT), "PIP_RETRIES": "1", **os.environ}
    try:
        code = subprocess.run(command, env=environment, timeout=DOWNLOAD_TIMEOUT).returncode
    except subprocess.TimeoutExpired as error:
        raise DownloadError(f"`spacy download {package}` took more than {DOWNLOAD_TIMEOUT} seconds") from error
    importlib.invalidate_caches()
    if code != 0 or not is_package(package):
        raise DownloadError(f"`spacy download {package}` ended with exit code {code}: see its output above")


def missing_banner(name: str, *, reason: str) -> str:
    """RETURNS (str): A text that nobody can miss: the model gets no word vectors, and why."""
    return banner(
        "NO WORD VECTORS: training without them.\nThe model works, but finds fewer entities than the one described.",
        f"Why: {name} is not installed, nor in assets/, and\n{reason}.\n"
        f"For the real model: `python -m spacy download {name}`, or its folder in assets/{name},\n"
        'and run this again. To do without, and not be told: --vars.vectors ""',
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="the folder of source.json, to which vectors.json is written")
    parser.add_argument("--vectors", default="", help="a pipeline package or folder; empty: no vectors")
    parser.add_argument("--assets", type=Path, default=Path("assets"))
    parser.add_argument("--lang", required=True, help="the language's code")
    args = parser.parse_args()
    vectors, reason = None, "the data is only the sample"
    if read_source(args.folder / "source.json").kind != "sample":
        try:
            vectors, reason = find_vectors(args.vectors, lang=args.lang, assets=args.assets)
        except DownloadError as error:
            reason = "not to be had"
            print(missing_banner(args.vectors, reason=str(error)), flush=True)
    written = write_record(vectors, args.folder / "vectors.json")
    found = f"{vectors.name}, from {vectors.path}" if vectors else f"none: {reason}"
    print(f"Word vectors: {found} ({'new' if written else 'unchanged'})")


if __name__ == "__main__":
    run(main)
