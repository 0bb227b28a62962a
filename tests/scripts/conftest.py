from pathlib import Path

import pytest

from scripts.package import build_pipeline
from tests.quality.helpers import DATA, make_pipeline


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of a pipeline. Building takes seconds."""
    folder = tmp_path_factory.mktemp("run")
    data = DATA | {"kind": "sample"}
    notes = "The scores are those on the development set"
    make_pipeline(folder / "model-best", version="0.0.0+sample", data=data, notes=notes)
    (folder / "packages").mkdir()
    (folder / "packages" / "en_tiny-0.1.0-py3-none-any.whl").touch()
    (folder / "packages" / "en_tiny_other-0.1.0-py3-none-any.whl").touch()
    build_pipeline(folder / "model-best", folder / "packages")
    return folder / "packages"
