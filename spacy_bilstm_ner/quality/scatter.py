"""Draw what experiments found: confidence against precision, precision against coverage, accuracy against speed."""

from typing import Any

import matplotlib

from .curves import as_svg

# Fewer points show no trade-off
FEWEST_MODELS = 5


def draw_calibration(calibration: dict[str, Any]) -> str:
    """Draw how far confidences are right, and what precision is left at which coverage.

    calibration (dict[str, Any]): What `calibration.calibrate` returns.
    RETURNS (str): An <svg> element.
    """
    pyplot = _pyplot()
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    bins, points = calibration["bins"], calibration["coverage"]
    confidence, right_share = ([each[key] for each in bins] for key in ("confidence", "precision"))
    covered, precision = ([each[key] for each in points] for key in ("coverage", "precision"))
    left.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
    left.plot(confidence, right_share, color="#4f81bd", marker="o")
    left.set(title="Reliability", xlabel="mean confidence", ylabel="share that is right")
    left.set(xlim=(0, 1.02), ylim=(0, 1.02))
    right.plot(covered, precision, color="#9bbb59", marker=".")
    right.set(title="The surest entities", xlabel="share of the entities", ylabel="precision", xlim=(0, 1.02))
    _tidy(left, right)
    return as_svg(figure)


def draw_models(experiments: dict[str, dict[str, Any]]) -> str:
    """Draw accuracy against speed.

    experiments (dict[str, dict[str, Any]]): Experiments on dev by their names.
    RETURNS (str): An <svg> element; empty if there are fewer than five.
    """
    if len(experiments) < FEWEST_MODELS:
        return ""
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    for name, metrics in sorted(experiments.items()):
        x, y = metrics["speed"]["words_per_cpu_second"], (metrics["raw_text"]["micro"]["f"] or 0.0) * 100
        axes.plot(x, y, color="#4f81bd", marker="o")
        axes.annotate(name, (x, y), xytext=(6, 4), textcoords="offset points", fontsize=8)
    axes.set(xlabel="words per second, one thread", ylabel="F on dev")
    axes.margins(x=0.2, y=0.1)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    _tidy(axes)
    return as_svg(figure)


def _pyplot() -> Any:
    matplotlib.use("agg")
    # The same figures give the same picture, byte for byte; and text stays text
    matplotlib.rcParams.update({"svg.hashsalt": "scatter", "svg.fonttype": "none", "font.size": 10})
    from matplotlib import pyplot

    return pyplot


def _tidy(*plots: Any) -> None:
    for axes in plots:
        axes.grid(color="#e5e5e5")
        axes.spines[["top", "right"]].set_visible(False)
