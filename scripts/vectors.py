"""Find the word vectors that become part of the model."""

import importlib
import urllib.request
from pathlib import Path

import srsly
from spacy import about
from spacy.cli.download import download as spacy_download
from spacy.util import get_package_path, is_package

from scripts.source import WordVectors
from spacy_bilstm_ner.errors import UserError

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
        return WordVectors(name, file.name, license=licence)
    for folder in (file, assets / name):
        if (folder / "meta.json").is_file():
            return _describe(folder.as_posix(), folder, lang)
    if not name.isidentifier():
        raise UserError(
            f"there is no file and no pipeline {name}: --vars.vectors takes a text file, or a "
            "pipeline's folder or package"
        )
    if not is_package(name):
        if not name.startswith(f"{lang}_"):
            return WordVectors(reason=f"{name} is not of the language {lang!r}")
        download_pipeline(name)
    return _describe(name, get_package_path(name), lang)


def _describe(path: str, folder: Path, lang: str) -> WordVectors:
    meta = srsly.read_json(folder / "meta.json")
    if meta["lang"] != lang:
        return WordVectors(reason=f"{path} is of the language {meta['lang']!r}, not {lang!r}")
    licence = meta["license"]
    if meta["author"] == "Explosion":
        licence += " (the pipeline), CC0 (its vectors)"
    name = f"{meta['lang']}_{meta['name']} {meta['version']}"
    return WordVectors(path, name, meta["author"], meta["url"], licence)


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
