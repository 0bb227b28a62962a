"""The note of a run in its folder: its settings, and which inputs have which results."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import srsly

from ..errors import UserError
from ..system.whole import generated_file, save_json
from .parts import Stamp, Stamps, make_shares
from .rows import STDIN

NOTE = "_run.json"


@dataclass
class Note:
    """What the note of a folder says.

    settings (dict): What results depend on, except for the inputs.
    shares (dict): For the name of each share, its files with their stamps. The names of the files
        of results begin with that of their share.
    complete (list[str]): Shares of which all results have been written.
    outdated (list[str]): Shares whose results are to be removed.
    """

    settings: dict[str, Any]
    shares: dict[str, dict[str, Stamp]] = field(default_factory=dict)
    complete: list[str] = field(default_factory=list)
    outdated: list[str] = field(default_factory=list)

    def save(self, out: Path) -> None:
        """Write the note."""
        save_json(out / NOTE, vars(self))

    def update(self, stamps: Stamps) -> None:
        """Make new shares of inputs that are new or have changed.

        All files of the share of a changed file are annotated again.
        """
        new_stamps = dict(stamps)
        for name, share in list(self.shares.items()):
            if self._is_outdated(name, stamps):
                self.outdated.append(name)
                del self.shares[name]
                new_stamps = stamp_files(filter(os.path.exists, share)) | new_stamps
        for share in self.shares.values():
            for file in share:
                new_stamps.pop(file, None)
        self.shares |= make_shares(new_stamps)

    def _is_outdated(self, name: str, stamps: Stamps) -> bool:
        for file, stamp in self.shares[name].items():
            if stamps.get(file, stamp) != stamp:
                return True
            if name not in self.complete and not os.path.exists(file):
                return True
        return False

    def remove_outdated(self, out: Path) -> None:
        """Remove the results of outdated shares."""
        for name in self.outdated:
            for path in out.iterdir():
                if path.name.startswith(f"{name}-"):
                    path.unlink()
        self.outdated = []
        self.save(out)

    def shares_to_do(self, stamps: Stamps) -> dict[str, dict[str, Stamp]]:
        """Return the shares of some inputs, without those that have a missing file."""
        shares = {}
        for name, share in self.shares.items():
            if not share.keys().isdisjoint(stamps) and all(map(os.path.exists, share)):
                shares[name] = share
        return shares

    def missing_files(self) -> list[str]:
        """Return the inputs that no longer exist."""
        missing = []
        for share in self.shares.values():
            missing += [file for file in share if not os.path.exists(file)]
        return missing


def stamp_files(files: Iterable[str]) -> dict[str, Stamp]:
    """Return the size and the time of change of each file, without standard input."""
    stamps = {}
    for file in files:
        if file != STDIN:
            status = os.stat(file)
            stamps[file] = [status.st_size, status.st_mtime_ns]
    return stamps


def open_note(out: Path, settings: dict[str, Any]) -> Note:
    """Read the note of a folder, or make a new one.

    RAISES UserError: If the folder has the results of another run, or something else.
    """
    path = out / NOTE
    if not path.is_file():
        if any(entry.name[0] not in "_." for entry in out.iterdir()):
            raise UserError(f"{out}: expected a new or empty folder, or one that annotate has made")
        return Note(settings)
    remedy = f"name a new folder, or delete {out} and begin again"
    with generated_file(path, command="annotate", remedy=remedy):
        note = Note(**srsly.read_json(path))
        differences = []
        for name in note.settings | settings:
            before, now = note.settings.get(name), settings.get(name)
            if before != now:
                differences.append(f"{name} was {before}, is {now}")
    if differences:
        raise UserError(
            f"{out} has the results of another run: {'; '.join(differences)}. Name a new folder"
        )
    return note
