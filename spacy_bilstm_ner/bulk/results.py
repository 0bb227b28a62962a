"""The folder of results: result files, and _run.json with the settings and inputs of its runs."""

import os
import re
from array import array
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import srsly

from ..errors import UserError
from ..system.atomic import save_json, whole_file

NOTE = "_run.json"
RESULT = re.compile(r"entities-(\d+)\.parquet")

# File -> the time of its last change, and its size
Stamps = dict[str, list[int]]
# File -> numbers of the rows that have results
Rows = dict[str, "array[int]"]


def prepare_folder(out: Path, files: Iterable[str], settings: dict[str, Any]) -> Rows:
    """Remove damaged results, and results of input files that have changed.

    files (Iterable[str]): The input files of this run. They are added to _run.json.
    settings (dict[str, Any]): Settings that change the results, such as the model.
    RETURNS (Rows): The rows that have results. Results of files that no longer exist stay.
    RAISES UserError: If the folder has files but no _run.json, or results that were made with other
        settings.
    """
    previous = read_stamps(out, settings)
    stamps = {file: make_stamp(file) for file in files}
    changed = {file for file, stamp in stamps.items() if previous.get(file, stamp) != stamp}
    rows = find_rows(out, changed)
    save_json(out / NOTE, {"settings": settings, "inputs": previous | stamps})
    return rows


def read_stamps(out: Path, settings: dict[str, Any]) -> Stamps:
    """Return the input files of earlier runs.

    RAISES UserError: If the folder has files but no _run.json, or results that were made with other
        settings.
    """
    path = out / NOTE
    if not path.is_file():
        if any(entry.name[0] not in "_." for entry in out.iterdir()):
            raise UserError(f"{out}: expected a new or empty folder, or one that annotate has made")
        return {}
    note = srsly.read_json(path)
    differences = []
    for name, value in settings.items():
        previous_value = note["settings"].get(name)
        if previous_value != value:
            differences.append(f"{name}: {previous_value} before, {value} now")
    if differences:
        raise UserError(
            f"{out} has the results of another run: {'; '.join(differences)}. Name a new folder"
        )
    return dict(note["inputs"])


def make_stamp(file: str) -> list[int]:
    """Return the time of a file's last change in nanoseconds, and its size in bytes."""
    status = os.stat(file)
    return [status.st_mtime_ns, status.st_size]


def find_results(out: Path) -> dict[int, Path]:
    """Return the result files of a folder by their numbers."""
    results = {}
    for path in out.iterdir():
        match = RESULT.fullmatch(path.name)
        if match:
            results[int(match[1])] = path
    return results


def find_rows(out: Path, changed: set[str]) -> Rows:
    """Return the rows that have results. Remove damaged results, and those of changed files."""
    rows: Rows = defaultdict(partial(array, "q"))
    for path in find_results(out).values():
        try:
            table = pq.read_table(path, page_checksum_verification=True, partitioning=None)
            is_current = [file not in changed for file in table["file"].to_pylist()]
        # Readers raise errors of many types for damaged files.
        except Exception:
            path.unlink()
            continue
        current = table.filter(pa.array(is_current, pa.bool_()))
        if not len(current):
            path.unlink()
        elif len(current) < len(table):
            write_table(current, path)
        for group in current.group_by("file").aggregate([("row", "list")]).to_pylist():
            rows[group["file"]].extend(group["row_list"])
    return rows


def write_table(table: pa.Table, path: Path) -> None:
    """Write a result file."""
    with whole_file(path) as file:
        pq.write_table(table, file, write_page_checksum=True)
