"""Train on all but one fold of a file, in turn, and score each pipeline on the fold that it has not seen: how good a
pipeline of the whole file will be, how sure that is, and whether more data would help."""

import argparse

import numpy as np
from numpy.typing import NDArray

from . import folds
from .intervals import bootstrap, interval
from .pages import percent, present
from .plots import draw_learning
from .scores import FN, TOTALS, TP, count, f_scores


def execute(args: argparse.Namespace) -> None:
    """Run `crossvalidate`: train what is not there yet, print F with its intervals, write OUT/crossvalidation.*"""
    parts = ["fold"] if args.no_curve else ["fold", "two-thirds", "third"]
    run = folds.train_folds(args, parts=parts)
    counted = {part: count(run.predict(part)) for part in parts}
    # The same draws for all parts, so that their differences are paired.
    drawn = {
        part: f_scores(bootstrap(counts, seed=args.seed)) for part, (_, counts) in counted.items()
    }
    found = {part: with_intervals(counts, drawn[part]) for part, (_, counts) in counted.items()}
    labels, counts = counted["fold"]
    gold = counts[..., [TP, FN]].sum(axis=(0, 2))
    scores = dict(zip([*labels, *TOTALS], found["fold"], strict=True))
    numbers = [f"{number:,}" for number in (*gold, gold.sum(), gold.sum())]
    rows = [
        [name, *_percents(each), number]
        for (name, each), number in zip(scores.items(), numbers, strict=True)
    ]
    lines = [
        f"{args.file}: {len(run.docs):,} sentences in {args.folds} folds, F in per cent on sentences not trained on"
    ]
    curve = []
    if not args.no_curve:
        for part in reversed(parts):
            size = round(np.mean([len(fold.train) for fold in run.folds]) * folds.PARTS[part])
            curve.append({"sentences": size, **found[part][-2]})
            rows.append([f"all, trained on {size:,}", *_percents(curve[-1]), ""])
        gain = drawn["fold"][:, -2] - drawn["two-thirds"][:, -2]
        lines.append(would_help(curve[-1]["f"] - curve[-2]["f"], *interval(gain)))
    present(
        f"{args.file.name} in {args.folds} folds",
        lines,
        ["", "F", "95 % from", "to", "entities"],
        rows,
        {
            "file": str(args.file),
            "folds": args.folds,
            "seed": args.seed,
            "scores": scores,
            "curve": curve,
        },
        parts=[f"<h2>Would more data help?</h2>{draw_learning(curve)}"] if curve else [],
        out=args.out / "crossvalidation.json",
        report=args.out / "crossvalidation.html",
    )


def would_help(gain: float, low: float, high: float) -> str:
    """Say what the last third of the sentences has brought, from the difference of F and its interval."""
    found = f"the last third of the sentences brings {gain * 100:+.1f} points ({low * 100:+.1f} to {high * 100:+.1f})"
    return f"{'More data would help' if low > 0 else 'It cannot be told whether more data would help'}: {found}"


def with_intervals(counts: NDArray, drawn: NDArray) -> list[dict[str, float]]:
    """F of each label, of all entities and the mean of the labels, with 95 % intervals: "f", "low", "high"."""
    found = np.stack([f_scores(counts.sum(axis=0)), *interval(drawn)], axis=1)
    return [dict(zip(("f", "low", "high"), row, strict=True)) for row in found.tolist()]


def _percents(scores: dict[str, float]) -> list[str]:
    return [percent(scores[key]) for key in ("f", "low", "high")]
