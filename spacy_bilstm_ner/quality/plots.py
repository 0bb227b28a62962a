"""Plots for the pages, as SVG: how a training went, what confidences are worth, and whether more data would help."""

import io
from typing import Any

import numpy as np

from .pages import color
from .reliability import Curve

Log = list[dict[str, Any]]


def draw_training(log: Log) -> str:
    """Draw the loss of each update and the scores on the development set, as an <svg> element."""
    figure, left, right = _plots("Loss (mean of an update)", "Development set", xlabel="updates")
    steps = [row["step"] for row in log]
    # The log sums the losses up, and its first row follows the first update.
    updates = np.diff(steps, prepend=-1).clip(1)
    left.plot(steps, np.array([sum(row["losses"].values()) for row in log]) / updates, marker=".")
    # The first loss can dwarf all others.
    left.set(yscale="log")
    for key, name in (("ents_p", "precision"), ("ents_r", "recall"), ("ents_f", "F")):
        scores = [row["scores"].get(key) for row in log]
        right.plot(steps, scores, marker=".", linewidth=2 if name == "F" else 1, label=name)
    right.set(ylim=(0, 100))
    right.legend(loc="lower right", frameon=False)
    return _as_svg(figure)


def draw_reliability(bins: list[dict[str, float]]) -> str:
    """Draw the share of entities that is right over their confidence, as an <svg> element."""
    figure, axes = _plots(
        "Reliability", xlabel="mean confidence", ylabel="share that is right", xlim=(0, 1.02)
    )
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
    axes.plot(
        [each["confidence"] for each in bins], [each["precision"] for each in bins], marker="o"
    )
    axes.set_ylim(0, 1.02)
    return _as_svg(figure)


def draw_curves(curves: dict[str, Curve]) -> str:
    """Draw precision and recall of each label over the threshold, as an <svg> element."""
    from matplotlib.colors import to_rgb

    about = "entities of at least this confidence"
    figure, left, right = _plots(
        "Precision", "Recall", xlabel=about, xlim=(0, 1.02), ylim=(0, 1.02)
    )
    for label, curve in curves.items():
        # What is a fair background would be a faint line.
        dark = [part * 2 / 3 for part in to_rgb(color(label))]
        for axes, scores in ((left, curve.precision), (right, curve.recall)):
            axes.plot(curve.confidence, scores, color=dark, drawstyle="steps-post", label=label)
    figure.legend(*left.get_legend_handles_labels(), loc="outside right upper", frameon=False)
    return _as_svg(figure)


def draw_learning(curve: list[dict[str, Any]]) -> str:
    """Draw F with its interval over the number of training sentences, as an <svg> element."""
    sentences, f, low, high = (
        [each[key] for each in curve] for key in ("sentences", "f", "low", "high")
    )
    figure, axes = _plots("Learning curve", xlabel="training sentences", ylabel="F")
    axes.fill_between(sentences, low, high, color="#dbe5f1")
    axes.plot(sentences, f, marker="o")
    axes.set(xlim=(0, None))
    return _as_svg(figure)


def _plots(*titles: str, **settings: Any) -> Any:
    from matplotlib import rcParams
    from matplotlib.figure import Figure

    # The same figures give the same picture, byte for byte; and text stays text.
    rcParams.update({"svg.hashsalt": "quality", "svg.fonttype": "none", "font.size": 10})
    figure = Figure(figsize=(5 * len(titles), 3.7), layout="constrained")
    plots = figure.subplots(1, len(titles), squeeze=False)[0]
    for axes, title in zip(plots, titles, strict=True):
        axes.set(title=title, **settings)
        axes.grid(color="#e5e5e5")
        axes.spines[["top", "right"]].set_visible(False)
    return figure, *plots


def _as_svg(figure: Any) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    svg = file.getvalue()
    return svg[svg.index("<svg") :]
