"""The notebook is committed without output and runs on the sample from beginning to end."""

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
DRAWINGS = ("draw-test-sentences", "draw-own-sentence")
KERNEL = "this-python"
EPOCHS = "2"
# A model that learns nothing has an F of 0.
MIN_F = 0.25


@pytest.fixture(scope="module")
def notebook(root: Path) -> nbformat.NotebookNode:
    return nbformat.read(root / "notebooks" / NAME, as_version=nbformat.NO_CONVERT)


def test_it_is_committed_without_output(notebook: nbformat.NotebookNode) -> None:
    nbformat.validate(notebook)
    ids = {cell.id for cell in notebook.cells}
    assert len(ids) == len(notebook.cells)
    for cell in notebook.cells:
        assert not cell.metadata
        assert not cell.get("outputs")
        assert not cell.get("execution_count")


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Path:
    """A copy of the files that the notebook needs, without the GMB corpus."""
    for name in NEEDED:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def kernel(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kernel with the Python of this test run. The kernel `python3` may be another one."""
    folder = tmp_path_factory.mktemp("jupyter")
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "The Python of the test run",
        "language": "python",
    }
    (folder / "kernels" / KERNEL).mkdir(parents=True)
    (folder / "kernels" / KERNEL / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(folder))
    # Nothing is written to the user's home, and no setting there changes the drawings.
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    monkeypatch.delenv("MPLBACKEND", raising=False)
    return KERNEL


@pytest.mark.slow
def test_it_runs_on_the_sample(
    notebook: nbformat.NotebookNode, project: Path, kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WALKTHROUGH_EPOCHS", EPOCHS)
    notebook_with_score = notebook.copy()
    print_score = new_code_cell("print(scores['ents_f'])", id="score")
    notebook_with_score.cells = [*notebook.cells, print_score]
    resources = {"metadata": {"path": str(project / "notebooks")}}
    client = NotebookClient(
        notebook_with_score, timeout=900, kernel_name=kernel, resources=resources
    )
    client.execute()

    outputs = {cell.id: output_text(cell) for cell in notebook_with_score.cells}
    assert "sample.csv" in outputs["load-csv"]
    assert float(outputs["score"]) > MIN_F
    assert "image/png" in outputs["plot-curves"]
    for cell in DRAWINGS:
        assert 'class="entities"' in outputs[cell]
    assert any(colour in outputs["draw-test-sentences"] for colour in COLORS.values())
    expected = 'class="entities"' if is_package("en_gmb_bilstm") else "not installed"
    assert expected in outputs["draw-with-installed-pipeline"]


def output_text(cell: nbformat.NotebookNode) -> str:
    """Return all output of a cell as one text. A picture is represented by its type."""
    texts = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        texts += [output.get("text", ""), data.get("text/plain", ""), data.get("text/html", "")]
        texts += data
    return "\n".join(texts)
