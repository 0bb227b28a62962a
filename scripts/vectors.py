"""Find the word vectors for training."""

import importlib
import urllib.request
from pathlib import Path

import srsly
from spacy import about
from spacy.cli.download import download as spacy_download
from spacy.util import get_package_path, is_package

from scripts.step import print_banner
from spacy_bilstm_ner.errors import UserError

# Seconds to wait for an answer from the web
TIMEOUT = 5
BANNER = """NO WORD VECTORS: training without them. The model works, but finds fewer entities.
For the real model: `python -m spacy download NAME`, or put the folder of that pipeline into
assets/. Then run this again. To train without vectors: --vars.vectors ""
Why:"""


class DownloadError(Exception):
    """A download has failed, or has returned a wrong file."""


def find_vectors(name: str, *, lang: str, assets: Path) -> dict[str, str]:
    """Find word vectors, or download them.

    name (str): The folder of a pipeline, a pipeline package, or the name of a folder in `assets`.
    RETURNS (dict[str, str]): "path", for the config; "name", "url", "author" and "license", for the
        meta.json of the new pipeline. Empty if the name is empty, or the package has another
        language or cannot be downloaded.
    RAISES UserError: If the name is neither a pipeline's folder nor a possible package name.
    """
    folder = Path(name)
    if not name:
        return {}
    if (folder / "meta.json").is_file():
        return _describe(name, folder)
    if not name.isidentifier():
        raise UserError(
            f"there is no pipeline {name}: --vars.vectors takes a pipeline's folder or package"
        )
    if not name.startswith(f"{lang}_"):
        print(f"{name} is not used: its language is not {lang!r}.")
        return {}
    if (assets / name / "meta.json").is_file():
        return _describe((assets / name).as_posix(), assets / name)
    if not is_package(name):
        try:
            download_pipeline(name)
        except DownloadError as error:
            print_banner(f"{BANNER} {name} is neither installed nor in assets/, and {error}.")
            return {}
    return _describe(name, get_package_path(name))


def _describe(path: str, folder: Path) -> dict[str, str]:
    meta = srsly.read_json(folder / "meta.json")
    source = {key: meta[key] for key in ("url", "author", "license")}
    return {"path": path, "name": f"{meta['lang']}_{meta['name']} {meta['version']}", **source}


def download_pipeline(package: str) -> None:
    """Install a pipeline package without its dependencies, which its vectors do not need.

    RAISES DownloadError: If it cannot be downloaded.
    """
    url = about.__compatibility__
    try:
        # Without a network, this fails in seconds. spaCy would wait for minutes.
        urllib.request.urlopen(url, timeout=TIMEOUT).close()
        spacy_download(
            package, False, False, None, "--no-deps", "--timeout", str(TIMEOUT), "--retries", "1"
        )
    except (OSError, SystemExit) as error:
        raise DownloadError(f"{package} cannot be downloaded ({url}: {error})") from error
    importlib.invalidate_caches()
