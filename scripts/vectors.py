"""Find the word vectors that become part of the model: those of an installed pipeline, of a folder, of a text file, or
from the web."""

import importlib
import urllib.request
from pathlib import Path

import srsly
from spacy import about
from spacy.cli.download import download as spacy_download
from spacy.util import is_package

from scripts.source import WordVectors, checksum
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.network.vectors import find_pipeline

# Seconds without an answer after which the web counts as out of reach
TIMEOUT = 5


class DownloadError(Exception):
    """Something could not be had from the web."""


def find_vectors(name: str, *, lang: str, assets: Path) -> WordVectors:
    """Find word vectors: a text file, or a pipeline as a package, a folder, or a folder in assets/; else download it.

    RETURNS (WordVectors): The vectors; without a path if none are wanted, or the pipeline is of another language.
    RAISES UserError: if it is a folder that is not there, or has no vectors.
    RAISES DownloadError: if it is nowhere, nor to be downloaded.
    """
    if not name:
        return WordVectors(reason="not asked for")
    if (file := Path(name)).is_file():
        # It says nothing of its language, its author or its licence.
        return WordVectors(
            name, file.name, checksum(file), license="not known: see where the file comes from"
        )
    folders = [
        folder.as_posix()
        for folder in (Path(name), assets / name)
        if (folder / "meta.json").is_file()
    ]
    if not folders and not is_package(name):
        if not name.isidentifier():
            takes = "--vars.vectors takes a text file, or a pipeline's folder or package"
            raise UserError(f"there is no file and no pipeline {name}: {takes}")
        if not name.startswith(f"{lang}_"):
            return WordVectors(reason=f"{name} is not of the language {lang!r}")
        download(name)
    path = name if is_package(name) else folders[0]
    try:
        folder = find_pipeline(path)
    except ValueError as error:
        raise UserError(str(error)) from error
    meta = srsly.read_json(folder / "meta.json")
    if meta["lang"] != lang:
        return WordVectors(reason=f"{name} is of the language {meta['lang']!r}, not {lang!r}")
    title = f"{meta['lang']}_{meta['name']} {meta['version']}"
    author, url, licence = (meta.get(key, "") for key in ("author", "url", "license"))
    # The vectors in spaCy's own pipelines have a licence of their own
    licence += " (the pipeline), CC0 (its vectors)" if author == "Explosion" else ""
    return WordVectors(path, title, checksum(folder / "vocab" / "vectors"), author, url, licence)


def download(package: str) -> None:
    """Install a pipeline package without what it depends on: its vectors need none of that. A DownloadError if it
    cannot be had."""
    url = about.__compatibility__
    try:
        # Where the web is out of reach, spaCy itself would wait for minutes
        urllib.request.urlopen(url, timeout=TIMEOUT).close()
        spacy_download(
            package, False, False, None, "--no-deps", "--timeout", str(TIMEOUT), "--retries", "1"
        )
    except (OSError, SystemExit) as error:
        raise DownloadError(f"{url} or what it names cannot be had ({error})") from error
    importlib.invalidate_caches()
