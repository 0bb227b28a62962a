"""Find the training data and the word vectors, and write where they are to corpus/NAME.

The data are the user's files. Without them, it is the GMB corpus from assets/ or the web. If that
cannot be downloaded, it is the bundled sample.
"""

import argparse
import hashlib
import re
import urllib.request
from http.client import HTTPException
from itertools import chain
from pathlib import Path

from scripts.source import Source, WordVectors, checksum, write_record
from scripts.step import step
from scripts.vectors import TIMEOUT, DownloadError, find_vectors
from spacy_bilstm_ner.errors import UserError, banner
from spacy_bilstm_ner.files.unpack import read_contents
from spacy_bilstm_ner.system.whole import save_json, whole_file

CORPUS = "ner_dataset.csv"
# Usual file names of the corpus
CORPUS_FILES = (CORPUS, "ner_dataset.zip", f"{CORPUS}.zip", f"{CORPUS}.gz")
REAL_NAME = "GMB (Groningen Meaning Bank 2.2.0, extract)"
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
    "For the real model: `python -m spacy download NAME`, or put its folder into assets/, and run "
    'this again.\nTo train without vectors: --vars.vectors ""',
)


def check_name(name: str, *, is_own: bool) -> None:
    """Check the name of the pipeline, which is also the name of a package.

    is_own (bool): Whether the data are the user's. The name must then not be RESERVED.
    RAISES UserError: If the name is not allowed.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", name):
        raise UserError(
            f"{name!r} cannot be the name of a package: use letters, digits and single "
            "underscores, as in --vars.name shop_ner"
        )
    if is_own and name == RESERVED:
        raise UserError(
            f"{name!r} is the model trained on the GMB corpus: give yours another name, "
            "as in --vars.name shop_ner"
        )


def find_source(
    *, csv: str, assets: Path, url: str, md5: str, dev: str = "", test: str = ""
) -> tuple[Source, str]:
    """Find the data: the user's files, the GMB corpus, or the sample, in this order.

    assets (Path): A folder that may have the corpus.
    url (str): The address of the corpus; "" to download nothing.
    RETURNS (tuple[Source, str]): The source, and if it is the sample, the reason.
    RAISES UserError: If a file is missing, or the corpus in assets has another checksum.
    """
    own_files = [Path(file) for file in (csv, dev, test) if file]
    for path in own_files:
        if not path.is_file():
            raise UserError(
                f"there is no file {path}: --vars.csv, --vars.dev and --vars.test take paths"
            )
    if csv:
        return Source("own", Path(csv).name, csv, checksum(*own_files), dev, test), ""
    if own_files:
        raise UserError(
            "--vars.dev and --vars.test need your own training sentences: also give --vars.csv"
        )
    reason = "downloading is switched off"
    if url and not _find_corpus(assets):
        try:
            download(url, assets / CORPUS, md5=md5)
        except DownloadError as error:
            reason = str(error)
    corpus = _find_corpus(assets)
    if corpus:
        check_corpus(corpus, md5=md5)
        return Source("real", REAL_NAME, corpus.as_posix(), checksum(corpus)), ""
    sample = assets / "sample.csv"
    return Source("sample", SAMPLE_NAME, sample.as_posix(), checksum(sample)), reason


def _find_corpus(assets: Path) -> Path | None:
    for name in CORPUS_FILES:
        if (assets / name).exists():
            return assets / name
    return None


def check_corpus(path: Path, *, md5: str) -> None:
    """Check that a file, or the file in an archive, is the GMB corpus.

    RAISES UserError: If its checksum differs.
    """
    (content,) = read_contents([path], member=CORPUS)
    actual = hashlib.md5(content.raw).hexdigest()
    if actual != md5:
        raise UserError(
            f"{path} is not the GMB corpus: its MD5 checksum is {actual}, expected {md5}. To "
            "download the corpus, move this file to another folder. To train on this file: spacy "
            f"project run all . --vars.csv {path} --vars.name my_ner"
        )


def download(url: str, target: Path, *, md5: str) -> None:
    """Download a file. RAISES DownloadError: If that fails, or the checksum differs."""
    print(f"Downloading {url}", flush=True)
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
            data = response.read()
    except (OSError, ValueError, HTTPException) as error:
        raise DownloadError(f"{url} cannot be reached ({error})") from error
    actual = hashlib.md5(data).hexdigest()
    if actual != md5:
        raise DownloadError(f"{url} sent a file with the MD5 checksum {actual}, expected {md5}")
    with whole_file(target) as file:
        file.write(data)


def main() -> None:
    """Find the data and the vectors, and show what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="The options are the variables of project.yml."
    )
    parser.add_argument("folder", type=Path, help="the folder to write to: corpus/NAME")
    for option in ("name", "lang", "config", "csv", "dev", "test", "vectors", "url", "md5"):
        parser.add_argument(f"--{option}", default="")
    parser.add_argument("--assets", type=Path, default=Path("assets"))
    args = parser.parse_args()
    check_name(args.name, is_own=bool(args.csv))
    names = ("csv", "dev", "test", "assets", "url", "md5")
    source, reason = find_source(**{name: getattr(args, name) for name in names})
    if source.kind == "sample":
        print(banner(*SAMPLE_BANNER, f"Why: {CORPUS} is not in assets/, and {reason}."), flush=True)
        vectors = WordVectors(reason="the data is only the sample")
    else:
        vectors = _find_vectors(args)
    print(f"Data: {source.name}, from {source.path}")
    print(f"Word vectors: {vectors.name or f'none, {vectors.reason}'}")
    write_record(args.folder / "source.json", source)
    write_record(args.folder / "vectors.json", vectors)
    write_code_checksums(args.folder, args.config)


def _find_vectors(args: argparse.Namespace) -> WordVectors:
    try:
        return find_vectors(args.vectors, lang=args.lang, assets=args.assets)
    except DownloadError as error:
        reason = f"Why: {args.vectors} is neither installed nor in assets/, and\n{error}."
        print(banner(*VECTORS_BANNER, reason), flush=True)
        return WordVectors(reason="not available")


def write_code_checksums(folder: Path, config: str) -> None:
    """Write checksums of the code and of the config. If they change, spaCy runs the steps again.

    spaCy's own checksum of a folder would also change with compiled files.
    """
    code = ("setup.cfg", "scripts/*.py", "spacy_bilstm_ner/**/*.py", "spacy_bilstm_ner/**/*.html")
    for name, patterns in (("code", code), ("config", [f"configs/{config}.cfg"])):
        paths = chain.from_iterable(map(Path().glob, patterns))
        save_json(folder / f"{name}.json", {str(path): checksum(path) for path in sorted(paths)})


if __name__ == "__main__":
    step(main)
