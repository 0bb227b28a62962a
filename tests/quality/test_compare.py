from pathlib import Path

import pytest

from spacy_bilstm_ner.quality.compare import compare_pipelines

from .helpers import command, make_pipeline, read_json


@pytest.fixture(scope="module")
def better(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline of better rules than those of `tiny`."""
    path = tmp_path_factory.mktemp("better") / "b"
    make_pipeline(path, {"geo": ["Vienna", "Lima", "Peru"], "org": ["World Bank"]})
    return path


def test_the_better_pipeline_is_named(
    tiny: tuple[Path, Path],
    better: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command("compare", tiny[0], better, tiny[1], "--out", tmp_path / "c.json")
    figures = read_json(tmp_path / "c.json")
    assert figures["summary"][-1] == "B is better."
    *_, total, mean = figures["table"]
    assert (total["A"], total["B"]) == (pytest.approx(2 / 5), 1.0)
    assert total["B - A"] == pytest.approx(3 / 5)
    assert mean["label"] == "mean of labels"
    out = capsys.readouterr().out
    assert "B is better." in out
    assert f"evaluate {better} {tiny[1]}" in out


def test_the_interval_decides(tiny: tuple[Path, Path], better: Path) -> None:
    a, b, file = str(tiny[0]), str(better), tiny[1]
    assert compare_pipelines(b, a, file).summary[-1] == "A is better."
    assert compare_pipelines(a, a, file).summary[-1] == (
        "3 sentences do not show which one is better."
    )


def test_a_label_that_only_one_pipeline_has(
    tiny: tuple[Path, Path], better: Path, tmp_path: Path
) -> None:
    make_pipeline(tmp_path / "other", {"CITY": ["Vienna"]})
    comparison = compare_pipelines(str(better), str(tmp_path / "other"), tiny[1])
    assert comparison.figures["table"][0]["A"] is None
    assert comparison.format_table().iloc[0].tolist() == ["CITY", "-", "0.00%", "-", "-", "-"]
    (warning,) = comparison.warnings
    assert "no entity with these labels of the file: geo, org. It predicts CITY" in warning
