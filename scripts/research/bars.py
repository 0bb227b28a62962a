"""Draw the benchmark's words per second."""

from statistics import median
from typing import Any

import matplotlib
from spacy_bilstm_ner.quality.curves import as_svg

PIPELINES = {
    "ours": ("ours", "#4f81bd"),
    "spacy": ("spaCy's ner", "#c0504d"),
    "blank": ("spaCy's tokenizer alone", "#bbbbbb"),
}


def draw_bars(figures: dict[str, dict[str, list[dict[str, float]]]]) -> str:
    """Draw a bar for each pipeline and load: the median, with a line from the slowest run to the fastest.

    figures (dict): For each load, for each pipeline, the figures of its runs.
    RETURNS (str): An <svg> element.
    """
    matplotlib.use("agg")
    # The same figures give the same picture, byte for byte; and text stays text
    matplotlib.rcParams.update({"svg.hashsalt": "bars", "svg.fonttype": "none", "font.size": 10})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 3), layout="constrained")
    width = 0.26
    for number, (pipeline, (name, color)) in enumerate(PIPELINES.items()):
        rates = [[run["words_per_second"] for run in runs[pipeline]] for runs in figures.values()]
        middles = [median(rate) for rate in rates]
        spread = [
            [middle - min(rate) for middle, rate in zip(middles, rates, strict=True)],
            [max(rate) - middle for middle, rate in zip(middles, rates, strict=True)],
        ]
        places = [place + (number - 1) * width for place in range(len(figures))]
        bars: Any = axes.barh(places, middles, width, xerr=spread, color=color, label=name)
        axes.bar_label(bars, [f"{middle:,.0f}" for middle in middles], padding=4)
    axes.set(xlabel="words per second, one thread", yticks=range(len(figures)), yticklabels=list(figures))
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(PIPELINES), frameon=False)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.spines[["top", "right"]].set_visible(False)
    return as_svg(figure)
