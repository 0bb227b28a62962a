from scripts.research.bars import draw_bars

RUNS = {
    "ours": [{"words_per_second": rate} for rate in (90_000.0, 100_000.0, 110_000.0)],
    "spacy": [{"words_per_second": 10_000.0}],
    "blank": [{"words_per_second": 400_000.0}],
}


def test_medians_are_drawn() -> None:
    svg = draw_bars({"sentences": RUNS, "documents": RUNS})
    assert svg.startswith("<svg")
    for text in ("100,000", "10,000", "400,000", "sentences", "documents", "words per second"):
        assert text in svg, text
    assert draw_bars({"sentences": RUNS, "documents": RUNS}) == svg
