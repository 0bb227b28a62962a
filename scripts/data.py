"""Find the training data and the word vectors.

The data are the user's own files, the GMB corpus in assets/ or from the web, or the bundled sample.
The step writes what it found to corpus/NAME/source.json and vectors.json, and checksums of the code
of the later steps to corpus/NAME/*.code.
"""

import argparse
import hashlib
import re
import urllib.request
from glob import glob
from http.client import HTTPException
from pathlib import Path

from scripts.source import CODE, Source, WordVectors, checksum, fingerprint, write
from scripts.step import step
from scripts.vectors import TIMEOUT, DownloadError, find_vectors
from spacy_bilstm_ner.errors import UserError, banner
from spacy_bilstm_ner.files.unpack import read_contents
from spacy_bilstm_ner.system.whole import save, whole_file

CORPUS = "ner_dataset.csv"
# Usual names of the corpus in assets/
CORPUS_FILES = (CORPUS, "ner_dataset.zip", f"{CORPUS}.zip", f"{CORPUS}.gz")
REAL_NAME = "GMB (Groningen Meaning Bank 2.2.0, extract)"
SAMPLE_NAME = "sample (the project's bundled sentences)"
# The name of the project's own pipeline. Other pipelines must have another name.
RESERVED = "gmb_bilstm"
SAMPLE_BANNER = (
    "NO GMB CORPUS: training on the SMALL BUNDLED SAMPLE instead.\n"
    "The model shows that everything works. It is NOT a useful recogniser.",
    f"For the real model: put {CORPUS}, or its zip, into assets/ and run this again.",
)
VECTORS_BANNER = (
    "NO WORD VECTORS: training without them.\n"
    "The model works, but finds fewer entities than the one described.",
    "For the real model: install the vectors with `python -m spacy download NAME`, or put their "
    "folder into assets/, and run this again.\n"
    'To train without vectors and without this message: --vars.vectors ""',
)
# Characters that are replaced in names, because names are shown in web pages and tables
UNSAFE = re.compile(r"[^\w .,+()-]")


def check_names(name: str, *, lang: str, config: str, own: bool) -> None:
    """Check the names that the user has chosen.

    own (bool): Whether the data are the user's own. The name must then differ from RESERVED.
    RAISES UserError: If a name is not allowed.
    """
    known = [*sorted(path.stem for path in Path("configs").glob("*.cfg")), "spacy_ner"]
    example = "as in --vars.name shop_ner"
    if not re.fullmatch("[A-Za-z]+", lang):
        raise UserError(
            f"{lang!r} cannot be a language: give a code of letters only, as in --vars.lang de"
        )
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", name):
        what = "cannot be the name of a package: use letters, digits and single underscores"
        raise UserError(f"{name!r} {what}, {example}")
    if name.startswith(f"{lang}_"):
        what = "begins with the language, which is added for you"
        raise UserError(f"{name!r} {what}: give --vars.name {name.removeprefix(f'{lang}_')}")
    if own and name == RESERVED:
        raise UserError(
            f"{name!r} is the model trained on the GMB corpus: give yours a name of its own, {example}"
        )
    if config not in known:
        raise UserError(f"there is no configs/{config}.cfg: --vars.config takes {', '.join(known)}")


