"""Find the training data and the word vectors, and store their paths in corpus/NAME.

The data is the user's file, or by default the GMB corpus, from assets/ or the web. If the corpus
cannot be downloaded, the bundled sample is used.
"""

import argparse
import hashlib
import re
import urllib.request
from dataclasses import asdict
from http.client import HTTPException
from pathlib import Path

from scripts.source import Source, WordVectors, checksum
from scripts.step import step
from scripts.vectors import TIMEOUT, DownloadError, find_vectors
from spacy_bilstm_ner.errors import UserError, banner
from spacy_bilstm_ner.files.unpack import read_content
from spacy_bilstm_ner.system.whole import save_json

CORPUS = "ner_dataset.csv"
# Usual file names of the corpus
CORPUS_FILES = (CORPUS, "ner_dataset.zip", f"{CORPUS}.zip", f"{CORPUS}.gz")
GMB_NAME = "GMB (Groningen Meaning Bank 2.2.0, extract)"
SAMPLE_NAME = "sample (the project's bundled sentences)"
# The name of the project's own pipeline
RESERVED = "gmb_bilstm"
SAMPLE_BANNER = (
    "NO GMB CORPUS: training on the SMALL BUNDLED SAMPLE instead.\n"
    "The model shows that everything works. It is NOT a useful recogniser.",
    f"For the real model: put {CORPUS}, or its zip, into assets/ and run this again.",
)
VECTORS_BANNER = (
    "NO WORD VECTORS: training without them.\nThe model works, but finds fewer entities.",
    "For the real model: `python -m spacy download NAME`, or put the folder of that pipeline into "
    'assets/. Then run this again.\nTo train without vectors: --vars.vectors ""',
)


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


def find_source(args: argparse.Namespace) -> Source:
    """Find the data: the user's files, or the GMB corpus.

    args (argparse.Namespace): See `main`.
    RAISES UserError: If a file is missing, or the corpus in assets has another checksum.
    RAISES DownloadError: If the corpus is not in assets and cannot be downloaded.
    """
    own_files = [Path(file) for file in (args.csv, args.dev, args.test) if file]
    for path in own_files:
        if not path.is_file():
            raise UserError(
                f"there is no file {path}: --vars.csv, --vars.dev and --vars.test take paths"
            )
    if args.csv:
        return Source("own", Path(args.csv).name, args.csv, checksum(*own_files))
    if own_files:
        raise UserError(
            "--vars.dev and --vars.test need your own training sentences: also give --vars.csv"
        )
    corpus = find_corpus(args.assets)
    if corpus is None:
        corpus = args.assets / CORPUS
        download(args.url, corpus, md5=args.md5)
    check_corpus(corpus, md5=args.md5)
    return Source("real", GMB_NAME, corpus.as_posix(), checksum(corpus))


def find_corpus(assets: Path) -> Path | None:
    """Return the GMB corpus in a folder, or None."""
    return next(filter(Path.is_file, map(assets.joinpath, CORPUS_FILES)), None)


def check_corpus(path: Path, *, md5: str) -> None:
    """Check that a file, or the file in an archive, is the GMB corpus.

    RAISES UserError: If its checksum differs.
    """
    actual = hashlib.md5(read_content(path, CORPUS).raw).hexdigest()
    if actual != md5:
        raise UserError(
            f"{path} is not the GMB corpus: its MD5 checksum is {actual}, expected {md5}. To "
            "download the corpus, move this file to another folder. To train on this file: spacy "
            f"project run all . --vars.csv {path} --vars.name my_ner"
        )


def download(url: str, target: Path, *, md5: str) -> None:
    """Download a file. RAISES DownloadError: If that fails, or the checksum differs."""
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
    target.write_bytes(data)


def main() -> None:
    """Find the data and the vectors, and show what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="The options are the variables of project.yml."
    )
    parser.add_argument("folder", type=Path, help="the folder to write to: corpus/NAME")
    for option in ("name", "lang", "csv", "dev", "test", "vectors", "url", "md5"):
        parser.add_argument(f"--{option}", default="")
    parser.add_argument("--assets", type=Path, default=Path("assets"))
    args = parser.parse_args()
    check_name(args.name, is_own=bool(args.csv))
    try:
        source = find_source(args)
    except DownloadError as error:
        reason = f"Why: {CORPUS} is not in assets/, and {error}."
        print(banner(*SAMPLE_BANNER, reason))
        sample = args.assets / "sample.csv"
        source = Source("sample", SAMPLE_NAME, sample.as_posix(), checksum(sample))
        vectors = WordVectors(reason="the data is only the sample")
    else:
        vectors = _find_vectors_or_warn(args)
    print(f"Data: {source.name}, from {source.path}")
    print(f"Word vectors: {vectors.name or f'none, {vectors.reason}'}")
    save_json(args.folder / "source.json", asdict(source))
    save_json(args.folder / "vectors.json", asdict(vectors))
    save_json(args.folder / "code.json", {"sha256": checksum(*list_code())})


def _find_vectors_or_warn(args: argparse.Namespace) -> WordVectors:
    try:
        return find_vectors(args.vectors, lang=args.lang, assets=args.assets)
    except DownloadError as error:
        reason = f"Why: {args.vectors} is neither installed nor in assets/, and\n{error}."
        print(banner(*VECTORS_BANNER, reason))
        return WordVectors(reason="not available")


def list_code() -> list[Path]:
    """Return the files of the code. If one changes, spaCy runs the steps again.

    project.yml does not list the folders, because they also contain compiled files.
    """
    files = [Path("setup.cfg")]
    for folder in ("scripts", "spacy_bilstm_ner"):
        files += sorted(Path(folder).rglob("*.py"))
    return [*files, Path("spacy_bilstm_ner/quality/page.html")]


if __name__ == "__main__":
    step(main)
