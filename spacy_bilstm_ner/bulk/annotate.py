"""The command `annotate`: find the entities in files of texts, on every core. What is done is never done again."""

import argparse
import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import spacy
from tqdm import tqdm

from ..errors import UserError
from .annotator import Annotator
from .engines import Job, Processes, Ray, annotate_parts
from .parts import STDIN, Part, find_files, parts_of


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.description = __doc__
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="parquet, JSON Lines, CSV or plain text, or - ")
    parser.add_argument("out", metavar="OUT", help="a folder for the results; call again to do what is missing")
    parser.add_argument("--model", required=True, help="name or path of any spaCy pipeline with entities")
    parser.add_argument("--text-column", default="text", metavar="NAME", help="default: text")
    parser.add_argument("--id-column", metavar="NAME", help="goes into the results; default: file and row")
    parser.add_argument("--format", choices=("parquet", "jsonl"), default="parquet", help="default: parquet")
    parser.add_argument("--max-length", type=int, metavar="N", help="characters of a text; default: nlp.max_length")
    parser.add_argument("--workers", type=int, metavar="N", help="processes; default: the cores this one may use")
    parser.add_argument("--ray", nargs="?", const="", metavar="ADDRESS", help="on a Ray cluster, or a local one")


def execute(args: argparse.Namespace) -> None:
    """Annotate all parts that are missing. Exit code 1 if one was given up, 130 after Ctrl-C.

    RAISES UserError: The input, the model or the folder is not as expected.
    """
    n_workers = cores() if args.workers is None else args.workers
    if n_workers < 1:
        raise UserError(f"--workers: expected 1 or more, got {n_workers}")
    files, out = find_files(args.inputs), Path(args.out).resolve()
    if any(Path(given).resolve() in (out, *out.parents) for given in args.inputs if given != STDIN):
        raise UserError(f"{out} lies in a folder that is read: name one outside")
    sizes = {file: os.path.getsize(file) for file in files if file != STDIN}
    for file in sizes:  # a missing column is told before hours of work
        next(parts_of(file, args.text_column, args.id_column), None)
    name, settings = _model(args.model)
    of_file = args.id_column and files[0].endswith(".parquet")  # elsewhere ids are text
    id_type = pq.read_schema(files[0]).field(args.id_column).type if of_file else pa.string()
    columns = {"text": args.text_column, "id": args.id_column, "id type": str(id_type)}
    _note_run(out, files, settings | {"columns": columns, "format": args.format, "max_length": args.max_length})
    annotator = Annotator(name, text=args.text_column, max_length=args.max_length)
    job = Job(annotator, str(out), args.format, args.id_column, id_type)
    address = args.ray or os.environ.get("RAY_ADDRESS", "")
    engine = Processes(job, n_workers) if args.ray is None else Ray(job, n_workers, address)
    done = {path.stem for path in out.glob(f"*.{args.format}")}
    numbers, labels, given_up = Counter[str](), Counter[str](), list[str]()
    bar = tqdm(total=sum(sizes.values()), unit="B", unit_scale=True, smoothing=0)

    def missing() -> Iterator[Part]:
        for file in files:
            for part in parts_of(file, args.text_column, args.id_column):
                if part.name not in done:
                    yield part
                else:
                    bar.total -= part.size

    try:
        for part, outcome in annotate_parts(missing(), engine):
            if isinstance(outcome, str):
                given_up.append(f"{part.name}: {part.file}, from row {part.row}: {outcome}")
            else:
                numbers, labels = numbers + outcome[0], labels + outcome[1]
            speed = numbers["words"] / bar.format_dict["elapsed"]
            bar.set_postfix_str(f"{numbers['texts']:,} texts, {speed:,.0f} words/s", refresh=False)
            bar.update(part.size)
    except KeyboardInterrupt:
        print("\nStopped. Whole parts stay; the same command does the rest.", file=sys.stderr)
        sys.exit(130)
    finally:
        engine.close()
        bar.close()
        for path in out.glob("_*.tmp"):
            path.unlink()
    there = f" ({len(done)} parts were there already)" if done else ""
    speed = numbers["words"] / bar.format_dict["elapsed"]
    print(f"{numbers['texts']:,} texts{there}, {numbers['words']:,} words, {speed:,.0f} words/s with start-up")
    print(f"{numbers['errors']:12,} errors", *(f"{n:12,} {label}" for label, n in labels.most_common()), sep="\n")
    if given_up:
        sys.exit("Given up, the same command tries again:\n" + "\n".join(given_up))


