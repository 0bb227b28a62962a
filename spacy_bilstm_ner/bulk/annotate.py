"""The command `annotate`: find the entities in files of texts, on every core. What is done is never done again."""

import argparse
import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import srsly
from spacy.util import is_package
from tqdm import tqdm

from ..errors import UserError
from ..pipe.loading import pipeline_folder, why_not_loaded
from ..system.cores import cores
from ..system.exclusive import exclusive
from ..system.whole import generated_file, remove_unfinished, save_json
from ..system.workers import Workers
from .annotator import Annotator
from .engines import Ray, Work, each_part
from .parts import STDIN, Part, annotate_part, find_files, is_whole, parts_of


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "example: python -m spacy_bilstm_ner annotate texts/ found/ --model en_gmb_bilstm --id-column id"
    parser.add_argument(
        "inputs", nargs="+", metavar="INPUT", help="parquet, JSON Lines, CSV or plain text, or - "
    )
    parser.add_argument(
        "out", metavar="OUT", help="a folder for the results; call again to do what is missing"
    )
    parser.add_argument(
        "--model", required=True, help="name or path of any spaCy pipeline with entities"
    )
    parser.add_argument("--text-column", default="text", metavar="NAME", help="default: text")
    parser.add_argument(
        "--id-column", metavar="NAME", help="goes into the results; default: file and row"
    )
    parser.add_argument(
        "--format", choices=("parquet", "jsonl"), default="parquet", help="default: parquet"
    )
    parser.add_argument(
        "--max-length", type=int, metavar="N", help="characters of a text; default: nlp.max_length"
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=cores(),
        help="processes; default: the cores this one may use",
    )
    parser.add_argument(
        "--ray", nargs="?", const="", metavar="ADDRESS", help="on a Ray cluster, or a local one"
    )


def execute(args: argparse.Namespace) -> None:
    """Annotate all parts that are missing. Exit code 1 if one was given up, 130 after Ctrl-C.

    RAISES UserError: The input, the model or the folder is not as expected.
    """
    if args.workers < 1:
        raise UserError(f"--workers: expected 1 or more, got {args.workers}")
    files, out = find_files(args.inputs), Path(args.out).resolve()
    if any(Path(given).resolve() in (out, *out.parents) for given in args.inputs if given != STDIN):
        raise UserError(f"{out} lies in a folder that is read: name one outside")
    stamps = {
        file: [os.stat(file).st_size, os.stat(file).st_mtime_ns] for file in files if file != STDIN
    }
    for file in stamps:  # a missing column is told before hours of work
        next(parts_of(file, args.text_column, args.id_column), None)
    name, settings = _model(args.model)
    key = args.id_column and pa.field(args.id_column, pa.string())
    if key and files[0].endswith(".parquet"):  # elsewhere ids are text
        key = pq.read_schema(files[0]).field(key.name)
    settings |= {
        "columns": [args.text_column, str(key)],
        "format": args.format,
        "max_length": args.max_length,
    }
    annotator = Annotator(name, text=args.text_column, max_length=args.max_length)
    work = partial(annotate_part, annotator=annotator, out=out, ending=args.format, key=key)
    with exclusive(out):
        _note_run(out, stamps, STDIN in files, settings)
        _annotate(args, files, stamps, work, out)


def _annotate(
    args: argparse.Namespace, files: list[str], stamps: dict[str, list[int]], work: Work, out: Path
) -> None:
    done = {path.stem for path in out.glob(f"*.{args.format}") if is_whole(path)}
    bar = tqdm(
        total=sum(size for size, _ in stamps.values()), unit="B", unit_scale=True, smoothing=0
    )

    def missing() -> Iterator[Part]:
        for part in chain.from_iterable(
            parts_of(file, args.text_column, args.id_column) for file in files
        ):
            if part.name not in done:
                yield part
            else:
                bar.total -= part.size

    numbers, labels, given_up, speed = Counter[str](), Counter[str](), list[str](), "0 words/s"
    engine = Workers(work, args.workers) if args.ray is None else Ray(work, args.workers, args.ray)
    try:
        for part, outcome in each_part(missing(), engine):
            if isinstance(outcome, str):
                given_up.append(f"{part.name}: {part.file}, from row {part.row}: {outcome}")
            else:
                numbers, labels = numbers + outcome[0], labels + outcome[1]
            speed = f"{numbers['words'] / bar.format_dict['elapsed']:,.0f} words/s"
            bar.set_postfix_str(f"{numbers['texts']:,} texts, {speed}", refresh=False)
            bar.update(part.size)
    except KeyboardInterrupt:
        print("\nStopped. Whole parts stay; the same command does the rest.", file=sys.stderr)
        sys.exit(130)
    finally:
        engine.close()
        bar.close()
        remove_unfinished(out)
    print(f"{numbers['texts']:,} texts, {numbers['words']:,} words, {speed} with start-up")
    print(f"{len(done):12,} parts were there", f"{numbers['errors']:12,} errors", sep="\n")
    print(*(f"{n:12,} {label}" for label, n in labels.most_common()), sep="\n")
    if given_up:
        sys.exit("Given up, the same command tries again:\n" + "\n".join(given_up))


def _model(model: str) -> tuple[str, dict[str, Any]]:
    """The name to load a pipeline by, and what tells it from every other."""
    path = pipeline_folder(model).resolve()
    digest = hashlib.sha256()
    for file in sorted(
        file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts
    ):
        digest.update(f"{file.relative_to(path)}\0".encode() + file.read_bytes())
    try:
        settings = [
            setting
            for file in sorted(path.rglob("ner/cfg"))
            for setting in srsly.read_json(file).items()
        ]
        version = srsly.read_json(path / "meta.json")["version"]
    except (ValueError, OSError) as error:
        raise UserError(
            f"the pipeline {model} cannot be loaded: {why_not_loaded(path, error)}"
        ) from error
    threshold = {key: value for key, value in settings if key.startswith("threshold")}
    name = model if is_package(model) else str(path)
    return name, {
        "model": name,
        "version": version,
        "weights": digest.hexdigest(),
        "threshold": threshold,
    }


def _note_run(
    out: Path, stamps: dict[str, list[int]], has_stdin: bool, settings: dict[str, Any]
) -> None:
    """Write what this run is into its folder. RAISES UserError: The folder is another run's."""
    note = out / "_run.json"
    if note.is_file():
        remedy = f"name a new folder, or delete {out} and begin again"
        with generated_file(note, command="annotate", remedy=remedy):
            before = srsly.read_json(note)
            known = dict(before["inputs"])
        differs = [
            f"{key} was {before.get(key)}, is {new}"
            for key, new in settings.items()
            if before.get(key) != new
        ]
        differs += [
            f"{file} has changed"
            for file, stamp in stamps.items()
            if known.get(file, stamp) != stamp
        ]
        differs += ["standard input cannot be resumed"] * has_stdin
        if differs:
            raise UserError(
                f"{out} has the results of another run: {'; '.join(differs)}. Name a new folder"
            )
        stamps = known | stamps
    elif any(path.name[0] not in "_." for path in out.iterdir()):
        raise UserError(f"{out}: expected an empty or new folder, or one that annotate has made")
    if has_stdin:
        print("Note: standard input cannot be resumed; a file can.", file=sys.stderr)
    save_json(note, settings | {"inputs": stamps})
