from pathlib import Path

import pytest
import srsly

from scripts.package import build_pipeline
from tests.quality.helpers import DATA, make_pipeline

SCORES = {"P": 0.5, "R": 0.25, "F": 0.75}
METRICS = {
    "sentences": 1234,
    "table": [{"label": "geo", **SCORES}, {"label": "all", **SCORES}, {"label": "mean of labels"}],
}


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of a pipeline. Building takes seconds."""
    folder = tmp_path_factory.mktemp("run")
    data = DATA | {"kind": "sample"}
    make_pipeline(folder / "model-best", version="0.0.0+sample", data=data)
    srsly.write_json(folder / "metrics.json", METRICS)
    (folder / "packages").mkdir()
    (folder / "packages" / "en_tiny-0.1.0-py3-none-any.whl").touch()
    (folder / "packages" / "en_tiny_other-0.1.0-py3-none-any.whl").touch()
    build_pipeline(folder, folder / "packages")
    return folder / "packages"