def cores(root: Path = Path("/")) -> int:
    """RETURNS (int): The cores that this process may use, by its affinity and its control group's quota."""
    limits = [len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1]
    groups, names = root / "sys/fs/cgroup", root / "proc/self/cgroup"
    own = [line[4:].strip() for line in names.read_text().splitlines() if line[:3] == "0::"] if names.is_file() else []
    group = groups.joinpath(*own)
    quotas = [file.read_text().split() for above in (group, *group.parents) if (file := above / "cpu.max").is_file()]
    old = [groups / "cpu" / f"cpu.cfs_{name}_us" for name in ("quota", "period")]
    quotas += [[file.read_text().strip() for file in old if file.is_file()]]
    return min(limits + [max(1, int(quota[0]) // int(quota[1])) for quota in quotas if quota and quota[0].isdigit()])


def _model(model: str) -> tuple[str, dict[str, Any]]:
    """The name to load a pipeline by, and what tells it from every other."""
    is_package = spacy.util.is_package(model)
    path = spacy.util.get_package_path(model) if is_package else Path(model).resolve()
    if not (path / "meta.json").is_file():
        raise UserError(f"--model: expected an installed pipeline or the folder of one, got {model}")
    digest = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts):
        digest.update(f"{file.relative_to(path)}\0".encode() + file.read_bytes())
    settings = [json.loads(file.read_text(encoding="utf8")) for file in sorted(path.rglob("ner/cfg"))]
    threshold = {key: value for cfg in settings for key, value in cfg.items() if key.startswith("threshold")}
    version = json.loads((path / "meta.json").read_text(encoding="utf8"))["version"]
    name = model if is_package else str(path)
    return name, {"model": name, "version": version, "weights": digest.hexdigest(), "threshold": threshold}


def _note_run(out: Path, files: list[str], settings: dict[str, Any]) -> None:
    """Write what this run is into its folder. RAISES UserError: The folder is another run's."""
    note, unfinished = out / "_run.json", out / "_run.json.tmp"
    stamps = {file: [os.stat(file).st_size, os.stat(file).st_mtime_ns] for file in files if file != STDIN}
    if note.is_file():
        before = json.loads(note.read_text(encoding="utf8"))
        differs = [f"{key} was {before.get(key)}, is {new}" for key, new in settings.items() if before.get(key) != new]
        known = before["inputs"]
        differs += [f"{file} has changed" for file in stamps if known.get(file, stamps[file]) != stamps[file]]
        if differs:
            raise UserError(f"{out} has the results of another run: {'; '.join(differs)}. Name a new folder")
        if STDIN in files:
            raise UserError(f"Standard input cannot be resumed, and {out} has results: name a new folder")
        stamps = known | stamps
    elif out.exists() and (not out.is_dir() or any(path.name[0] != "_" for path in out.iterdir())):
        raise UserError(f"{out}: expected an empty or new folder, or one that annotate has made")
    if STDIN in files:
        print("Note: standard input cannot be resumed; a file can.", file=sys.stderr)
    out.mkdir(parents=True, exist_ok=True)
    unfinished.write_text(json.dumps(settings | {"inputs": stamps}, indent=1, ensure_ascii=False), encoding="utf8")
    unfinished.replace(note)
