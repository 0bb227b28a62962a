"""Plots for the pages, as SVG elements."""

import io
from typing import Any

import numpy as np

from .pages import color_of
from .reliability import Bins, Curve

Log = list[dict[str, Any]]


def draw_training(log: Log) -> str:
    """Draw the loss of each update and the scores on the development set."""
    import pandas as pd

    figure, loss_axes, score_axes = _make_plots(
        "Loss (mean of an update)", "Development set", xlabel="updates"
    )
    rows = pd.json_normalize(log)
    # The log adds up losses. Its first row follows the first update.
    n_updates = np.diff(rows["step"], prepend=-1).clip(1)
    losses = rows.filter(like="losses.").sum(axis="columns")
    loss_axes.plot(rows["step"], losses / n_updates, marker=".")
    # The first loss can be much larger than the next ones.
    loss_axes.set(yscale="log")
    for key, name in (("ents_p", "precision"), ("ents_r", "recall"), ("ents_f", "F")):
        if f"scores.{key}" in rows:
            width = 2 if name == "F" else 1
            scores = rows[f"scores.{key}"]
            score_axes.plot(rows["step"], scores, marker=".", linewidth=width, label=name)
    score_axes.set(ylim=(0, 100))
    score_axes.legend(loc="lower right", frameon=False)
    return _to_svg(figure)


def draw_reliability(bins: Bins) -> str:
    """Draw the precision of each bin over its mean confidence."""
    figure, axes = _make_plots(
        "Reliability", xlabel="mean confidence", ylabel="precision", xlim=(0, 1.02)
    )
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
    axes.plot(bins.confidence, bins.precision, marker="o")
    axes.set_ylim(0, 1.02)
    return _to_svg(figure)


def draw_curves(curves: dict[str, Curve]) -> str:
    """Draw precision and recall of each label over the threshold."""
    from matplotlib.colors import to_rgb

    figure, precision_axes, recall_axes = _make_plots(
        "Precision",
        "Recall",
        xlabel="entities of at least this confidence",
        xlim=(0, 1.02),
        ylim=(0, 1.02),
    )
    for label, curve in curves.items():
        # The background colour of a label is too bright for a line.
        color = np.array(to_rgb(color_of(label))) * 2 / 3
        style: dict[str, Any] = {"color": color, "drawstyle": "steps-post", "label": label}
        precision_axes.plot(curve.confidence, curve.precision, **style)
        recall_axes.plot(curve.confidence, curve.recall, **style)
    handles, labels = precision_axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False)
    return _to_svg(figure)


def draw_learning_curve(curve: list[dict[str, Any]]) -> str:
    """Draw F with its interval over the number of training sentences."""
    import pandas as pd

    figure, axes = _make_plots("Learning curve", xlabel="training sentences", ylabel="F")
    points = pd.DataFrame(curve)
    axes.fill_between(points["sentences"], points["low"], points["high"], color="#dbe5f1")
    axes.plot(points["sentences"], points["f"], marker="o")
    axes.set(xlim=(0, None))
    return _to_svg(figure)


def _make_plots(*titles: str, **settings: Any) -> Any:
    from matplotlib import rcParams
    from matplotlib.figure import Figure

    # The same data gives the same bytes, and text stays text.
    rcParams.update({"svg.hashsalt": "quality", "svg.fonttype": "none", "font.size": 10})
    figure = Figure(figsize=(5 * len(titles), 3.7), layout="constrained")
    plots = figure.subplots(1, len(titles), squeeze=False)[0]
    for axes, title in zip(plots, titles, strict=True):
        axes.set(title=title, **settings)
        axes.grid(color="#e5e5e5")
        axes.spines[["top", "right"]].set_visible(False)
    return figure, *plots


def _to_svg(figure: Any) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    svg = file.getvalue()
    return svg[svg.index("<svg") :]
