"""Find the entities in files of texts, on all cores. Skip texts that have results already."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from spacy.util import is_package
from tqdm import tqdm

from ..errors import UserError
from ..pipe.loading import pipeline_folder
from ..system.cores import cores
from ..system.exclusive import exclusive
from ..system.whole import remove_unfinished
from ..system.workers import Workers
from .annotator import Annotator
from .engines import Ray, Work, annotate_parts
from .notes import NOTE, open_note, stamp_files
from .parts import Part, Stamps, annotate_part, is_complete, parts_of
from .rows import STDIN, InputOptions, find_files, kind_of, read_rows
from .summary import Summary


def annotate(
    inputs: Sequence[str],
    out: str | Path,
    *,
    model: str,
    options: InputOptions | None = None,
    format: str = "parquet",
    max_length: int | None = None,
    workers: int | None = None,
    ray: str | None = None,
) -> Summary:
    """Annotate all texts that have no results yet.

    inputs (Sequence[str]): Files, folders, or "-" for the lines of standard input.
    out (str | Path): The folder for the results.
    model (str): The name or path of any spaCy pipeline with entities.
    options (InputOptions | None): How to read the inputs.
    format (str): Format of the results, "parquet" or "jsonl".
    max_length (int | None): The longest text in characters; None for `nlp.max_length`.
    workers (int | None): The number of processes; None: one process for each core.
    ray (str | None): The address of a Ray cluster, or "local" to start one; None for processes.
    RETURNS (Summary): Numbers of texts and entities, and the errors.
    RAISES UserError: If an input, the pipeline or the folder cannot be used.
    """
    options = options or InputOptions()
    out = Path(out).resolve()
    files = find_files(inputs)
    for name in inputs:
        if name != STDIN and Path(name).resolve() in (out, *out.parents):
            raise UserError(f"{out} is inside the input {name}: give a folder outside of it")
    stamps = stamp_files(file for file in files if file != STDIN)
    for file in stamps:
        # Check at the start that the file has the columns and texts, since the run may take hours.
        next(read_rows(file, options), None)
    id_field = _id_field(files, options)
    folder = pipeline_folder(model).resolve()
    model_name = model if is_package(model) else str(folder)
    settings = {
        "model": model_name,
        "weights": _hash_folder(folder),
        "package": version("spacy-bilstm-ner"),
        "columns": [options.text_column, str(id_field)],
        "reading": [options.sep, options.encoding],
        "format": format,
        "max_length": max_length,
    }
    annotator = Annotator(model_name, text=options.text_column, max_length=max_length)
    work = partial(annotate_part, annotator=annotator, out=out, format=format, id_field=id_field)
    with exclusive(out):
        remove_unfinished(out)
        if STDIN in files and (out / NOTE).exists():
            raise UserError(
                f"{out} has results, and standard input cannot be resumed. Name a new folder"
            )
        note = open_note(out, settings)
        note.update(stamps)
        note.save(out)
        note.remove_outdated(out)
        groups = note.groups_to_do(stamps)
        if STDIN in files:
            groups["stdin"] = {STDIN: [0, 0]}
        summary = Summary(missing_inputs=note.missing_files())
        parts = _missing_parts(groups, options, out, format, summary)
        _annotate_parts(parts, work, workers or cores(), ray, out, summary)
        if not summary.given_up:
            note.complete = sorted({*note.complete, *groups} & note.groups.keys())
            note.save(out)
    return summary


def _missing_parts(
    groups: Mapping[str, Stamps],
    options: InputOptions,
    out: Path,
    format: str,
    summary: Summary,
) -> Iterator[Part]:
    """Yield the parts whose results are missing or damaged. Count the other parts."""
    for name, group in groups.items():
        for part in parts_of(name, group, options):
            if is_complete(out / f"{part.name}.{format}", len(part.rows)):
                summary.n_existing += 1
            else:
                yield part


def _annotate_parts(
    parts: Iterator[Part], work: Work, n_workers: int, ray: str | None, out: Path, summary: Summary
) -> None:
    # Without parts to annotate, no worker is started.
    first_part = next(parts, None)
    if first_part is None:
        return
    engine = Workers(work, n_workers) if ray is None else Ray(work, n_workers, ray)
    # If the output goes to a file, one line per minute is enough.
    seconds = 0 if sys.stderr.isatty() else 60
    progress = tqdm(
        desc="Annotating", unit=" texts", delay=seconds, mininterval=seconds, maxinterval=60
    )
    try:
        for part, outcome in annotate_parts(chain([first_part], parts), engine):
            progress.update(len(part.rows))
            if isinstance(outcome, Summary):
                summary.add(outcome)
            else:
                row = part.rows[0]
                summary.given_up.append(f"{row.file}, from row {row.number}: {outcome}")
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            "Stopped. Finished parts are kept. Run the same command again to annotate the others."
        ) from None
    finally:
        progress.close()
        engine.close()
        # Workers that were killed may have left unfinished files.
        remove_unfinished(out)


def _id_field(files: Sequence[str], options: InputOptions) -> pa.Field | None:
    """Return the column of ids in the results, or None if there is none.

    RAISES UserError: If the ids of two files have different types.
    """
    if options.id_column is None:
        return None
    types: dict[pa.DataType, str] = {}
    for file in files:
        id_type = pa.string()
        if kind_of(file) == ".parquet":
            id_type = pq.read_schema(file).field(options.id_column).type
        types.setdefault(id_type, file)
    if len(types) > 1:
        listed = ", ".join(f"{id_type} in {file}" for id_type, file in types.items())
        raise UserError(
            f"the ids have different types: {listed}. Annotate these files into different folders"
        )
    return pa.field(options.id_column, next(iter(types)))


def _hash_folder(folder: Path) -> str:
    digest = sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(f"{file.relative_to(folder)}\0".encode() + file.read_bytes())
    return digest.hexdigest()
