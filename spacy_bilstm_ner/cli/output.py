"""Print and write the results of commands."""

import re
import shlex
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError, printable
from ..system.atomic import make_writable_folder, save_json, save_text

if TYPE_CHECKING:
    from ..quality.result import Result


def check_outputs(*outputs: Path | None, inputs: Iterable[Path | None] = ()) -> None:
    """Check that output files can be written, before a long computation.

    RAISES UserError: If an output is a folder, is in a folder that is not writable, or is the same
        file as an input or another output.
    """
    used = {path.resolve() for path in inputs if path}
    for output in filter(None, outputs):
        if output.is_dir():
            raise UserError(f"{output} is a folder: give the name of a file in it")
        if output.resolve() in used:
            raise UserError(f"{output} is an input or another output: give another file")
        used.add(output.resolve())
        if not output.exists() or output.is_file():
            make_writable_folder(output.parent)


def show_result(result: "Result", *, figures: Path | None = None, page: Path | None = None) -> None:
    """Print a result with its warnings. Write it to the files that are given."""
    print(printable(result.to_text()))
    for warning in result.warnings:
        print(printable(f"Warning: {warning}"), file=sys.stderr)
    if page:
        save_text(page, result.to_html())
        print(f"Page: {page}")
    if figures:
        save_json(figures, result.figures)
        print(f"Figures: {figures}")


def show_next(purpose: str, *arguments: str | Path | float) -> None:
    """Print the next command, with its arguments filled in."""
    command = shlex.join(["python", "-m", "spacy_bilstm_ner", *map(str, arguments)])
    print(f"Next, {purpose}:\n{command}")


@contextmanager
def short_warnings() -> Iterator[None]:
    """Print each Python warning on one line, and only once.

    Warnings of spaCy with the same code, such as [W030], are printed once. A line at the end
    says how often a repeated code occurred.
    """
    counts: Counter[str] = Counter()

    def show(message: Warning | str, category: type[Warning], *place: Any) -> None:
        text = str(message)
        code = re.match(r"\[W\d+\]", text)
        kind = code[0] if code else text
        counts[kind] += 1
        if counts[kind] == 1:
            print(printable(f"Warning: {text}"), file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show  # type: ignore[assignment]
        yield
    for kind, times in counts.items():
        if times > 1 and kind.startswith("[W"):
            print(f"Warning: spaCy gave the warning {kind} {times:,} times.", file=sys.stderr)
