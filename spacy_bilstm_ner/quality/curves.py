"""Draw a training log: the loss and the scores on the development set against epochs."""

import io
from collections import Counter
from typing import Any

import matplotlib

PIPE = "ner"


def epochs(log: list[dict[str, Any]]) -> list[float]:
    """Place the evaluations within their epochs: the log counts whole epochs only.

    log (list[dict[str, Any]]): The log's rows, one for each evaluation.
    RETURNS (list[float]): The epochs passed at each, evenly spread within an epoch.
    """
    number = Counter(row["epoch"] for row in log)
    seen: Counter[int] = Counter()
    places = []
    for row in log:
        epoch = row["epoch"]
        places.append(epoch + seen[epoch] / number[epoch])
        seen[epoch] += 1
    return places


def losses_per_update(log: list[dict[str, Any]]) -> list[float]:
    """Take the mean loss of an update: the log sums them up since the last evaluation.

    log (list[dict[str, Any]]): The log's rows.
    RETURNS (list[float]): The mean of each row. The first evaluation follows the first update.
    """
    means = []
    last_step = -1
    for row in log:
        means.append(row["losses"][PIPE] / max(row["step"] - last_step, 1))
        last_step = row["step"]
    return means


def draw(log: list[dict[str, Any]]) -> str:
    """Draw both curves.

    log (list[dict[str, Any]]): The log's rows.
    RETURNS (str): An <svg> element.
    """
    matplotlib.use("agg")
    # The same log gives the same picture, byte for byte; and text stays text
    matplotlib.rcParams.update({"svg.hashsalt": "curves", "svg.fonttype": "none", "font.size": 10})
    from matplotlib import pyplot

    x = epochs(log)
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    left.plot(x, losses_per_update(log), color="#c0504d", marker=".")
    left.set(title="Loss (mean of an update)", xlabel="epochs")
    # The first update's loss can dwarf all others
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
    for axes in (left, right):
        axes.grid(color="#e5e5e5")
        axes.spines[["top", "right"]].set_visible(False)
    return as_svg(figure)


def as_svg(figure: Any) -> str:
    """Turn a figure into an SVG element for an HTML page, and close it.

    figure (matplotlib.figure.Figure): The figure.
    RETURNS (str): The element, the same for the same figure at any time.
    """
    from matplotlib import pyplot

    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    svg = file.getvalue()
    return svg[svg.index("<svg") :]
