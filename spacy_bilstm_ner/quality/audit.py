"""Find the labels of a file that are most likely wrong: what pipelines that have not seen a sentence are surest of, and
its annotation denies. They come from the folds of `crossvalidate`; what is there already is not trained again."""

import argparse
import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from spacy.tokens import Doc
from spacy.training import Example

from ..errors import UserError
from ..files.encoding import decode
from ..files.sentences import Data
from ..system.whole import save
from . import folds
from .mistakes import Conflict, conflicts, conflicts_table
from .pages import present, section, table

COLUMNS = (
    "file",
    "line",
    "sentence",
    "text",
    "gold",
    "found",
    "predicted",
    "kind",
    "confidence",
    "keep",
)
# What a reader has looked at and kept is known again by these.
IDENTITY = ("sentence", "text", "gold")
# What is less suspicious than that is not listed; see `Conflict.confidence`.
LEAST = 0.1
ON_PAGE = 200


def execute(args: argparse.Namespace) -> None:
    """Run `audit`: train the folds that are not there yet, and write OUT/audit.csv, .json and .html."""
    path = args.out / "audit.csv"
    kept = read_kept([args.out / "kept.csv", path])
    run = folds.train_folds(args)
    found = [
        each for each in suspects(run.predict(unsure=True)) if identity(as_row(each)) not in kept
    ]
    several = inconsistent(run.docs)
    save(args.out / "kept.csv", as_csv(kept.values()))
    save(path, as_csv(map(as_row, found)))
    kinds = Counter(each.kind for each in found)
    rows = []
    for each in several[:ON_PAGE]:
        numbers = ", ".join(f"{label}: {number}" for label, number in each["labels"].items())
        rows.append(
            [escape(each["text"]), escape(numbers), "<br>".join(map(escape, each["examples"]))]
        )
    ways = table(["text", "labels", "examples"], rows, kind="text")
    present(
        f"Labels of {args.file.name}",
        [
            f"{args.file}: {len(run.docs):,} sentences, each predicted by a pipeline that was trained without it",
            f"labels to look at: {len(found):,}, most suspicious first, in {path} (kept before: {len(kept):,})",
            f"texts labelled in several ways: {len(several):,}",
        ],
        ["what may be wrong", "labels"],
        [[kind, f"{number:,}"] for kind, number in kinds.most_common()],
        {
            "file": str(args.file),
            "sentences": len(run.docs),
            "kinds": kinds,
            "kept": len(kept),
            "several": several,
        },
        parts=[
            section(
                f"The first {min(ON_PAGE, len(found))} labels", conflicts_table(found[:ON_PAGE])
            ),
            section(f"Labelled in several ways: the first {len(rows)} texts", ways),
        ],
        out=args.out / "audit.json",
        report=args.out / "audit.html",
    )


def suspects(examples: list[Example]) -> list[Conflict]:
    """List what is suspected, most suspicious first.

    examples (list[Example]): Predicted by pipelines that have not seen them, also with what they are unsure of.
    """
    return [each for each in conflicts(examples) if (each.confidence or 0.0) >= LEAST]


def as_row(conflict: Conflict) -> dict[str, Any]:
    """What the table says of a conflict, by COLUMNS."""
    gold, predicted, doc = conflict.gold, conflict.predicted, conflict.example.reference
    entity = gold or predicted
    assert entity is not None
    # Tokens of the reference are the file's words.
    first = doc.char_span(entity.start, entity.end, alignment_mode="expand").start
    origin = doc.user_data["origin"]
    return {
        "file": origin["file"],
        "line": origin["line"] + origin["step"] * first,
        "sentence": conflict.text,
        "text": conflict.words(entity),
        "gold": gold.label if gold else "",
        "found": conflict.words(predicted),
        "predicted": predicted.label if predicted else "",
        "kind": conflict.kind,
        "confidence": f"{conflict.confidence:.4f}",
        "keep": "",
    }


def identity(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(" ".join((row[name] or "").split()) for name in IDENTITY)


def as_csv(rows: Iterable[dict[str, Any]]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def read_kept(paths: list[Path]) -> dict[tuple[str, ...], dict[str, Any]]:
    """Read the rows that somebody has marked in the column `keep`, by their identity."""
    kept: dict[tuple[str, ...], dict[str, Any]] = {}
    for path in filter(Path.is_file, paths):
        text, _ = decode(path.read_bytes(), Data(str(path)))
        # A spreadsheet may have written it anew, with other separators, columns and spaces.
        reader = csv.DictReader(
            io.StringIO(text), delimiter=max(",;\t", key=text.partition("\n")[0].count)
        )
        if missing := [
            name for name in (*IDENTITY, "keep") if name not in (reader.fieldnames or ())
        ]:
            raise UserError(
                f"{path} is no table of `audit`: it has no column {missing[0]!r}. Move it away"
            )
        kept |= {identity(row): row for row in reader if (row["keep"] or "").strip()}
    return kept


def inconsistent(docs: list[Doc]) -> list[dict[str, Any]]:
    """Find texts that are entities with several labels, or entities here and none there ("O"): "text", "labels" with
    their counts, and an example of each in "examples". First come those of which most stand against the majority."""
    # Words of an entity → label → the Docs that have it
    found: dict[tuple[str, ...], dict[str, list[Doc]]] = defaultdict(lambda: defaultdict(list))
    for doc in docs:
        for ent in doc.ents:
            found[tuple(token.text for token in ent)][ent.label_].append(doc)
    lengths = {len(words) for words in found}
    for doc in docs:
        words, free = [token.text for token in doc], [token.ent_iob_ == "O" for token in doc]
        for length in lengths:
            for i in range(len(words) - length + 1):
                if all(free[i : i + length]) and (same := tuple(words[i : i + length])) in found:
                    found[same]["O"].append(doc)
    several = []
    for text, ways in found.items():
        if len(ways) > 1:
            labels = dict(
                Counter({label: len(having) for label, having in ways.items()}).most_common()
            )
            examples = [f"{label}: {ways[label][0].text}" for label in labels]
            several.append({"text": " ".join(text), "labels": labels, "examples": examples})
    return sorted(
        several, key=lambda each: max(each["labels"].values()) - sum(each["labels"].values())
    )
