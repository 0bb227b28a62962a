"""Find the labelled CSV: the user's own, the GMB corpus in assets/ or from the web, or the sample.

It writes a small source file that says what was found. That file stays untouched when nothing
changed, so that the later steps run again only if the data did change.
"""

import argparse
import hashlib
import os
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

from tqdm import tqdm

from spacy_bilstm_ner.errors import UserError, banner, run
from scripts.names import check_name
from scripts.source import Source, checksum, write_source

CORPUS = "ner_dataset.csv"
# The names under which people keep it: as it is, and zipped in two fashions
CORPUS_FILES = (CORPUS, "ner_dataset.zip", "ner_dataset.csv.zip")
REAL_NAME = "GMB (Groningen Meaning Bank 2.2.0, extract)"
SAMPLE_NAME = "sample (the project's bundled sentences)"
# Seconds without an answer after which the web counts as out of reach
TIMEOUT = 5


class DownloadError(Exception):
    """The corpus could not be had from the web."""


def find_own(csv: str) -> Source:
    """Take the user's own file.

    csv (str): Path of the CSV, or of a zip that holds it.
    RETURNS (Source): The source.
    RAISES UserError: if there is no such file.
    """
    path = Path(csv)
    if not path.is_file():
        raise UserError(f"there is no file {csv}: give the path of your CSV with --vars.csv")
    return Source(kind="own", name=path.name, path=csv, sha256=checksum(path))


def find_real(assets: Path, *, md5: str) -> Source | None:
    """Take the GMB corpus from the assets folder.

    assets (Path): The folder.
    md5 (str): The checksum that the CSV must have.
    RETURNS (Source | None): The source, or None if the folder has no such file.
    RAISES UserError: if the file is there but is not the corpus.
    """
    for name in CORPUS_FILES:
        path = assets / name
        if path.exists():
            found = corpus_md5(path)
            if found != md5:
                raise UserError(
                    f"{path} is not the corpus this project knows: its MD5 checksum is {found}, "
                    f"expected {md5}. The file is left as it is. To train on it as your own data: "
                    f"spacy project run all . --vars.csv {path} --vars.name my_ner. "
                    "To have the corpus downloaded instead, move the file away."
                )
            return Source(kind="real", name=REAL_NAME, path=path.as_posix(), sha256=checksum(path))
    return None


def corpus_md5(path: Path) -> str:
    """Hash the corpus, in a zip or not: the checksum is always that of the CSV.

    path (Path): A CSV file or a zip file.
    RETURNS (str): The MD5 checksum of the CSV, or of the file itself if no CSV can be had from it.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if Path(name).name == CORPUS]
            if names and archive.testzip() is None:
                return hashlib.md5(archive.read(names[0])).hexdigest()
    return checksum(path, algorithm="md5")


def download(url: str, target: Path, *, md5: str) -> None:
    """Download a file. It appears under its name only when it is complete and its checksum is right.

    url (str): Where it is.
    target (Path): Where it shall be.
    md5 (str): The checksum that it must have.
    RAISES DownloadError: if it cannot be had, or is another file than expected.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response, part.open("wb") as file:
            size = int(response.headers.get("Content-Length") or 0) or None
            with tqdm(total=size, desc=target.name, unit="B", unit_scale=True) as progress:
                while block := response.read(1 << 16):
                    file.write(block)
                    progress.update(len(block))
        found = checksum(part, algorithm="md5")
        if found != md5:
            raise DownloadError(f"{url} sent a file with the MD5 checksum {found}, expected {md5}")
        os.replace(part, target)
    except (OSError, ValueError, urllib.error.URLError) as error:
        raise DownloadError(f"{url} cannot be reached ({error})") from error
    finally:
        part.unlink(missing_ok=True)


def find_source(*, csv: str, assets: Path, url: str, md5: str) -> tuple[Source, str]:
    """Find the data: the user's own, else the corpus, else the sample.

    csv (str): The user's own CSV, or "".
    assets (Path): The folder of the corpus and the sample.
    url (str): Where to download the corpus from, or "" to not download it.
    md5 (str): The corpus' checksum.
    RETURNS (tuple[Source, str]): The source, and why it is only the sample ("" if it is not).
    RAISES UserError: if the user's file is missing, or the corpus in the folder is another file.
    """
    if csv:
        return find_own(csv), ""
    real = find_real(assets, md5=md5)
    if real is None and url:
        try:
            download(url, assets / CORPUS, md5=md5)
        except DownloadError as error:
            return find_sample(assets), str(error)
        real = find_real(assets, md5=md5)
    if real is None:
        return find_sample(assets), "downloading is switched off"
    return real, ""


def find_sample(assets: Path) -> Source:
    """Take the bundled sample.

    assets (Path): The folder that has it.
    RETURNS (Source): The source.
    """
    path = assets / "sample.csv"
    return Source(kind="sample", name=SAMPLE_NAME, path=path.as_posix(), sha256=checksum(path))


def sample_banner(*, reason: str) -> str:
    """Say, in a way that nobody can miss, that this is only the sample.

    reason (str): Why it is.
    RETURNS (str): A text of several lines.
    """
    return banner(
        "NO GMB CORPUS: training on the SMALL BUNDLED SAMPLE instead.\n"
        "The model shows that everything works. It is NOT a useful recogniser.",
        f"Why: {CORPUS} is not in assets/, and {reason}.\n"
        f"For the real model: put {CORPUS}, or its zip, into assets/ and run this again.",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, help="the source file to write")
    parser.add_argument("--csv", default="", help="your own CSV, or a zip that holds it")
    parser.add_argument("--assets", type=Path, default=Path("assets"))
    parser.add_argument("--url", default="", help="where the corpus is; empty: do not download")
    parser.add_argument("--md5", required=True, help="the corpus' checksum")
    parser.add_argument("--lang", required=True, help="the language's code")
    parser.add_argument("--name", required=True, help="what the pipeline shall be called")
    args = parser.parse_args()
    # Said here, before any work is done
    check_name(args.name, lang=args.lang, own=bool(args.csv))
    source, reason = find_source(csv=args.csv, assets=args.assets, url=args.url, md5=args.md5)
    if source.kind == "sample":
        print(sample_banner(reason=reason), flush=True)
    written = write_source(source, args.out)
    print(f"Data: {source.name}, from {source.path} ({'new' if written else 'unchanged'})")


if __name__ == "__main__":
    run(main)
