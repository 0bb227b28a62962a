"""The whole project, as a newcomer runs it, in a copy: on the bundled sample and on somebody's own
CSV.

Nothing is downloaded, and nothing is installed into the environment that runs the tests.
"""

import os
import random
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
import srsly
from spacy.util import get_minor_version_range
from weasel.cli.run import check_rerun
from weasel.util.config import load_project_config

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
FOLDERS = ("configs", "scripts", "spacy_bilstm_ner")
FILES = (".gitignore", "LICENSE", "README.md", "project.yml", "pyproject.toml", "setup.cfg")
OFFLINE = ["--vars.gmb_url", "", "--vars.vectors", "", "--vars.target", "site"]
SETUP = ConfigParser()
SETUP.read(ROOT / "setup.cfg", encoding="utf-8")
VERSION = SETUP["metadata"]["version"]
SKIPPED = ("convert", "train", "evaluate", "package")
USE = """
import json, sys
import spacy
from spacy import displacy
nlp = spacy.load(sys.argv[1])
texts = [sys.argv[2]] * 4
docs = list(nlp.pipe(texts, n_process=2, batch_size=2))
html = displacy.render(docs[0], style="ent", jupyter=False)
ents = [[[ent.text, ent.label_, ent._.confidence] for ent in doc.ents] for doc in docs]
print(json.dumps({"meta": nlp.meta, "ents": ents, "html": html}))
"""


def copy_project(folder: Path) -> Path:
    """The project, with a shorter training."""
    project = folder / "project"
    for name in FOLDERS:
        if (ROOT / name).is_dir():
            ignore = shutil.ignore_patterns("__pycache__", ".*")
            shutil.copytree(ROOT / name, project / name, ignore=ignore)
    for name in FILES:
        shutil.copy(ROOT / name, project)
    config = project / "configs" / "bilstm.cfg"
    text = config.read_text(encoding="utf-8")
    assert "\nmin_steps = 1200\n" in text
    config.write_text(text.replace("\nmin_steps = 1200\n", "\nmin_steps = 300\n"), encoding="utf-8")
    (project / "assets").mkdir()
    shutil.copy(ROOT / "assets" / "sample.csv", project / "assets")
    return project


