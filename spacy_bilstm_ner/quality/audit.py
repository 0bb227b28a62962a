"""Find the labels of a file that are most likely wrong."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from spacy.tokens import Doc
from spacy.training import Example

from ..errors import UserError
from ..files.encoding import decode
from ..files.options import Options
from ..files.records import Content
from .folds import FoldedCorpus, predict_folds, train_folds
from .mistakes import KINDS, Conflict, find_conflicts, tabulate_conflicts
from .pages import Section, Table
from .result import Column, Result, number
from .spreadsheets import read_csv_rows, write_csv

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
    "times",
    "keep",
)
# These columns identify a row that the user has marked in the column `keep`.
IDENTITY = ("sentence", "text", "gold")
# Conflicts with a lower confidence are not listed.
MIN_CONFIDENCE = 0.1
N_ON_PAGE = 200


@dataclass(frozen=True)
class Suspicion:
    """A conflict, and the number of times that it occurs in copies of its sentence."""

    conflict: Conflict
    times: int = 1


@dataclass(frozen=True)
class Audit(Result):
    """Labels that are probably wrong.

    suspicions (list[Suspicion]): Most suspicious first.
    marked_rows (list[dict[str, str]]): Rows that the user has marked in the column `keep`.
    inconsistent (list[dict[str, Any]]): See `find_inconsistent_texts`.
    """

    corpus: FoldedCorpus
    suspicions: list[Suspicion]
    marked_rows: list[dict[str, str]]
    inconsistent: list[dict[str, Any]]
    warnings: list[str]

    columns: ClassVar = {
        "kind": Column("what may be wrong"),
        "labels": Column("labels", number),
        "meaning": Column("meaning"),
    }

    @property
    def title(self) -> str:
        return f"Labels of {self.corpus.file.name}"

    def summary(self) -> list[str]:
        n_labels = self.count_kinds().total()
        return [
            f"{self.corpus.file}: {len(self.corpus.docs):,} sentences, each predicted by a "
            "pipeline that was trained without it",
            f"labels to look at: {n_labels:,} in {len(self.suspicions):,} rows, most suspicious "
            f"first (rows left out because you marked them in `keep`: {len(self.marked_rows):,})",
            f"texts labelled in several ways: {len(self.inconsistent):,}",
        ]

    def count_kinds(self) -> Counter[str]:
        """Count the suspicious labels of each kind."""
        kinds: Counter[str] = Counter()
        for suspicion in self.suspicions:
            kinds[suspicion.conflict.kind] += suspicion.times
        return kinds

    def rows(self) -> list[dict[str, Any]]:
        rows = []
        for kind, labels in self.count_kinds().most_common():
            rows.append({"kind": kind, "labels": labels, "meaning": KINDS[kind]})
        return rows

    def figures(self) -> dict[str, Any]:
        return {
            "file": str(self.corpus.file),
            "sentences": len(self.corpus.docs),
            "kinds": self.count_kinds(),
            "kept": len(self.marked_rows),
            "several": self.inconsistent,
        }

    def sections(self) -> Iterator[Section]:
        conflicts = [suspicion.conflict for suspicion in self.suspicions[:N_ON_PAGE]]
        table = tabulate_conflicts(conflicts)
        table.head.append("times")
        for row, suspicion in zip(table.rows, self.suspicions, strict=False):
            row.append(number(suspicion.times))
        yield Section(
            f"The first {len(conflicts)} rows",
            note="The confidence is that of the prediction, minus that of the annotation.",
            table=table,
        )
        rows = []
        for text in self.inconsistent[:N_ON_PAGE]:
            counts = ", ".join(f"{label}: {n:,}" for label, n in text["labels"].items())
            rows.append([text["text"], counts, " / ".join(text["examples"])])
        yield Section(
            f"Labelled in several ways: the first {len(rows)} texts",
            table=Table(["text", "labels", "examples"], rows, has_text=True),
        )

    def write_csv(self, path: Path, *, delimiter: str = ",") -> None:
        """Write the suspicions. The column `keep` is empty, for the user to mark rows."""
        write_csv(path, COLUMNS, map(make_row, self.suspicions), delimiter=delimiter)

    def write_marked_rows(self, path: Path, *, delimiter: str = ",") -> None:
        """Write the rows that the user has marked, for the next audit."""
        write_csv(path, COLUMNS, self.marked_rows, delimiter=delimiter)


def audit_folds(corpus: FoldedCorpus, marked_rows: Sequence[dict[str, str]] = ()) -> Audit:
    """Train the pipelines that are missing, and find the labels that they contradict most surely.

    marked_rows (Sequence[dict[str, str]]): Rows of an earlier audit that are not listed again; see
        `read_marked_rows`.
    RAISES UserError: If a training fails.
    """
    train_folds(corpus)
    examples = predict_folds(corpus, all_candidates=True)
    marked = set(map(identify, marked_rows))
    suspicions = []
    for suspicion in find_suspicions(examples):
        if identify(make_row(suspicion)) not in marked:
            suspicions.append(suspicion)
    inconsistent = find_inconsistent_texts(corpus.docs)
    return Audit(corpus, suspicions, list(marked_rows), inconsistent, [])


def find_suspicions(examples: Sequence[Example]) -> list[Suspicion]:
    """Return what is suspected, most suspicious first. Copies of a sentence count as one.

    examples (Sequence[Example]): Sentences with all candidate entities of pipelines that were not
        trained on them.
    """
    conflicts: dict[tuple[Any, ...], list[Conflict]] = defaultdict(list)
    for conflict in find_conflicts(examples):
        if (conflict.confidence or 0.0) >= MIN_CONFIDENCE:
            gold = conflict.gold.key if conflict.gold else None
            predicted = conflict.predicted.key if conflict.predicted else None
            conflicts[conflict.text, gold, predicted].append(conflict)
    return [Suspicion(copies[0], len(copies)) for copies in conflicts.values()]


def make_row(suspicion: Suspicion) -> dict[str, Any]:
    """Return the row of a suspicion in audit.csv, by COLUMNS."""
    conflict = suspicion.conflict
    gold, predicted = conflict.gold, conflict.predicted
    entity = gold or predicted
    assert entity is not None
    doc = conflict.example.reference
    # Tokens of the reference are the words of the file.
    first_token = doc.char_span(entity.start, entity.end, alignment_mode="expand").start
    origin = doc.user_data["origin"]
    return {
        "file": origin["file"],
        "line": origin["line"] + origin["step"] * first_token,
        "sentence": conflict.text,
        "text": conflict.words(entity),
        "gold": gold.label if gold else "",
        "found": conflict.words(predicted),
        "predicted": predicted.label if predicted else "",
        "kind": conflict.kind,
        "confidence": f"{conflict.confidence:.4f}",
        "times": suspicion.times,
        "keep": "",
    }


def identify(row: dict[str, Any]) -> tuple[str, ...]:
    """Return what identifies a row, without regard to white space."""
    return tuple(" ".join(row[name].split()) for name in IDENTITY)


def read_marked_rows(paths: Sequence[Path]) -> list[dict[str, str]]:
    """Read the rows of audit.csv files that the user has marked in the column `keep`.

    A spreadsheet may have saved the files with another encoding, separator or order of columns.
    Files that do not exist are left out.

    RAISES UserError: If a column is missing.
    """
    marked_rows: dict[tuple[str, ...], dict[str, str]] = {}
    for path in filter(Path.is_file, paths):
        content = Content(str(path), path, path.read_bytes())
        try:
            text = decode(content, Options()).text
        except UserError:  # A spreadsheet has saved a few words in a Western encoding.
            text = decode(content, Options(encoding="cp1252")).text
        columns, rows = read_csv_rows(text)
        for name in (*IDENTITY, "keep"):
            if name not in columns:
                raise UserError(
                    f"{path} is no table of `audit`: it has no column {name!r}. Move it away"
                )
        for row in rows:
            if row["keep"].strip():
                marked_rows[identify(row)] = row
    return list(marked_rows.values())


def find_inconsistent_texts(docs: Sequence[Doc]) -> list[dict[str, Any]]:
    """Find texts that are labelled in several ways.

    RETURNS (list[dict[str, Any]]): The "text"; its "labels" with their counts, where "O" is no
        entity; an example of each label in "examples". Texts with the most labels against the
        majority come first.
    """
    docs_by_label = _group_by_label(docs)
    inconsistent = []
    for words, labels in docs_by_label.items():
        if len(labels) > 1:
            counts = Counter({label: len(docs) for label, docs in labels.items()})
            ranked = dict(counts.most_common())
            examples = [f"{label}: {labels[label][0].text}" for label in ranked]
            inconsistent.append({"text": " ".join(words), "labels": ranked, "examples": examples})
    return sorted(inconsistent, key=_count_minority, reverse=True)


def _group_by_label(docs: Sequence[Doc]) -> dict[tuple[str, ...], dict[str, list[Doc]]]:
    """Return words of an entity -> label -> the Docs that have it."""
    groups: dict[tuple[str, ...], dict[str, list[Doc]]] = {}
    for doc in docs:
        for ent in doc.ents:
            words = tuple(token.text for token in ent)
            groups.setdefault(words, defaultdict(list))[ent.label_].append(doc)
    lengths = set(map(len, groups))
    for doc in docs:
        texts = [token.text for token in doc]
        is_outside = [token.ent_iob_ == "O" for token in doc]
        for length in lengths:
            for start in range(len(texts) - length + 1):
                end = start + length
                words = tuple(texts[start:end])
                if words in groups and all(is_outside[start:end]):
                    groups[words]["O"].append(doc)
    return groups


def _count_minority(text: dict[str, Any]) -> int:
    counts = text["labels"].values()
    return sum(counts) - max(counts)
