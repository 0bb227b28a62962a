"""Find the entities in files of texts, on all cores. Skip texts that have results already."""

from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from spacy.util import is_package
from tqdm import tqdm

from ..errors import UserError
from ..files.texts import TextOptions, find_files, kind_of, read_rows
from ..pipe.loading import pipeline_folder
from ..system.atomic import remove_unfinished
from ..system.cores import cores
from ..system.folder_lock import exclusive
from ..system.workers import Workers, as_done
from .annotator import ENTITIES_COLUMN, ERRORS_COLUMN, Annotator
from .ray_cluster import RayCluster, Work
from .results import prepare_folder
from .shards import Shard, annotate_shard, make_shards, rows_to_do
from .summary import Summary

RESULT_COLUMNS = ("file", "row", ENTITIES_COLUMN, ERRORS_COLUMN)


def annotate(
    inputs: Sequence[str],
    out: str | Path,
    *,
    model: str,
    options: TextOptions | None = None,
    max_length: int | None = None,
    workers: int | None = None,
    ray: str | None = None,
) -> Summary:
    """Annotate all texts that have no results yet.

    inputs (Sequence[str]): Files and folders.
    out (str | Path): The folder for the results.
    model (str): The name or path of any spaCy pipeline with entities.
    options (TextOptions | None): How to read the inputs.
    max_length (int | None): The longest text in characters; None for `nlp.max_length`.
    workers (int | None): The number of processes; None: one process for each core.
    ray (str | None): The address of a Ray cluster, or "local" to start one; None for processes.
    RETURNS (Summary): Numbers of texts and entities, and the errors.
    RAISES UserError: If an input, the pipeline or the folder cannot be used.
    """
    options = options or TextOptions()
    out = Path(out).resolve()
    files = find_files(inputs)
    for name in inputs:
        if Path(name).resolve() in (out, *out.parents):
            raise UserError(f"{out} is inside the input {name}: give a folder outside of it")
    for file in files:
        # Check at the start that the file has the columns and texts, since the run may take hours.
        next(read_rows(file, options), None)
    id_field = _id_field(files, options)
    folder = pipeline_folder(model).resolve()
    model_name = model if is_package(model) else str(folder)
    settings = {
        "model": model_name,
        "checksum of the model": _hash_folder(folder),
        "package": version("spacy-bilstm-ner"),
        "text and id columns": [options.text_column, str(id_field)],
        "separator and encoding": [options.sep, options.encoding],
        "max_length": max_length,
    }
    annotator = Annotator(model_name, text=options.text_column, max_length=max_length)
    work = partial(annotate_shard, annotator=annotator, id_field=id_field)
    summary = Summary()
    with exclusive(out):
        done = prepare_folder(out, files, settings)
        shards = make_shards(rows_to_do(files, options, done, summary), out)
        try:
            _annotate_shards(shards, work, workers or cores(), ray, summary)
        finally:
            # Workers or runs that were killed may have left unfinished files.
            remove_unfinished(out)
    return summary


def _annotate_shards(
    shards: Iterator[Shard], work: Work, n_workers: int, ray: str | None, summary: Summary
) -> None:
    engine = Workers(work, n_workers) if ray is None else RayCluster(work, n_workers, ray)
    progress = tqdm(desc="Annotating", unit=" texts", disable=None)
    try:
        for shard, future in as_done(shards, engine.submit, engine.n_slots):
            progress.update(len(shard.rows))
            error = future.exception()
            if error is None:
                summary.add(future.result())
                continue
            if isinstance(error, UserError):
                raise error
            row = shard.rows[0]
            summary.failures.append(f"{row.file}, from row {row.number}: {error}")
    finally:
        progress.close()
        engine.close()


def _id_field(files: Sequence[str], options: TextOptions) -> pa.Field | None:
    """Return the column of ids in the results, or None if there is none.

    RAISES UserError: If the ids of two files have different types, or the results have another
        column of this name.
    """
    if options.id_column is None:
        return None
    if options.id_column in RESULT_COLUMNS:
        raise UserError(
            f"--id-column {options.id_column}: the results already have a column of this name. "
            "Rename yours"
        )
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
