"""A small pipeline, some of whose texts do harm to its process, and collections of texts."""

from pathlib import Path

import pytest
import spacy

# A pipe that is found by its code, which spawned processes import: texts say what shall happen.
PIPE = """
import os
import signal
import time
from pathlib import Path

from spacy.language import Language


@Language.component("does_as_told")
def does_as_told(doc):
    for word in doc.text.split():
        if word == "boom":
            raise RuntimeError("boom came")
        if word == "slow":
            time.sleep(0.2)
        if word == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if word.startswith("once:") and not Path(word[5:]).exists():
            Path(word[5:]).touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return doc
"""


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package `told`, for PYTHONPATH; spaCy finds its pipe by an entry point."""
    folder = tmp_path_factory.mktemp("code")
    (folder / "told.py").write_text(PIPE, encoding="utf8")
    info = folder / "told-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: told\nVersion: 1.0\n", encoding="utf8"
    )
    (info / "entry_points.txt").write_text(
        "[spacy_factories]\ndoes_as_told = told:does_as_told\n", encoding="utf8"
    )
    return folder


@pytest.fixture(scope="session")
def model(code: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a pipeline that finds Lisbon and Ada Lovelace."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(code))
        nlp = spacy.blank("en")
        ruler = nlp.add_pipe("entity_ruler")
        ruler.add_patterns(
            [{"label": "GPE", "pattern": "Lisbon"}, {"label": "PERSON", "pattern": "Ada Lovelace"}]
        )
        __import__("told")
        nlp.add_pipe("does_as_told")
        path = tmp_path_factory.mktemp("pipeline") / "model"
        nlp.to_disk(path)
    return path
