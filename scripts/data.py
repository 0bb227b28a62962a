"""Find the training data and the word vectors, and describe them in corpus/NAME/source.json.

The data is the user's file, or by default the GMB corpus, from assets/ or the web. If the corpus
cannot be downloaded, the bundled sample is used.
"""

import hashlib
import re
import urllib.request
from http.client import HTTPException
from pathlib import Path

from scripts.step import print_banner, step
from scripts.vectors import TIMEOUT, DownloadError, find_vectors
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files.unpack import read_content
from spacy_bilstm_ner.system.atomic import save_json

CORPUS = "ner_dataset.csv"
# The corpus in assets/, which may be packed
CORPUS_FILES = "ner_dataset*"
GMB_NAME = "GMB (Groningen Meaning Bank 2.2.0, extract)"
SAMPLE_NAME = "sample (the project's bundled sentences)"
# The name of the project's own pipeline
RESERVED = "gmb_bilstm"
SAMPLE_BANNER = f"""NO GMB CORPUS: training on the SMALL BUNDLED SAMPLE instead.
The model shows that everything works. It is NOT a useful recogniser.
For the real model: put {CORPUS} or {CORPUS}.zip into assets/ and run this again.
Why: {CORPUS} is not in assets/, and"""


def check_name(name: str, *, is_own: bool) -> None:
    """Check the name of the pipeline, which is also the name of a package.

    is_own (bool): Whether the data are the user's. The name must then not be RESERVED.
    RAISES UserError: If the name is not allowed.
    """
    is_identifier = re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", name)
    if not is_identifier or (is_own and name == RESERVED):
        raise UserError(
            f"{name!r} cannot be the name of your pipeline: use letters, digits and single "
            f"underscores, as in --vars.name shop_ner. {RESERVED!r} is reserved for the GMB corpus"
        )


def find_source(
    csv: str, dev: str, test: str, *, assets: Path, url: str, md5: str
) -> dict[str, str]:
    """Find the data: the user's files, the GMB corpus, or the sample.

    RETURNS (dict[str, str]): "kind": "own", "real" (the corpus) or "sample"; "name", for meta.json;
        "path"; and "sha256", the checksum of all files.
    RAISES UserError: If a file is missing, or the corpus in assets has another checksum.
    """
    own_files = [Path(file) for file in (csv, dev, test) if file]
    for path in own_files:
        if not path.is_file():
            raise UserError(
                f"there is no file {path}: --vars.csv, --vars.dev and --vars.test take paths"
            )
    if csv:
        kind, name, files = "own", Path(csv).name, own_files
    else:
        try:
            kind, name, files = "real", GMB_NAME, [find_corpus(assets, url, md5), *own_files]
        except DownloadError as error:
            print_banner(f"{SAMPLE_BANNER} {error}.")
            kind, name, files = "sample", SAMPLE_NAME, [assets / "sample.csv", *own_files]
    return {"kind": kind, "name": name, "path": files[0].as_posix(), "sha256": checksum(files)}


def find_corpus(assets: Path, url: str, md5: str) -> Path:
    """Return the GMB corpus in a folder. If it is not there, download it.

    RAISES UserError: If the file, or the file in the archive, has another checksum.
    RAISES DownloadError: If the corpus cannot be downloaded.
    """
    for path in sorted(assets.glob(CORPUS_FILES)):
        actual = hashlib.md5(read_content(path, CORPUS).raw).hexdigest()
        if actual != md5:
            raise UserError(
                f"{path} is not the GMB corpus: its MD5 checksum is {actual}, expected {md5}. To "
                "download the corpus, move this file to another folder. To train on this file: "
                f"spacy project run all . --vars.csv {path} --vars.name my_ner"
            )
        return path
    if not url:
        raise DownloadError("downloading is switched off")
    print(f"Downloading {url}")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
            data = response.read()
    except (OSError, ValueError, HTTPException) as error:
        raise DownloadError(f"{url} cannot be reached ({error})") from error
    actual = hashlib.md5(data).hexdigest()
    if actual != md5:
        raise DownloadError(f"{url} sent a file with the MD5 checksum {actual}, expected {md5}")
    path = assets / CORPUS
    path.write_bytes(data)
    return path


def list_code() -> list[Path]:
    """Return the files of the code. If one changes, spaCy runs the steps again.

    project.yml does not list the folders, because they also contain compiled files.
    """
    files = [Path("setup.cfg"), Path("spacy_bilstm_ner/quality/page.html")]
    for folder in ("scripts", "spacy_bilstm_ner"):
        files += sorted(Path(folder).rglob("*.py"))
    return files


def checksum(files: list[Path]) -> str:
    """Return the SHA-256 of the contents of files."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def main(
    folder: Path,
    lang: str,
    name: str,
    csv: str = "",
    dev: str = "",
    test: str = "",
    vectors: str = "",
    url: str = "",
    md5: str = "",
    assets: Path = Path("assets"),
) -> None:
    """Write FOLDER/source.json. The options are the variables of project.yml."""
    check_name(name, is_own=bool(csv))
    source = find_source(csv, dev, test, assets=assets, url=url, md5=md5)
    word_vectors = {}
    if source["kind"] != "sample":
        word_vectors = find_vectors(vectors, lang=lang, assets=assets)
    print(f"Data: {source['name']}, from {source['path']}")
    print(f"Word vectors: {word_vectors.get('name', 'none')}")
    code = checksum(list_code())
    save_json(folder / "source.json", {**source, "vectors": word_vectors, "code": code})


if __name__ == "__main__":
    step(main)