def find_source(
    *, csv: str, assets: Path, url: str, md5: str, dev: str = "", test: str = ""
) -> tuple[Source, str]:
    """Find the data: the user's own files, or the GMB corpus, or the sample.

    csv, dev, test (str): The user's own files.
    assets (Path): The folder of the corpus and the sample.
    url, md5 (str): Address and checksum of the corpus.
    RETURNS (tuple[Source, str]): The source, and the reason if it is the sample, otherwise "".
    RAISES UserError: If a file of the user is missing, or the corpus in assets has another checksum.
    """
    # `spacy project` refuses some characters. In their place, the user has written ?
    csv, dev, test = (
        named[0] if not Path(file).exists() and len(named := glob(file)) == 1 else file
        for file in (csv, dev, test)
    )
    own = [Path(file) for file in (csv, dev, test) if file]
    if missing := [str(path) for path in own if not path.is_file()]:
        raise UserError(
            f"there is no file {missing[0]}: --vars.csv, --vars.dev and --vars.test take paths"
        )
    if csv:
        return Source("own", UNSAFE.sub("_", own[0].name), csv, checksum(*own), dev, test), ""
    if own:
        raise UserError(
            "--vars.dev and --vars.test go with your own training sentences: give --vars.csv, too"
        )
    reason = "downloading is switched off"
    found = [assets / name for name in CORPUS_FILES if (assets / name).exists()]
    try:
        if url and not found:
            download(url, assets / CORPUS, md5=md5)
            found = [assets / CORPUS]
    except DownloadError as error:
        reason = str(error)
    if found:
        check_corpus(found[0], md5=md5)
        return Source("real", REAL_NAME, found[0].as_posix(), checksum(found[0])), ""
    sample = assets / "sample.csv"
    return Source("sample", SAMPLE_NAME, sample.as_posix(), checksum(sample)), reason


def check_corpus(path: Path, *, md5: str) -> None:
    """Check that a file, or the file in an archive, is the GMB corpus."""
    (content,) = read_contents([path], member=CORPUS)
    if (found := hashlib.md5(content.raw).hexdigest()) != md5:
        raise UserError(
            f"{path} is not the corpus this project knows: its MD5 checksum is {found}, expected {md5}. "
            "The file is left as it is. To have the corpus downloaded, move it away; to train on it as your own data: "
            f"spacy project run all . --vars.csv {path} --vars.name my_ner"
        )


def download(url: str, target: Path, *, md5: str) -> None:
    """Download a file. It is only written if it is complete.

    RAISES DownloadError: If the address cannot be reached, or the checksum differs.
    """
    print(f"Downloading {url}", flush=True)
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
            data = response.read()
    except (OSError, ValueError, HTTPException) as error:
        raise DownloadError(f"{url} cannot be reached ({error})") from error
    if (found := hashlib.md5(data).hexdigest()) != md5:
        raise DownloadError(f"{url} sent a file with the MD5 checksum {found}, expected {md5}")
    with whole_file(target) as file:
        file.write(data)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="The options are those variables of project.yml."
    )
    parser.add_argument("folder", type=Path, help="the folder to write to: corpus/NAME")
    for option in ("name", "lang", "config", "csv", "dev", "test", "vectors", "url", "md5"):
        parser.add_argument(f"--{option}", default="")
    parser.add_argument("--assets", type=Path, default=Path("assets"))
    args = parser.parse_args()
    check_names(args.name, lang=args.lang, config=args.config, own=bool(args.csv))
    options = ("csv", "dev", "test", "assets", "url", "md5")
    source, reason = find_source(**{option: getattr(args, option) for option in options})
    if source.kind == "sample":
        print(banner(*SAMPLE_BANNER, f"Why: {CORPUS} is not in assets/, and {reason}."), flush=True)
        vectors = WordVectors(reason="the data is only the sample")
    else:
        try:
            vectors = find_vectors(args.vectors, lang=args.lang, assets=args.assets)
        except DownloadError as error:
            vectors = WordVectors(reason="not to be had")
            why = f"Why: {args.vectors} is not installed, nor in assets/, and\n{error}."
            print(banner(*VECTORS_BANNER, why), flush=True)
    told = f"{vectors.name}, from {vectors.path}" if vectors.path else f"none, {vectors.reason}"
    print(f"Data: {source.name}, from {source.path}\nWord vectors: {told}")
    write(args.folder / "source.json", source)
    write(args.folder / "vectors.json", vectors)
    for command in CODE:
        save(
            args.folder / f"{command}.code",
            fingerprint(command, root=Path.cwd(), config=args.config),
        )


if __name__ == "__main__":
    step(main)
