from typing import Any

from spacy_bilstm_ner.quality.scatter import draw_calibration, draw_models

CALIBRATION = {
    "bins": [
        {"confidence": 0.4, "precision": 0.3, "entities": 2},
        {"confidence": 0.9, "precision": 0.8, "entities": 2},
    ],
    "coverage": [{"coverage": 0.5, "precision": 0.8}, {"coverage": 1.0, "precision": 0.6}],
}


def experiment(words: float, f: float) -> dict[str, Any]:
    return {"speed": {"words_per_cpu_second": words}, "raw_text": {"micro": {"f": f}}}


def test_calibration_is_drawn_the_same_each_time() -> None:
    svg = draw_calibration(CALIBRATION)
    assert svg.startswith("<svg")
    assert "Reliability" in svg
    assert svg == draw_calibration(CALIBRATION)


def test_models_are_drawn_by_name_if_there_are_five() -> None:
    models = {f"model_{i}": experiment(1000.0 * i, 0.8 + i / 100) for i in range(1, 6)}
    svg = draw_models(models)
    assert all(name in svg for name in models)
    del models["model_1"]
    assert draw_models(models) == ""
