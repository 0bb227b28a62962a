from pathlib import Path
from typing import Any

import pytest
import srsly

from scripts.research.tables import fill
from spacy_bilstm_ner.errors import UserError

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


def experiment(*, f: float, part: str = "dev", change: str = "", ece: float | None = 0.0123) -> dict[str, Any]:
    scores = {"p": f, "r": f, "f": f}
    return {
        "part": part,
        "change": change,
        "raw_text": {"micro": scores, "macro": scores},
        "gold_tokens": {"micro": scores},
        "variants": dict.fromkeys(("forty", "lower", "upper", "curly"), scores),
        "mentions": {"unseen": {"gold": 5, "r": 0.2}},
        "calibration": None if ece is None else {"ece": ece, "auc": 0.8},
        "size": {"zip_mb": 9.5},
        "speed": {"ratio": 0.25},
        "training": {"cpu_seconds": 1234.5},
    }


def test_experiments_stand_beside_each_other(tmp_path: Path) -> None:
    srsly.write_json(tmp_path / "a.json", experiment(f=0.8))
    srsly.write_json(tmp_path / "b.json", experiment(f=0.9, ece=None))
    filled = fill("<!-- metrics: a.json b.json -->\n", root=tmp_path)
    assert "| on dev | `a` | `b` |\n" in filled
    assert "| F, ALL CAPS | 80.00 | 90.00 |\n" in filled
    assert "| recall of unseen mentions | 20.00 | 20.00 |\n" in filled
    assert "| calibration error | 0.012 | - |\n" in filled
    assert fill(filled, root=tmp_path) == filled


def test_mean_of_experiments(tmp_path: Path) -> None:
    for name, f, ece in (("a", 0.8, 0.0), ("b", 0.9, None)):
        srsly.write_json(tmp_path / f"{name}.json", experiment(f=f, part="test", ece=ece))
    filled = fill("<!-- mean: a.json b.json -->\n", root=tmp_path)
    assert "| on test | `a` | `b` | mean |\n" in filled
    assert "| F | 80.00 | 90.00 | 85.00 |\n" in filled
    assert "| calibration error | 0.000 | - | - |\n" in filled


def test_ablations_keep_their_order(tmp_path: Path) -> None:
    srsly.write_json(tmp_path / "a.json", experiment(f=0.8, change="a CRF"))
    srsly.write_json(tmp_path / "b.json", experiment(f=0.9))
    filled = fill("<!-- ablation: b.json a.json -->\n", root=tmp_path)
    assert "| `b` | 90.00 | 90.00 | 1,234 | 0.250 |\n| a CRF | 80.00 | 80.00 | 1,234 | 0.250 |\n" in filled


def test_tables_mix_nothing(folder: Path) -> None:
    srsly.write_json(folder / "dev.json", experiment(f=0.8))
    srsly.write_json(folder / "final.json", experiment(f=0.8, part="test"))
    with pytest.raises(UserError, match=r"leave out x"):
        fill("<!-- metrics: dev.json x.json -->\n", root=folder)
    with pytest.raises(UserError, match=r"on dev or on test, not both: dev, final"):
        fill("<!-- mean: dev.json final.json -->\n", root=folder)
    with pytest.raises(UserError, match=r"final is of test"):
        fill("<!-- ablation: final.json -->\n", root=folder)
