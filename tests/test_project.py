"""Check that each command of project.yml lists its dependencies and its outputs."""

import re
import shlex
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import srsly
from weasel.util.config import load_project_config

from scripts.data import list_code

ROOT = Path(__file__).parents[1]
YML: dict[str, Any] = srsly.read_yaml(ROOT / "project.yml")
# The commands with these variables
NAMED: list[dict[str, Any]] = load_project_config(
    ROOT, overrides={"vars.name": "N", "vars.config": "C"}
)["commands"]
COMMANDS: dict[str, Any] = {command["name"]: command for command in NAMED}
SKIPPED = [name for name, command in COMMANDS.items() if not command.get("no_skip")]


def arguments(command: dict[str, Any]) -> list[str]:
    return [word for line in command["script"] for word in shlex.split(line)]


@pytest.mark.parametrize("name", SKIPPED)
def test_each_command_that_may_be_skipped_depends_on_its_code(name: str) -> None:
    assert "corpus/N/source.json" in COMMANDS[name]["deps"]


def test_the_checksum_is_that_of_all_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    code = set(map(str, list_code()))
    assert {"setup.cfg", "scripts/train.py", "spacy_bilstm_ner/pipe/component.py"} <= code
    assert all(map(Path.is_file, list_code()))


def test_variables_are_quoted_but_those_that_are_several_options() -> None:
    options = {"vars.convert": " --sep ';' --no-quotes"}
    values = {
        name: f"{name}'s b"
        for name in (f"vars.{variable}" for variable in YML["vars"])
        if name not in options
    }
    config = load_project_config(ROOT, overrides=values | options)
    words = {word for command in config["commands"] for word in arguments(command)}
    assert {"--sep", ";", "--no-quotes"} <= words
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
    made = {"configs/C.cfg"}
    for name in YML["workflows"][flow]:
        for dep in COMMANDS[name].get("deps", []):
            assert dep in made, (name, dep)
        made |= set(COMMANDS[name].get("outputs", []))


def test_names_and_configs_keep_runs_apart() -> None:
    """Runs with different names or configs write to different folders."""
    outputs = [output for command in NAMED for output in command.get("outputs", [])]
    assert len(outputs) == len(set(outputs))
    for output in outputs:
        assert output.startswith(("corpus/N/", "training/N/C/")) or output == "packages"


def test_the_version_of_a_release_is_the_same_in_all_files() -> None:
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    version = setup["metadata"]["version"]
    citation = srsly.read_yaml(ROOT / "CITATION.cff")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d\S*)\] - (\S+)$", changelog, re.MULTILINE)
    assert released[0] == (version, str(citation["date-released"]))
    assert YML["vars"]["version"] == citation["version"] == version
