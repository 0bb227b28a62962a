"""Compare two pipelines on a labelled file: is the difference of their F more than chance?"""

import argparse
import sys

import numpy as np
from spacy.training import Example

from ..errors import UserError
from ..files.options import get_options
from .entities import entities, labels_of
from .intervals import bootstrap, f_scores, interval
from .pages import add_outputs, drawn, label_colors, present, table
from .reading import add_file, labelled_docs, load_pipeline, predict_docs, seen
from .scores import count

SENTENCES = 50


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `compare` to its parser."""
    parser.description = __doc__
    for name in ("A", "B"):
        parser.add_argument(name.lower(), metavar=name, help="a pipeline's folder, or an installed one's name")
    add_file(parser)
    add_outputs(parser)
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap (default: 0)")


def execute(args: argparse.Namespace) -> None:
    """Run `compare`: print F of both and the difference with its interval, and write them and the page where asked."""
    found: list[list[Example]] = []
    for name in (args.a, args.b):
        nlp = load_pipeline(name)
        docs = labelled_docs(nlp, args.file, get_options(args))
        found.append(predict_docs(nlp, docs, gold_tokens=False))
        if share := seen(nlp, docs):
            print(f"Warning: {name} was trained on {share:.0%} of these sentences", file=sys.stderr)
        if not any(eg.predicted.ents for eg in found[-1]):
            raise UserError(f"{name} predicts no entity at all: does it have an entity recogniser?")
    a, b = found
    # Counted together, so that both have the same labels: n_sentences × 2 × n_labels × 3
    labels, counts = count(a + b)
    counts = np.stack([counts[: len(a)], counts[len(a) :]], axis=1)
    f, drawn_f = f_scores(counts.sum(axis=0)), f_scores(bootstrap(counts, seed=args.seed))
    low, high = interval(drawn_f[:, 1] - drawn_f[:, 0])
    names = [*labels, "all", "mean of labels"]
    scores = {
        name: dict(zip(("a", "b", "difference", "low", "high"), map(float, each), strict=True))
        for name, *each in zip(names, f[0], f[1], f[1] - f[0], low, high, strict=True)
    }
    answer = verdict(scores["all"]["low"], scores["all"]["high"], sentences=len(a))
    colors = label_colors(labels_of(a + b))
    present(
        "A and B compared",
        [f"A: {args.a}", f"B: {args.b}", f"{args.file}: {len(a):,} sentences", answer],
        ["F in per cent", "A", "B", "B - A", "95 % from", "to"],
        [[name, *(f"{value * 100:.1f}" for value in each.values())] for name, each in scores.items()],
        {"a": args.a, "b": args.b, "file": str(args.file), "sentences": len(a), "verdict": answer, "scores": scores},
        parts=[
            *_only_right(a, b, "Only A is right", colors=colors),
            *_only_right(b, a, "Only B is right", colors=colors, mirrored=True),
        ],
        out=args.out,
        report=args.report,
    )


def verdict(low: float, high: float, *, sentences: int) -> str:
    """Say which is better, from the interval of the difference B - A."""
    if low > 0 or high < 0:
        return f"{'B' if low > 0 else 'A'} is better."
    return f"Which is better cannot be told from {sentences:,} sentences."


def _only_right(
    one: list[Example], other: list[Example], title: str, *, colors: dict[str, str], mirrored: bool = False
) -> list[str]:
    """Draw the sentences of which one pipeline has all entities right, and the other has not; A is on the left."""
    found = []
    for mine, theirs in zip(one, other, strict=True):
        gold, right, wrong = (
            {entity.key for entity in entities(doc)} for doc in (mine.reference, mine.predicted, theirs.predicted)
        )
        if right == gold != wrong:
            pair = [drawn(mine.reference.text, entities(eg.predicted), colors=colors) for eg in (mine, theirs)]
            found.append(pair[::-1] if mirrored else pair)
    shown = f", the first {SENTENCES}" if len(found) > SENTENCES else ""
    return [
        f"<h2>{title}: {len(found):,} sentences{shown}</h2>",
        table(["A", "B"], found[:SENTENCES], kind="text") if found else "",
    ]
