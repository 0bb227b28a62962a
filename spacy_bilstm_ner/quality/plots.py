"""Plots for the page of `evaluate`."""

import io

import pandas as pd
from matplotlib.figure import Figure


def draw_curves(curves: dict[str, pd.DataFrame]) -> str:
    """Draw precision and recall of each label over the threshold.

    curves (dict[str, pd.DataFrame]): See `make_curves`.
    RETURNS (str): An SVG element.
    """
    figure = Figure(figsize=(10, 3.7), layout="constrained")
    precision, recall = figure.subplots(1, 2)
    for axes, column in ((precision, "precision"), (recall, "recall")):
        axes.set(
            title=column.capitalize(), xlabel="entities of at least this confidence", ylim=(0, 1.02)
        )
        axes.grid(color="#e5e5e5")
        for label, curve in curves.items():
            axes.plot(curve["confidence"], curve[column], drawstyle="steps-post", label=label)
    figure.legend(*recall.get_legend_handles_labels(), loc="outside right upper")
    file = io.StringIO()
    figure.savefig(file, format="svg")
    svg = file.getvalue()
    return svg[svg.index("<svg") :]
