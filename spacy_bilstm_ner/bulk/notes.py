"""The file _run.json in the folder of results: the settings of the run, and what is annotated."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import srsly

from ..errors import UserError
from ..system.whole import save_json
from .parts import Stamps, make_groups

NOTE = "_run.json"
# The name of a group, the number of the part and the format
RESULTS = re.compile(r"(.+-[0-9a-f]{12})-\d+\.(parquet|jsonl)")


@dataclass
class Note:
    """The content of _run.json.

    settings (dict): Settings that change the results, such as the model.
    groups (dict): Name of a group of input files (see `parts.make_groups`) -> the files with their
        stamps. Names of result files begin with the name of their group.
    complete (list[str]): Names of groups whose results are complete.
    """

    settings: dict[str, Any]
    groups: dict[str, Stamps] = field(default_factory=dict)
    complete: list[str] = field(default_factory=list)

    def save(self, out: Path) -> None:
        """Write the note."""
        save_json(out / NOTE, vars(self))

    def update(self, stamps: Stamps) -> None:
        """Put inputs that are new or have changed into new groups.

        If one file of a group has changed, all files of the group are annotated again.
        """
        new_stamps = dict(stamps)
        for name, group in list(self.groups.items()):
            is_changed = any(stamps.get(file, stamp) != stamp for file, stamp in group.items())
            existing = list(filter(os.path.exists, group))
            cannot_be_completed = name not in self.complete and len(existing) < len(group)
            if is_changed or cannot_be_completed:
                # The files that still exist get new groups.
                del self.groups[name]
                new_stamps = stamp_files(existing) | new_stamps
            else:
                for file in group:
                    new_stamps.pop(file, None)
        self.groups |= make_groups(new_stamps)

    def remove_outdated(self, out: Path) -> None:
        """Remove results whose group no longer exists."""
        for path in list(out.iterdir()):
            results = RESULTS.fullmatch(path.name)
            if results and results[1] not in self.groups:
                path.unlink()

    def groups_to_do(self, stamps: Stamps) -> dict[str, Stamps]:
        """Return the groups that contain one of these files. All files of a group must exist."""
        groups = {}
        for name, group in self.groups.items():
            if not group.keys().isdisjoint(stamps) and all(map(os.path.exists, group)):
                groups[name] = group
        return groups

    def missing_files(self) -> list[str]:
        """Return the inputs that no longer exist."""
        files = [file for group in self.groups.values() for file in group]
        return [file for file in files if not os.path.exists(file)]


def stamp_files(files: Iterable[str]) -> dict[str, list[int]]:
    """Return the size and the time of change of each file."""
    stamps = {}
    for file in files:
        status = os.stat(file)
        stamps[file] = [status.st_size, status.st_mtime_ns]
    return stamps


def open_note(out: Path, settings: dict[str, Any]) -> Note:
    """Read the note of a folder, or make a new one.

    RAISES UserError: If the folder has other files, or results that were made with other settings.
    """
    path = out / NOTE
    if not path.is_file():
        if any(entry.name[0] not in "_." for entry in out.iterdir()):
            raise UserError(f"{out}: expected a new or empty folder, or one that annotate has made")
        return Note(settings)
    differences = []
    try:
        note = Note(**srsly.read_json(path))
        for name in settings:
            if note.settings[name] != settings[name]:
                differences.append(f"{name} was {note.settings[name]}, is {settings[name]}")
    # A damaged file raises errors of different types.
    except Exception as error:
        raise UserError(f"{path} cannot be read ({error!r}). Name a new folder") from error
    if differences:
        raise UserError(
            f"{out} has the results of another run: {'; '.join(differences)}. Name a new folder"
        )
    return note