def run_project(project: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "spacy", "project", "run", arguments[0], ".", *arguments[1:]]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, *OFFLINE], cwd=project, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def use(project: Path, name: str, text: str) -> dict:
    """Use the installed pipeline in a fresh process, elsewhere, with no import of ours."""
    environment = {**os.environ, "PYTHONPATH": str(project / "site"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", USE, name, text],
        cwd=project.parent,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return srsly.json_loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A copy of the project in which `all` has run on the sample, and what that printed."""
    project = copy_project(tmp_path_factory.mktemp("sample"))
    return project, run_project(project, "all")


def test_sample_is_said_loudly_and_named_everywhere(sample_run: tuple[Path, str]) -> None:
    project, printed = sample_run
    assert "SMALL BUNDLED SAMPLE" in printed
    metrics = srsly.read_json(project / "training" / "gmb_bilstm" / "bilstm" / "metrics.json")
    assert metrics["data"]["kind"] == "sample"
    assert metrics["version"] == "0.0.0+sample"
    report = (project / "training" / "gmb_bilstm" / "bilstm" / "report.html").read_text(
        encoding="utf-8"
    )
    assert "trained on sample" in report
    assert sorted(path.name for path in (project / "packages").iterdir()) == [
        "en_gmb_bilstm-0.0.0+sample-py3-none-any.whl",
        f"spacy_bilstm_ner-{VERSION}-py3-none-any.whl",
    ]


def test_something_real_is_learnt(sample_run: tuple[Path, str]) -> None:
    project, _ = sample_run
    metrics = srsly.read_json(project / "training" / "gmb_bilstm" / "bilstm" / "metrics.json")
    assert metrics["table"][-2]["F"] > 0.4


def test_installed_pipeline_works_with_no_import_of_ours(sample_run: tuple[Path, str]) -> None:
    project, _ = sample_run
    text = "President Anna Schmidt met officials of the United Nations in London on Monday."
    result = use(project, "en_gmb_bilstm", text)
    assert result["meta"]["version"] == "0.0.0+sample"
    requirement = f"spacy-bilstm-ner{get_minor_version_range(VERSION)}"
    assert requirement in result["meta"]["requirements"]
    assert result["ents"][0]
    assert all(ents == result["ents"][0] for ents in result["ents"])
    assert all(0 < confidence <= 1 for _, _, confidence in result["ents"][0])
    assert "<mark" in result["html"]


def test_second_run_does_nothing(sample_run: tuple[Path, str]) -> None:
    project, _ = sample_run
    printed = run_project(project, "all")
    for name in SKIPPED:
        assert f"Skipping '{name}': nothing changed" in printed


@pytest.mark.parametrize(
    ("file", "steps"),
    [
        ("spacy_bilstm_ner/quality/result.py", {"convert", "train", "evaluate", "package"}),
        ("configs/bilstm.cfg", {"train"}),
        ("configs/tutorial.cfg", set()),
        ("assets/sample.csv", {"convert", "train", "evaluate", "package"}),
    ],
)
def test_a_change_reruns_the_steps_that_depend_on_it(
    sample_run: tuple[Path, str], file: str, steps: set[str]
) -> None:
    config = load_project_config(
        sample_run[0], overrides={"vars.gmb_url": "", "vars.vectors": "", "vars.target": "site"}
    )
    commands = [command for command in config["commands"] if command["name"] in SKIPPED]
    path = sample_run[0] / file
    before = path.read_text(encoding="utf-8")
    try:
        path.write_text(before + "\n", encoding="utf-8")
        run_project(sample_run[0], "data")
        rerun = {command["name"] for command in commands if check_rerun(sample_run[0], command)}
    finally:
        path.write_text(before, encoding="utf-8")
    assert rerun == steps


def write_own_csv(path: Path) -> None:
    """German, UTF-8, other column names, no POS, three labels, 400 sentences."""
    rng = random.Random(0)
    first = ["Anna", "Jürgen", "Käthe", "Murat", "Sofia", "Uwe", "Lena", "Karim"]
    last = ["Müller", "Öztürk", "Weiß", "Kowalski", "Groß", "Bauer"]
    place = ["Köln", "Wien", "Zürich", "Graz", "Bremen", "Bern"]
    brand = ["Nordlicht", "Blauwal", "Feinkost", "Radhaus"]
    lines = ["Satz,Wort,Marke"]
    for number in range(400):
        person = f"{rng.choice(first)}/B-KUNDE {rng.choice(last)}/I-KUNDE"
        shop, town = f"{rng.choice(brand)}/B-FIRMA", f"{rng.choice(place)}/B-ORT"
        sentence = rng.choice(
            [
                f"{person} bestellt bei {shop} in {town} .",
                f"Die Lieferung nach {town} ging an {person} .",
                f"In {town} öffnet {shop} ein neues Geschäft .",
            ]
        )
        for word in sentence.split():
            text, _, tag = word.partition("/")
            lines.append(f"{number},{text},{tag or 'O'}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_own_data(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    write_own_csv(project / "meine Daten.csv")
    shutil.copy(project / "configs" / "bilstm.cfg", project / "configs" / "other.cfg")
    variables = ["--vars.csv", "meine Daten.csv", "--vars.lang", "de", "--vars.name", "shop_ner"]
    run_project(project, "all", *variables, "--vars.config", "other")

    result = use(project, "de_shop_ner", "Käthe Weiß bestellt bei Blauwal in Graz.")
    assert [ent[:2] for ent in result["ents"][0]] == [
        ["Käthe Weiß", "KUNDE"],
        ["Blauwal", "FIRMA"],
        ["Graz", "ORT"],
    ]
    assert result["meta"]["lang"] == "de"
    run = project / "training" / "shop_ner" / "other"
    written = [run / "metrics.json", run / "report.html", run / "model-best" / "meta.json"]
    for text in (*(path.read_text(encoding="utf-8") for path in written), str(result["meta"])):
        for word in ("GMB", "gmb", "Groningen", "0.0.0", "sample"):
            assert word not in text
