"""Find the word vectors that become part of the model."""

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

# Seconds to wait for an answer from the web
TIMEOUT = 5


class DownloadError(Exception):
    """The web cannot be reached, or sends something else."""


def find_vectors(name: str, *, lang: str, assets: Path) -> WordVectors:
    """Find word vectors, or download them.

    name (str): A text file, or a pipeline as a package, a folder, or a folder in `assets`.
    RETURNS (WordVectors): Without a path if the name is empty or the pipeline has another language.
    RAISES UserError: If there are no such vectors.
    RAISES DownloadError: If they cannot be downloaded.
    """
    if not name:
        return WordVectors(reason="not asked for")
    file = Path(name)
    if file.is_file():
        licence = "not known: see where the file comes from"
        return WordVectors(name, file.name, checksum(file), license=licence)
    path = name
    if not is_package(name):
        path = _find_folder(name, assets)
    if not path:
        if not name.isidentifier():
            raise UserError(
                f"there is no file and no pipeline {name}: --vars.vectors takes a text file, or a "
                "pipeline's folder or package"
            )
        if not name.startswith(f"{lang}_"):
            return WordVectors(reason=f"{name} is not of the language {lang!r}")
        download_pipeline(name)
        path = name
    return _describe(path, lang)


def _find_folder(name: str, assets: Path) -> str:
    for folder in (Path(name), assets / name):
        if (folder / "meta.json").is_file():
            return folder.as_posix()
    return ""


def _describe(path: str, lang: str) -> WordVectors:
    try:
        folder = find_pipeline(path)
    except ValueError as error:
        raise UserError(str(error)) from error
    meta = srsly.read_json(folder / "meta.json")
    if meta["lang"] != lang:
        return WordVectors(reason=f"{path} is of the language {meta['lang']!r}, not {lang!r}")
    licence = meta.get("license", "")
    if meta.get("author") == "Explosion":
        licence += " (the pipeline), CC0 (its vectors)"
    return WordVectors(
        path,
        f"{meta['lang']}_{meta['name']} {meta['version']}",
        checksum(folder / "vocab" / "vectors"),
        meta.get("author", ""),
        meta.get("url", ""),
        licence,
    )


def download_pipeline(package: str) -> None:
    """Install a pipeline package without its dependencies, which its vectors do not need.

    RAISES DownloadError: If it cannot be downloaded.
    """
    url = about.__compatibility__
    options = ("--no-deps", "--timeout", str(TIMEOUT), "--retries", "1")
    try:
        # spaCy itself would wait for minutes.
        urllib.request.urlopen(url, timeout=TIMEOUT).close()
        spacy_download(package, False, False, None, *options)
    except (OSError, SystemExit) as error:
        raise DownloadError(f"{url} or what it names cannot be had ({error})") from error
    importlib.invalidate_caches()
