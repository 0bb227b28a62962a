"""Plots for the pages, as SVG elements."""

import io
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

# With these settings, the same data gives the same bytes, and letters are stored as text.
STYLE = {"svg.hashsalt": "quality", "svg.fonttype": "none", "font.size": 10}


def draw_reliability(bins: pd.DataFrame) -> str:
    """Draw the precision of each bin over its mean confidence."""
    figure, axes = _make_plots("Reliability", xlabel="mean confidence", ylabel="precision")
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
    axes.plot(bins["confidence"], bins["precision"], marker="o")
    return _to_svg(figure)


def draw_curves(curves: dict[str, pd.DataFrame]) -> str:
    """Draw precision and recall of each label over the threshold."""
    figure, *plots = _make_plots(
        "Precision", "Recall", xlabel="entities of at least this confidence", ylim=(0, 1.02)
    )
    for axes, column in zip(plots, ("precision", "recall"), strict=True):
        for label, curve in curves.items():
            axes.plot(curve["confidence"], curve[column], drawstyle="steps-post", label=label)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper")
    return _to_svg(figure)


def draw_learning_curve(curve: pd.DataFrame) -> str:
    """Draw F with its interval over the number of training sentences."""
    figure, axes = _make_plots("Learning curve", xlabel="training sentences", ylabel="F")
    axes.fill_between(curve["sentences"], curve["low"], curve["high"], color="#dbe5f1")
    axes.plot(curve["sentences"], curve["f"], marker="o")
    axes.set(xlim=(0, None))
    return _to_svg(figure)


def _make_plots(*titles: str, **settings: Any) -> Any:
    figure = Figure(figsize=(5 * len(titles), 3.7), layout="constrained")
    plots = figure.subplots(1, len(titles), squeeze=False)[0]
    for axes, title in zip(plots, titles, strict=True):
        axes.set(title=title, **settings)
        axes.grid(color="#e5e5e5")
    return figure, *plots


def _to_svg(figure: Any) -> str:
    file = io.StringIO()
    with rc_context(STYLE):
        figure.savefig(file, format="svg", metadata={"Date": None})
    svg = file.getvalue()
    return svg[svg.index("<svg") :]
