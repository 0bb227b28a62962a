"""Find the labelled data: the user's own file, the GMB corpus in assets/ or from the web, or the bundled sample.

It writes corpus/NAME/source.json, which says what was found, and beside it a fingerprint of the code for each later
step. With --convert, it turns the file that source.json names into train.spacy, dev.spacy and test.spacy.
"""

import argparse
import hashlib
import os
import urllib.request
import zipfile
from pathlib import Path

from scripts.source import CODE, Source, checksum, fingerprint, read_source, write_if_new, write_record
from spacy_bilstm_ner.cli import main as library
from spacy_bilstm_ner.errors import UserError, banner, run

CORPUS = "ner_dataset.csv"
# The names under which people keep it: as it is, and zipped in two fashions
CORPUS_FILES = (CORPUS, "ner_dataset.zip", "ner_dataset.csv.zip")
REAL_NAME = "GMB (Groningen Meaning Bank 2.2.0, extract)"
SAMPLE_NAME = "sample (the project's bundled sentences)"
# The project's own pipeline, which nobody shall take another for
RESERVED = "gmb_bilstm"
# Seconds without an answer after which the web counts as out of reach
TIMEOUT = 5


class DownloadError(Exception):
    """The corpus could not be had from the web."""


def check_names(name: str, *, lang: str, config: str, own: bool) -> None:
    """Check what the user may have chosen, before any work is done.

    name (str): The pipeline's name, without the language.
    lang (str): The language's code.
    config (str): The training config's name, without .cfg.
    own (bool): Whether the data is the user's own.
    RAISES UserError: if one cannot be used; the message says what is allowed.
    """
    if not (lang.isascii() and lang.isalpha()):
        raise UserError(f"{lang!r} cannot be a language: give a code of letters only, as in --vars.lang de")
    if not name.isidentifier() or not name.isascii() or "__" in name or name.strip("_") != name:
        raise UserError(
            f"{name!r} cannot be the name of a Python package: "
            "use letters, digits and single underscores, as in --vars.name shop_ner"
        )
    if name.startswith(f"{lang}_"):
        short = name.removeprefix(f"{lang}_")
        raise UserError(f"the name {name!r} has the language in it, which is added for you: give --vars.name {short}")
    if own and name == RESERVED:
        raise UserError(
            f"{name!r} is the name of the model trained on the GMB corpus: "
            "give yours its own, as in --vars.name shop_ner"
        )
    if config != "spacy_ner" and (not config or not Path("configs", f"{config}.cfg").is_file()):
        known = sorted(path.stem for path in Path("configs").glob("*.cfg"))
        raise UserError(f"there is no configs/{config}.cfg: --vars.config takes {', '.join([*known, 'spacy_ner'])}")


def find_source(*, csv: str, assets: Path, url: str, md5: str) -> tuple[Source, str]:
    """Find the data: the user's own, else the corpus, else the sample.

    csv (str): The user's own file, or "".
    assets (Path): The folder of the corpus and the sample.
    url (str): Where to download the corpus from, or "" to not download it.
    md5 (str): The corpus' checksum.
    RETURNS (tuple[Source, str]): The source, and why it is only the sample ("" if it is not).
    RAISES UserError: if the user's file is missing, or the corpus in the folder is another file.
    """
    if csv:
        if not Path(csv).is_file():
            raise UserError(f"there is no file {csv}: give the path of your file with --vars.csv")
        return Source("own", Path(csv).name, csv, checksum(Path(csv))), ""
    reason = "downloading is switched off"
    real = find_real(assets, md5=md5)
    if real is None and url:
        try:
            download(url, assets / CORPUS, md5=md5)
            real = find_real(assets, md5=md5)
        except DownloadError as error:
            reason = str(error)
    if real:
        return real, ""
    sample = assets / "sample.csv"
    return Source("sample", SAMPLE_NAME, sample.as_posix(), checksum(sample)), reason


def find_real(assets: Path, *, md5: str) -> Source | None:
    """Take the GMB corpus from the assets folder.

    assets (Path): The folder.
    md5 (str): The checksum that the CSV must have.
    RETURNS (Source | None): The source, or None if the folder has no such file.
    RAISES UserError: if the file is there but is not the corpus.
    """
    path = next((assets / name for name in CORPUS_FILES if (assets / name).exists()), None)
    if path is None:
        return None
    found = corpus_md5(path)
    if found != md5:
        raise UserError(
            f"{path} is not the corpus this project knows: its MD5 checksum is {found}, "
            f"expected {md5}. The file is left as it is. To train on it as your own data: "
            f"spacy project run all . --vars.csv {path} --vars.name my_ner. "
            "To have the corpus downloaded instead, move the file away."
        )
    return Source("real", REAL_NAME, path.as_posix(), checksum(path))


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
    print(f"Downloading {url}", flush=True)
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response, part.open("wb") as file:
            while block := response.read(1 << 16):
                file.write(block)
        found = checksum(part, algorithm="md5")
        if found != md5:
            raise DownloadError(f"{url} sent a file with the MD5 checksum {found}, expected {md5}")
        os.replace(part, target)
    except (OSError, ValueError) as error:
        raise DownloadError(f"{url} cannot be reached ({error})") from error
    finally:
        part.unlink(missing_ok=True)


def sample_banner(*, reason: str) -> str:
    """RETURNS (str): A text that nobody can miss: this is only the sample, and why."""
    return banner(
        "NO GMB CORPUS: training on the SMALL BUNDLED SAMPLE instead.\n"
        "The model shows that everything works. It is NOT a useful recogniser.",
        f"Why: {CORPUS} is not in assets/, and {reason}.\n"
        f"For the real model: put {CORPUS}, or its zip, into assets/ and run this again.",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="the folder to write to: corpus/NAME")
    parser.add_argument("--lang", required=True, help="the language's code")
    parser.add_argument("--convert", action="store_true", help="convert the file; further options are for that")
    parser.add_argument("--name", default="", help="what the pipeline shall be called")
    parser.add_argument("--config", default="bilstm", help="the training config's name, without .cfg")
    parser.add_argument("--csv", default="", help="your own file, or a zip that holds it")
    parser.add_argument("--assets", type=Path, default=Path("assets"))
    parser.add_argument("--url", default="", help="where the corpus is; empty: do not download")
    parser.add_argument("--md5", default="", help="the corpus' checksum")
    args, options = parser.parse_known_args()
    source_path = args.folder / "source.json"
    if args.convert:
        library(["convert", read_source(source_path).path, str(args.folder), "--lang", args.lang, *options])
        return
    if options:
        parser.error(f"there is no option {options[0]}")
    check_names(args.name, lang=args.lang, config=args.config, own=bool(args.csv))
    source, reason = find_source(csv=args.csv, assets=args.assets, url=args.url, md5=args.md5)
    if source.kind == "sample":
        print(sample_banner(reason=reason), flush=True)
    written = write_record(source, source_path)
    for command in CODE:
        write_if_new(args.folder / f"{command}.code", fingerprint(command, root=Path.cwd(), config=args.config))
    print(f"Data: {source.name}, from {source.path} ({'new' if written else 'unchanged'})")


if __name__ == "__main__":
    run(main)
