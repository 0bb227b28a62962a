"""Read each file of `cases/` and compare with the expectation beside it.

`cases/NAME/` has a file or folder `input…` and `expected.txt`: first a line of options as `convert`
takes them, then any of these lines:

    written: 2 rows, 9 words, 3 entities
    comment: 1 rows                     a reason and its counts; all reasons must be listed
    guess: export = doccano
    warning: part of a warning
    warnings: 0                         the number of all warnings
    message: part of the message; then nothing is read
    [Mira Holt]PER left [Oslo]LOC .     a Doc: words between blanks, ?word if its tag is unknown
    text: Mira Holt left Oslo.          the text of the Doc above
    lines: 2 2 3 4                      the line of each word of the Doc above
"""

import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from spacy.tokens import Doc

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files import read
from spacy_bilstm_ner.files.options import LISTS
from spacy_bilstm_ner.files.records import Origin
from spacy_bilstm_ner.files.report import REASONS, Report

CASES = Path(__file__).parent / "cases"
KEYS = ("written", "guess", "warning", "message", "warnings", "text", "lines", *REASONS)


@pytest.mark.parametrize("name", sorted(folder.name for folder in CASES.iterdir()))
def test_case(name: str) -> None:
    options, *expected = (CASES / name / "expected.txt").read_text("utf8").splitlines()
    paths = sorted((CASES / name).glob("input*"))
    sources = paths if len(paths) > 1 else paths[0]
    messages = [line for line in expected if line.startswith("message: ")]
    if messages:
        with pytest.raises(UserError) as error:
            read(sources, **parse_options(options))
        missing = [
            line for line in messages if line.removeprefix("message: ") not in str(error.value)
        ]
        assert not missing, str(error.value)
        return
    docs, report = read(sources, **parse_options(options))
    described = describe(docs, report, expected)
    assert described == [line for line in expected if line]


def parse_options(line: str) -> dict[str, Any]:
    """Return the options of a command line as arguments of `read`."""
    options: dict[str, Any] = {}
    words = shlex.split(line)
    while words:
        name = words.pop(0).removeprefix("--").replace("-", "_")
        if name in ("no_quotes", "skip_empty"):
            options[name] = True
        elif name in LISTS:
            options.setdefault(name, []).append(words.pop(0))
        else:
            options[name] = words.pop(0)
    return options


def describe(docs: list[Doc], report: Report, expected: list[str]) -> list[str]:
    """Return the lines of `expected.txt`; guesses, warnings and texts only if it has them."""
    lines = ["written: {rows} rows, {words} words, {entities} entities".format(**report.written)]
    for reason in REASONS:
        counts = report.counts.get(reason, Counter())
        numbers = ", ".join(f"{number} {unit}" for unit, number in counts.items() if number)
        if numbers:
            lines.append(f"{reason}: {numbers}")
    for name, guess in report.guesses.items():
        lines += [line for line in expected if line == f"guess: {name} = {guess}"]
    for line in expected:
        part = line.removeprefix("warning: ")
        if line.startswith("warning: ") and any(part in warning for warning in report.warnings):
            lines.append(line)
    lines += [line for line in expected if line == f"warnings: {len(report.warnings)}"]
    for doc in docs:
        lines.append(mark(doc))
        origin = Origin(**doc.user_data["origin"])
        numbers = " ".join(str(origin.line_of(position)) for position in range(len(doc)))
        details = ("text: " + repr(doc.text)[1:-1], f"lines: {numbers}")
        lines += [line for line in details if line in expected]
    return lines


def mark(doc: Doc) -> str:
    """Return the words of a Doc with its entities in brackets."""
    words = []
    for token in doc:
        word = repr(token.text)[1:-1] if token.is_space else token.text
        opening = "[" if token.ent_iob_ == "B" else ""
        is_last = token.i + 1 == len(doc) or doc[token.i + 1].ent_iob_ != "I"
        closing = f"]{token.ent_type_}" if token.ent_type_ and is_last else ""
        unknown = "" if token.ent_iob_ else "?"
        words.append(f"{unknown}{opening}{word}{closing}")
    return " ".join(words)
