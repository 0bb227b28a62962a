from pathlib import Path

import pytest
import srsly

from scripts.cli import UserError
from scripts.tables import fill

SCORES = {"p": 0.5, "r": 0.25, "f": 1 / 3}
METRICS = {
    "raw_text": {
        "micro": SCORES,
        "macro": {"p": None, "r": None, "f": None},
        "labels": {"geo": {**SCORES, "gold": 1234}},
        "gold": 1234,
    },
    "gold_tokens": {"micro": {"p": 1.0, "r": 1.0, "f": 1.0}, "gold": 1234},
}
ONE = """\
| `geo` | 50.00 | 25.00 | 33.33 | 1,234 |
| all | 50.00 | 25.00 | 33.33 | 1,234 |
| mean of the labels | - | - | - |  |
| all, on gold tokens | 100.00 | 100.00 | 100.00 | 1,234 |
"""
TWO = """\
| `x` | 50.00 | 25.00 | 33.33 | - | 100.00 |
| `y` | 50.00 | 25.00 | 33.33 | - | 100.00 |
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("x.json", "y.json"):
        srsly.write_json(tmp_path / name, METRICS)
    return tmp_path


def test_tables_are_filled_and_stay(folder: Path) -> None:
    text = "Before\n<!-- metrics: x.json -->\n| old |\n\nBetween\n<!-- metrics: x.json y.json -->\nEnd\n"
    filled = fill(text, root=folder)
    assert ONE in filled
    assert TWO in filled
    assert "| old |" not in filled
    assert filled.startswith("Before\n")
    assert filled.endswith("\nEnd\n")
    assert fill(filled, root=folder) == filled


def test_other_tables_are_left_alone(folder: Path) -> None:
    text = "| a | b |\n| - | - |\n| 1 | 2 |\n"
    assert fill(text, root=folder) == text


def test_missing_metrics(folder: Path) -> None:
    with pytest.raises(UserError, match=r"z\.json, which is not there"):
        fill("<!-- metrics: z.json -->\n", root=folder)


def test_benchmark_table(folder: Path) -> None:
    row = {"name": "load", "unit": "s", "ours": 0.25, "other": 1234.5, "beside": "spacy", "ratio": 0.0002, "aim": "≤ 2"}
    alone = {**row, "name": "texts that differ", "unit": "", "ours": 0, "other": None, "beside": "", "ratio": None}
    srsly.write_json(folder / "b.json", {"results": [row, alone]})
    filled = fill("<!-- metrics: b.json -->\n", root=folder)
    assert "| load, s | 0.25 | 1,234 (spaCy's ner) | 0.0002 | ≤ 2 |\n" in filled
    assert "| texts that differ | 0 |  |  | ≤ 2 |\n" in filled
