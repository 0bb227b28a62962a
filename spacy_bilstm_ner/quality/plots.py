"""Plots for the pages, as SVG: how a training went, what confidences are worth, and whether more data would help."""

import io
from typing import Any

from .pages import color
from .reliability import Curve

Log = list[dict[str, Any]]


def draw_training(log: Log) -> str:
    """Draw the loss of each update and the scores on the development set, as an <svg> element."""
    figure, left, right = _plots(2)
    steps = [row["step"] for row in log]
    # The log sums the losses up, and its first row follows the first update.
    updates = [max(step - before, 1) for step, before in zip(steps, [-1, *steps], strict=False)]
    left.plot(steps, [sum(row["losses"].values()) / n for row, n in zip(log, updates, strict=True)], marker=".")
    # The first loss can dwarf all others.
    left.set(title="Loss (mean of an update)", xlabel="updates", yscale="log")
    for key, name in (("ents_p", "precision"), ("ents_r", "recall"), ("ents_f", "F")):
        scores = [row["scores"].get(key) for row in log]
        right.plot(steps, scores, marker=".", linewidth=2 if name == "F" else 1, label=name)
    right.set(title="Development set", xlabel="updates", ylim=(0, 100))
    right.legend(loc="lower right", frameon=False)
    return _as_svg(figure)


def draw_reliability(bins: list[dict[str, float]]) -> str:
    """Draw the share of entities that is right over their confidence, as an <svg> element."""
    figure, left = _plots(1)
    left.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
    left.plot([each["confidence"] for each in bins], [each["precision"] for each in bins], marker="o")
    left.set(title="Reliability", xlabel="mean confidence", ylabel="share that is right", xlim=(0, 1.02))
    left.set_ylim(0, 1.02)
    return _as_svg(figure)


def draw_curves(curves: dict[str, Curve]) -> str:
    """Draw precision and recall of each label over the threshold, as an <svg> element."""
    from matplotlib.colors import to_rgb

    figure, left, right = _plots(2)
    for label, curve in curves.items():
        # What is a fair background would be a faint line.
        dark = [part * 2 / 3 for part in to_rgb(color(label))]
        for axes, scores in ((left, curve.precision), (right, curve.recall)):
            axes.plot(curve.confidence, scores, color=dark, drawstyle="steps-post", label=label)
    for axes, title in ((left, "Precision"), (right, "Recall")):
        axes.set(title=title, xlabel="entities of at least this confidence", xlim=(0, 1.02), ylim=(0, 1.02))
    figure.legend(*left.get_legend_handles_labels(), loc="outside right upper", frameon=False)
    return _as_svg(figure)


def draw_learning(curve: list[dict[str, Any]]) -> str:
    """Draw F with its interval over the number of training sentences, as an <svg> element."""
    sentences, f, low, high = ([each[key] for each in curve] for key in ("sentences", "f", "low", "high"))
    figure, left = _plots(1)
    left.fill_between(sentences, low, high, color="#dbe5f1")
    left.plot(sentences, f, marker="o")
    left.set(title="Learning curve", xlabel="training sentences", ylabel="F", xlim=(0, None))
    return _as_svg(figure)


def _plots(number: int) -> Any:
    from matplotlib import rcParams
    from matplotlib.figure import Figure

    # The same figures give the same picture, byte for byte; and text stays text.
    rcParams.update({"svg.hashsalt": "quality", "svg.fonttype": "none", "font.size": 10})
    figure = Figure(figsize=(5 * number, 3.7), layout="constrained")
    plots = figure.subplots(1, number, squeeze=False)[0]
    for axes in plots:
        axes.grid(color="#e5e5e5")
        axes.spines[["top", "right"]].set_visible(False)
    return figure, *plots


def _as_svg(figure: Any) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    svg = file.getvalue()
    return svg[svg.index("<svg") :]
