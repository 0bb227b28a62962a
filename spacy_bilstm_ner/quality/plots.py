"""Plots for the pages, as SVG: how a training went, and what confidences are worth."""

import io
from collections import Counter
from typing import Any

from .reading import need

Log = list[dict[str, Any]]


def draw_training(log: Log) -> str:
    """Draw the loss and the scores on the development set over the epochs, as an <svg> element."""
    figure, left, right = _two_plots()
    x = epochs(log)
    left.plot(x, losses_per_update(log), color="#c0504d", marker=".")
    left.set(title="Loss (mean of an update)", xlabel="epochs")
    # The first loss can dwarf all others.
    left.set_yscale("log")
    for key, name, color in (
        ("ents_p", "precision", "#9bbb59"),
        ("ents_r", "recall", "#4f81bd"),
        ("ents_f", "F", "#222222"),
    ):
        y = [row["scores"].get(key) for row in log]
        right.plot(x, y, color=color, marker=".", linewidth=2 if name == "F" else 1, label=name)
    right.set(title="Development set", xlabel="epochs", ylim=(0, 100))
    right.legend(loc="lower right", frameon=False)
    return as_svg(figure)


def epochs(log: Log) -> list[float]:
    """Place evaluations evenly within their epochs, in epochs passed: the log counts whole epochs only."""
    in_epoch = Counter(row["epoch"] for row in log)
    seen: Counter[int] = Counter()
    places = []
    for row in log:
        places.append(row["epoch"] + seen[row["epoch"]] / in_epoch[row["epoch"]])
        seen[row["epoch"]] += 1
    return places


def losses_per_update(log: Log) -> list[float]:
    """The mean loss of an update for each row: the log sums losses up, and its first row follows the first update."""
    steps = [-1, *(row["step"] for row in log)]
    losses = [row["losses"].get("ner", sum(row["losses"].values())) for row in log]
    return [loss / max(steps[i + 1] - steps[i], 1) for i, loss in enumerate(losses)]


def draw_reliability(found: dict[str, Any]) -> str:
    """Draw how far confidences are right, and how precise the surest entities are, as an <svg> element."""
    figure, left, right = _two_plots()
    confidence, right_share = ([each[key] for each in found["bins"]] for key in ("confidence", "precision"))
    covered, precision = ([each[key] for each in found["coverage"]] for key in ("coverage", "precision"))
    left.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
    left.plot(confidence, right_share, color="#4f81bd", marker="o")
    left.set(title="Reliability", xlabel="mean confidence", ylabel="share that is right")
    left.set(xlim=(0, 1.02), ylim=(0, 1.02))
    right.plot(covered, precision, color="#9bbb59", marker=".")
    right.set(title="The surest entities", xlabel="share of the entities", ylabel="precision", xlim=(0, 1.02))
    return as_svg(figure)


def as_svg(figure: Any) -> str:
    """Turn a figure into an <svg> element, the same at any time for the same figure, and close it."""
    pyplot = _pyplot()
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    svg = file.getvalue()
    return svg[svg.index("<svg") :]


def _pyplot() -> Any:
    need("matplotlib")
    import matplotlib

    matplotlib.use("agg")
    # The same figures give the same picture, byte for byte; and text stays text.
    matplotlib.rcParams.update({"svg.hashsalt": "quality", "svg.fonttype": "none", "font.size": 10})
    from matplotlib import pyplot

    return pyplot


def _two_plots() -> Any:
    figure, plots = _pyplot().subplots(1, 2, figsize=(10, 3.7), layout="constrained")
    for axes in plots:
        axes.grid(color="#e5e5e5")
        axes.spines[["top", "right"]].set_visible(False)
    return figure, *plots
