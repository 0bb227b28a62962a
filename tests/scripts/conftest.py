from pathlib import Path

import pytest

from scripts.package import build_pipeline

from .helpers import make_pipeline


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a pipeline, model, and its wheel, whose meta has notes.
    Building takes seconds."""
    folder = tmp_path_factory.mktemp("project")
    make_pipeline(folder / "model", kind="sample")
    (folder / "work").mkdir()
    wheel = build_pipeline(folder / "model", {"notes": "Our notes."}, folder / "work")
    wheel.rename(folder / wheel.name)
    return folder
