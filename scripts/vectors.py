"""Find the word vectors: in an installed pipeline, a folder, a text file, or on the web."""

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

# Seconds without an answer after which a download fails
TIMEOUT = 5


class DownloadError(Exception):
    """A download failed."""


def find_vectors(name: str, *, lang: str, assets: Path) -> WordVectors:
    """Find word vectors, or download them.

    name (str): A text file; or a pipeline: its package, its folder, or the name of its folder in
        assets/. "" for no vectors.
    RETURNS (WordVectors): The vectors. They have no path if there is no name, or if the pipeline is
        of another language.
    RAISES UserError: If the file or folder is missing, or has no vectors.
    RAISES DownloadError: If the package is not installed and cannot be downloaded.
    """
    if not name:
        return WordVectors(reason="not asked for")
    if (file := Path(name)).is_file():
        # The file does not contain its language, author or licence.
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
    # The vectors in spaCy's pipelines have another licence than the pipelines.
    licence += " (the pipeline), CC0 (its vectors)" if author == "Explosion" else ""
    return WordVectors(path, title, checksum(folder / "vocab" / "vectors"), author, url, licence)


def download(package: str) -> None:
    """Install a pipeline package without its requirements, which its vectors do not need.

    RAISES DownloadError: If the package cannot be downloaded.
    """
    url = about.__compatibility__
    try:
        # Without this, spaCy waits for minutes if there is no network.
        urllib.request.urlopen(url, timeout=TIMEOUT).close()
        spacy_download(
            package, False, False, None, "--no-deps", "--timeout", str(TIMEOUT), "--retries", "1"
        )
    except (OSError, SystemExit) as error:
        raise DownloadError(f"{url} or what it names cannot be had ({error})") from error
    importlib.invalidate_caches()
