"""Run the Python and shell blocks of the README and the documentation, and check the figures.

A block runs in a folder with small data, after the blocks above it on the same page. The folder has
`my.csv`, `corpus/`, `texts/`, `texts.txt`, and a tiny pipeline as `en_gmb_bilstm` and
`training/model-best`. A block with a file name after its language is written to that file. A block
below the comment `<!-- not run in tests: REASON -->` is skipped.
"""

import re
import runpy
import shlex
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import srsly

from scripts.research.tables import PAGES, fill
from spacy_bilstm_ner.files.report import REASONS
from spacy_bilstm_ner.quality import folds
from tests import util

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(
    r"(?P<skip><!-- not run in tests: .+? -->\n)?"
    r"^```(?P<language>\w+) ?(?P<file>\S*)\n(?P<code>.*?)^```",
    re.DOTALL | re.MULTILINE,
)
N_SENTENCES = 60
# Options of `spacy train` that make a training short
SHORT = "--training.max_steps 4 --training.eval_frequency 2"


class Block(NamedTuple):
    """A block of code on a page."""

    language: str
    file: str
    code: str


def read_blocks(page: Path) -> list[Block]:
    """Return the blocks of a page that are to be run or written."""
    blocks = []
    for match in BLOCK.finditer(page.read_text(encoding="utf-8")):
        if not match["skip"]:
            blocks.append(Block(match["language"], match["file"], match["code"]))
    return blocks


def run_command(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run `python -m MODULE ARGUMENTS` in this process."""
    python, dash_m, module, *arguments = shlex.split(line)
    assert (python, dash_m) == ("python", "-m"), f"cannot run in tests: {line}"
    monkeypatch.setattr("sys.argv", [module, *arguments])
    code: Any = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    assert not code, line


def run_shell(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each line of a shell block."""
    for line in code.replace("\\\n", " ").splitlines():
        command = line.partition("#")[0].strip()
        if command:
            run_command(command, monkeypatch)


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that pages use."""
    folder = tmp_path_factory.mktemp("docs")
    rows = (ROOT / "assets" / "sample.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    starts = [number for number, row in enumerate(rows) if row.startswith("Sentence: ")]
    (folder / "my.csv").write_text("".join(rows[: starts[N_SENTENCES]]), encoding="utf-8")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(folder)
        run_command("python -m spacy_bilstm_ner convert my.csv corpus", monkeypatch)
    nlp = util.trained()
    nlp.meta["name"] = "gmb_bilstm"
    (folder / "training").mkdir()
    for name in ("en_gmb_bilstm", "training/model-best", "training/model-last"):
        nlp.to_disk(folder / name)
    # The pipeline may be sure of the texts that it was trained on, but not of a new one.
    texts = [*util.texts(), "Nadia Farrow met people from Porto and Acme on Sunday."]
    (folder / "texts.txt").write_text("\n".join(texts), encoding="utf-8")
    (folder / "texts").mkdir()
    records = [{"id": number, "text": text} for number, text in enumerate(texts)]
    srsly.write_jsonl(folder / "texts" / "texts.jsonl", records)
    return folder


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.stem)
def test_blocks_run(
    page: Path, small_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(small_data, tmp_path / "docs")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SPACY_CONFIG_OVERRIDES", SHORT)
    monkeypatch.setattr(folds, "MIN_STEPS", 4)
    names: dict[str, Any] = {}
    for block in read_blocks(page):
        if block.file:
            Path(block.file).write_text(block.code, encoding="utf-8")
        elif block.language == "bash":
            run_shell(block.code, monkeypatch)
        elif block.language == "python":
            exec(compile(block.code, page.name, "exec"), names)


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for link, anchor in re.findall(r"\]\(([^)#:\s]*)#?([^)\s:]*)\)", page.read_text("utf-8")):
        target = page.parent / link if link else page
        assert target.exists(), link
        if anchor:
            titles = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
            assert anchor in anchors


@pytest.mark.parametrize("reason", REASONS)
def test_reasons_are_explained(reason: str) -> None:
    assert f"`{reason}`" in (ROOT / "docs" / "your-own-file.md").read_text(encoding="utf-8")


def test_the_map_has_every_module() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for path in (ROOT / "spacy_bilstm_ner").rglob("*.py"):
        if not path.stem.startswith("__"):
            assert f"`{path.stem}`" in text, path


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8")) <= 7000


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_tables_show_the_published_figures(page: Path) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert fill(text, ROOT / "metrics") == text, "run `python -m scripts.research.tables`"


def test_published_figures_name_their_commands() -> None:
    for path in (ROOT / "metrics").glob("*.json"):
        commands = re.findall(r'"command": ?"(.*?)"', path.read_text(encoding="utf-8"))
        assert commands, path
        for command in commands:
            assert command.startswith(("spacy project run ", "python -m ")), path
            assert not re.search(r"(^|[\s=])/", command), f"{path} names a path of a machine"
