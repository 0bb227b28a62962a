"""Compare two pipelines on a labelled file: is the difference of their F more than chance?"""

import argparse

import numpy as np
from spacy.training import Example

from ..errors import UserError
from ..pipe.entities import entities
from ..pipe.loading import load_pipeline
from .intervals import bootstrap, interval
from .pages import check_outputs, drawn, percent, present, section, table
from .reading import doubts, labelled_docs, predict_docs
from .scores import TOTALS, count, f_scores, records

SENTENCES = 50


def execute(args: argparse.Namespace) -> None:
    """Run `compare`: print F of both and the difference with its interval, and write them and the page where asked."""
    check_outputs(args)
    found: list[list[Example]] = []
    warnings: list[str] = []
    for name in (args.a, args.b):
        nlp = load_pipeline(name)
        found.append(predict_docs(nlp, labelled_docs(nlp, args.file)))
        if not any(example.predicted.ents for example in found[-1]):
            raise UserError(f"{name} predicts no entity at all: does it have an entity recogniser?")
        warnings += doubts(name, nlp, found[-1])
    a, b = found
    # Counted together, so that both have the same labels: n_sentences × 2 × n_labels × 3
    labels, counts = count(a + b)
    counts = np.stack([counts[: len(a)], counts[len(a) :]], axis=1)
    f, drawn_f = f_scores(counts.sum(axis=0)), f_scores(bootstrap(counts, seed=args.seed))
    low, high = interval(drawn_f[:, 1] - drawn_f[:, 0])
    # A label that is neither in the file nor in what a pipeline finds has no F.
    rows = records(
        ("a", "b", "difference", "low", "high"), np.stack([*f, f[1] - f[0], low, high], axis=1)
    )
    scores = dict(zip([*labels, *TOTALS], rows, strict=True))
    # Of all entities; the mean of the labels is the last.
    answer = verdict(float(low[-2]), float(high[-2]), sentences=len(a))
    present(
        "A and B compared",
        [f"A: {args.a}", f"B: {args.b}", f"{args.file}: {len(a):,} sentences", answer],
        ["F in per cent", "A", "B", "B - A", "95 % from", "to"],
        [[name, *map(percent, each.values())] for name, each in scores.items()],
        {"a": args.a, "b": args.b, "file": str(args.file), "sentences": len(a), "verdict": answer}
        | {"scores": scores, "warnings": warnings},
        parts=map(_only_right, (a, b), (b, a), "AB"),
        out=args.out,
        report=args.report,
    )


def verdict(low: float, high: float, *, sentences: int) -> str:
    """Say which is better, from the interval of the difference B - A."""
    if low > 0 or high < 0:
        return f"{'B' if low > 0 else 'A'} is better."
    return f"Which is better cannot be told from {sentences:,} sentences."


def _only_right(one: list[Example], other: list[Example], name: str) -> str:
    """Draw the sentences of which the pipeline of this name has all entities right, and the other has not."""
    rows = []
    for mine, theirs in zip(one, other, strict=True):
        docs = (mine.reference, mine.predicted, theirs.predicted)
        gold, right, wrong = ({entity.key for entity in entities(doc)} for doc in docs)
        if right == gold != wrong:
            rows.append([drawn(mine.reference.text, entities(doc)) for doc in docs[1:]])
    shown = f", the first {SENTENCES}" if len(rows) > SENTENCES else ""
    head = [name, "B" if name == "A" else "A"]
    return section(
        f"Only {name} is right: {len(rows):,} sentences{shown}",
        table(head, rows[:SENTENCES], kind="text"),
    )
