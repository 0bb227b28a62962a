"""What all commands print and write."""

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UserError, printable
from ..system.whole import make_writable_folder, save, save_json

if TYPE_CHECKING:
    from ..quality.result import Result


def check_outputs(*outputs: Path | None, inputs: Iterable[Path | None] = ()) -> None:
    """Check before a long computation that files can be written.

    RAISES UserError: If an output is a folder, is in one that cannot be written to, or is the same
        file as an input or another output.
    """
    used = {path.resolve() for path in inputs if path}
    for output in outputs:
        if output is None:
            continue
        if output.is_dir():
            raise UserError(f"{output} is a folder: give the name of a file in it")
        if output.resolve() in used:
            raise UserError(f"{output} is an input or another output: give another file")
        used.add(output.resolve())
        if not output.exists() or output.is_file():
            make_writable_folder(output.parent)


def show_result(result: "Result", *, figures: Path | None = None, page: Path | None = None) -> None:
    """Write a result to files where asked, and print it with its warnings."""
    if page:
        save(page, result.to_html())
    if figures:
        save_json(figures, result.figures())
    print(printable(result.to_text()))
    for warning in result.warnings:
        print(printable(f"Warning: {warning}"), file=sys.stderr)
    if figures:
        print(f"Figures: {figures}")
    if page:
        print(f"Page: {page}")


def show_next(purpose: str, *words: str | Path | float) -> None:
    """Print the command that people call next."""
    command = shlex.join(["python", "-m", "spacy_bilstm_ner", *map(str, words)])
    print(f"Next, {purpose}:\n{command}")
