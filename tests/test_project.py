"""project.yml: each command lists all that its result depends on, and all that it makes."""

import shlex
from pathlib import Path
from typing import Any

import pytest
import srsly
from weasel.util.config import load_project_config

from scripts.source import CODE, fingerprint

ROOT = Path(__file__).parents[1]
YML: dict[str, Any] = srsly.read_yaml(ROOT / "project.yml")
# As it is run with these variables
NAMED: list[dict[str, Any]] = load_project_config(
    ROOT, overrides={"vars.name": "N", "vars.config": "C"}
)["commands"]
COMMANDS: dict[str, Any] = {command["name"]: command for command in NAMED}
SKIPPED = [name for name, command in COMMANDS.items() if not command.get("no_skip")]


def arguments(command: dict[str, Any]) -> list[str]:
    return [word for line in command["script"] for word in shlex.split(line)]


def test_weasel_takes_it() -> None:
    config = load_project_config(ROOT, overrides={"vars.name": "shop_ner"})
    assert len(config["commands"]) == len(COMMANDS)


def test_it_stays_short() -> None:
    assert len((ROOT / "project.yml").read_text(encoding="utf-8").splitlines()) <= 150


def test_each_command_that_may_be_skipped_depends_on_its_code() -> None:
    assert set(SKIPPED) == set(CODE)
    for name in SKIPPED:
        assert f"corpus/N/{name}.code" in COMMANDS[name]["deps"]
        assert f"corpus/N/{name}.code" in COMMANDS["data"]["outputs"]


@pytest.mark.parametrize("command", CODE)
def test_fingerprints_name_files_that_are_there(command: str) -> None:
    found = fingerprint(command, root=ROOT, config="bilstm")
    for pattern in CODE[command].format(config="bilstm").split():
        assert [path for path in ROOT.glob(pattern) if path.is_file()], pattern
    assert "__pycache__" not in found
    assert "spacy_bilstm_ner/" in found


def test_the_model_depends_on_all_code_but_what_reads_and_judges() -> None:
    names = {
        line.split("  ")[1]
        for line in fingerprint("train", root=ROOT, config="bilstm").splitlines()
    }
    assert {
        "setup.cfg",
        "configs/bilstm.cfg",
        "spacy_bilstm_ner/component.py",
        "spacy_bilstm_ner/words.py",
    } <= names
    assert not [name for name in names if "/files/" in name or "/quality/" in name]


def test_variables_are_quoted_but_those_that_are_several_options() -> None:
    options = {"vars.convert": " --sep ';' --strict"}
    values = {
        name: f"{name}'s b"
        for name in (f"vars.{each}" for each in YML["vars"])
        if name not in options
    }
    config = load_project_config(ROOT, overrides=values | options)
    words = {word for command in config["commands"] for word in arguments(command)}
    assert {"--sep", ";", "--strict"} <= words
    for value in values.values():
        assert [word for word in words if value in word], value


@pytest.mark.parametrize("name", COMMANDS)
def test_files_in_a_script_are_deps_or_outputs(name: str) -> None:
    command = COMMANDS[name]
    listed = [*command.get("deps", []), *command.get("outputs", [])]
    for word in arguments(command):
        if word.startswith(("corpus/", "training/", "packages")):
            inside = [path for path in listed if path == word or path.startswith(f"{word}/")]
            assert inside, f"{word} is neither among the deps nor the outputs of {name}"


@pytest.mark.parametrize("flow", YML["workflows"])
def test_workflows_make_each_file_before_they_need_it(flow: str) -> None:
    made: set[str] = set()
    for name in YML["workflows"][flow]:
        for dep in COMMANDS[name].get("deps", []):
            assert dep in made, (name, dep)
        made |= set(COMMANDS[name].get("outputs", []))


def test_names_and_configs_keep_runs_apart() -> None:
    """Two names, or two configs of one, never write the same model."""
    outputs = [output for command in NAMED for output in command.get("outputs", [])]
    assert len(outputs) == len(set(outputs))
    for output in outputs:
        assert output.startswith(("corpus/N/", "training/N/C/")) or output == "packages"


def test_own_data_meets_nothing_of_gmb() -> None:
    for command in YML["commands"]:
        text = str(command["script"]).replace("gmb_url", "").replace("gmb_md5", "")
        assert "gmb" not in text.lower()


def test_the_asset_is_the_file_that_data_checks() -> None:
    (asset,) = YML["assets"]
    assert asset["checksum"] == YML["vars"]["gmb_md5"]
    assert asset["url"] == "${vars.gmb_url}"
