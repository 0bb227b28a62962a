from pathlib import Path

import pytest

from scripts.package import build_pipeline

from .helpers import make_pipeline


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a pipeline, model, and its wheel, whose meta has notes and an odd label.
    Building takes seconds."""
    folder = tmp_path_factory.mktemp("project")
    nlp = make_pipeline(folder / "model", kind="sample")
    meanings = dict.fromkeys((*nlp.pipe_labels["ner"], "<i>`|x"), "what it means")
    (folder / "work").mkdir()
    wheel = build_pipeline(
        folder / "model", {"notes": "Our notes.", "label_meanings": meanings}, folder / "work"
    )
    wheel.rename(folder / wheel.name)
    return folder
