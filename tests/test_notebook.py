"""The walk-through: it is committed clean, and on the sample it runs from its first cell to its last."""

import json
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell
from spacy.util import is_package

from spacy_bilstm_ner.pipe.displacy_colors import COLORS

NAME = "walkthrough.ipynb"
NEEDED = ("assets/sample.csv", "configs/bilstm.cfg", f"notebooks/{NAME}")
LAST_CELLS = ("draw-test-sentences", "draw-own-sentence", "draw-with-installed-pipeline")
SENTENCE = "Jim bought 300 shares of Acme Corp. in 2006."
KERNEL = "this-python"
EPOCHS = "2"
# A model that learns nothing scores 0.
FLOOR = 0.25


@pytest.fixture(scope="module")
def notebook(root: Path) -> nbformat.NotebookNode:
    return nbformat.read(root / "notebooks" / NAME, as_version=nbformat.NO_CONVERT)


def test_it_is_committed_clean(notebook: nbformat.NotebookNode) -> None:
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert not any(cell.metadata for cell in notebook.cells)


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Path:
    """A copy of what the notebook needs: with the sample, whatever else assets/ has."""
    for name in NEEDED:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    shutil.copytree(
        root / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path


@pytest.fixture
def kernel(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kernel that is the Python of this test run: `python3` may be another one, or none."""
    folder = tmp_path_factory.mktemp("jupyter")
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "The Python of the test run",
        "language": "python",
    }
    (folder / "kernels" / KERNEL).mkdir(parents=True)
    (folder / "kernels" / KERNEL / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(folder))
    # Nothing is written to the user's home, and no setting of theirs changes what is drawn
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    monkeypatch.delenv("MPLBACKEND", raising=False)
    return KERNEL


@pytest.mark.slow
def test_it_runs_on_the_sample(
    notebook: nbformat.NotebookNode, project: Path, kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WALKTHROUGH_EPOCHS", EPOCHS)
    run = notebook.copy()
    run.cells = [*notebook.cells, new_code_cell("print(scores['ents_f'])", id="score")]
    resources = {"metadata": {"path": str(project / "notebooks")}}
    NotebookClient(run, timeout=900, kernel_name=kernel, resources=resources).execute()

    shown = {cell.id: outputs(cell) for cell in run.cells}
    assert "sample.csv" in shown["load-csv"]
    assert float(shown["score"]) > FLOOR
    assert "image/png" in shown["plot-curves"]
    for cell in LAST_CELLS[:2]:
        assert 'class="entities"' in shown[cell]
    assert any(colour in shown["draw-test-sentences"] for colour in COLORS.values())
    if is_package("en_gmb_bilstm"):
        assert 'class="entities"' in shown[LAST_CELLS[2]]
    else:
        assert "not installed" in shown[LAST_CELLS[2]]


def outputs(cell: nbformat.NotebookNode) -> str:
    """All that a cell has printed and drawn, as one text; a picture is its type only."""
    texts = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        texts += [
            output.get("text", ""),
            data.get("text/plain", ""),
            data.get("text/html", ""),
            *data,
        ]
    return "\n".join(texts)
