"""Plots of confidences for the page of `evaluate`."""

import io

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure


def draw_confidences(bins: pd.DataFrame, curves: dict[str, pd.DataFrame]) -> str:
    """Draw the precision of bins, and precision and recall of each label over the threshold.

    bins (pd.DataFrame): See `make_bins`.
    curves (dict[str, pd.DataFrame]): See `make_curves`.
    RETURNS (str): An SVG element.
    """
    figure = Figure(figsize=(14, 3.7), layout="constrained")
    reliability, precision, recall = figure.subplots(1, 3)
    reliability.set(title="Reliability", xlabel="mean confidence", ylabel="precision")
    reliability.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
    reliability.plot(bins["confidence"], bins["precision"], marker="o")
    for axes, column in ((precision, "precision"), (recall, "recall")):
        title = column.capitalize()
        axes.set(title=title, xlabel="entities of at least this confidence", ylim=(0, 1.02))
        axes.grid(color="#e5e5e5")
        for label, curve in curves.items():
            axes.plot(curve["confidence"], curve[column], drawstyle="steps-post", label=label)
    figure.legend(*recall.get_legend_handles_labels(), loc="outside right upper")
    file = io.StringIO()
    # Letters are stored as text.
    with rc_context({"svg.fonttype": "none"}):
        figure.savefig(file, format="svg")
    svg = file.getvalue()
    return svg[svg.index("<svg") :]
