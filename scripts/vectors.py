"""Find the word vectors for training."""

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
    """A download has failed, or has returned a wrong file."""


def find_vectors(name: str, *, lang: str, assets: Path) -> WordVectors:
    """Find word vectors, or download them.

    name (str): A text file, a pipeline package, the folder of a pipeline, or its name in `assets`.
    RETURNS (WordVectors): They have no path if the name is empty or the pipeline has another
        language.
    RAISES UserError: If the vectors do not exist.
    RAISES DownloadError: If they cannot be downloaded.
    """
    if not name:
        return WordVectors(reason="not asked for")
    file = Path(name)
    if file.is_file():
        licence = "not known: see where the file comes from"
        return WordVectors(name, file.name, source={"license": licence})
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
    source = {key: meta[key] for key in ("url", "author", "license")}
    if meta["author"] == "Explosion":
        source["license"] += " (the pipeline), CC0 (its vectors)"
    return WordVectors(path, f"{lang}_{meta['name']} {meta['version']}", source=source)


def download_pipeline(package: str) -> None:
    """Install a pipeline package without its dependencies, which its vectors do not need.

    RAISES DownloadError: If it cannot be downloaded.
    """
    url = about.__compatibility__
    options = ("--no-deps", "--timeout", str(TIMEOUT), "--retries", "1")
    try:
        # Without a network, this fails in seconds. spaCy would wait for minutes.
        urllib.request.urlopen(url, timeout=TIMEOUT).close()
        spacy_download(package, False, False, None, *options)
    except (OSError, SystemExit) as error:
        raise DownloadError(f"{package} cannot be downloaded ({url}: {error})") from error
    importlib.invalidate_caches()
