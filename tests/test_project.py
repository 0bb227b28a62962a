"""project.yml: each command lists all that its result depends on, and all that it makes."""

import ast
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import srsly
from weasel.util.config import load_project_config

from scripts.package import PACKAGE_FILES

ROOT = Path(__file__).parents[1]
YML: dict[str, Any] = srsly.read_yaml(ROOT / "project.yml")
COMMANDS: dict[str, Any] = {command["name"]: command for command in YML["commands"]}
# What a trained pipeline is made of
RUN_TIME = {
    f"spacy_bilstm_ner/{path.name}"
    for path in (ROOT / "spacy_bilstm_ner").glob("*.py")
    if path.name != "displacy_colors.py"
} | {"setup.cfg"}
OURS = ("train", "evaluate", "report")


def arguments(command: dict[str, Any]) -> list[str]:
    return [word for line in command["script"] for word in shlex.split(line)]


def script_of(command: dict[str, Any]) -> str:
    return next(word for word in arguments(command) if word.startswith("scripts."))


def imported_files(module: str) -> set[str]:
    """Find the project's files that a module imports, or runs by their names, at any remove."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = name.replace(".", "/") + ".py"
        if path in found or not (ROOT / path).is_file():
            continue
        found |= {path, f"{path.split('/')[0]}/__init__.py"}
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                package = name.rsplit(".", node.level)[0] if node.level else ""
                base = ".".join(filter(None, [package, node.module]))
                waiting += [base, *(f"{base}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                waiting += re.findall(r"^scripts\.\w+$", node.value)
    return found


def test_weasel_takes_it() -> None:
    config = load_project_config(ROOT, overrides={"vars.name": "shop_ner"})
    assert len(config["commands"]) == len(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_depend_on_their_code(name: str) -> None:
    command = COMMANDS[name]
    # A command that always runs needs no list
    if command.get("no_skip") or "outputs" not in command:
        return
    assert imported_files(script_of(command)) <= set(command["deps"])


@pytest.mark.parametrize("name", [step + variant for step in OURS for variant in ("", "-tutorial")])
def test_commands_that_load_our_pipeline_depend_on_all_of_it(name: str) -> None:
    assert not RUN_TIME - set(COMMANDS[name]["deps"])


def test_package_depends_on_all_that_goes_in() -> None:
    files = {f"spacy_bilstm_ner/{path.name}" for path in (ROOT / "spacy_bilstm_ner").glob("[!.]*.*")}
    assert files | set(PACKAGE_FILES) <= set(COMMANDS["package"]["deps"])


@pytest.mark.parametrize("name", COMMANDS)
def test_files_in_a_script_are_deps_or_outputs(name: str) -> None:
    command = COMMANDS[name]
    listed = [*command.get("deps", []), *command.get("outputs", [])]
    for word in arguments(command):
        if word.startswith(("configs/", "corpus/", "training/", "packages")):
            inside = [path for path in listed if path == word or path.startswith(f"{word}/")]
            assert inside, f"{word} is neither among the deps nor the outputs of {name}"


@pytest.mark.parametrize("flow", YML["workflows"])
def test_workflows_make_each_file_before_they_need_it(flow: str) -> None:
    made: set[str] = set()
    for name in YML["workflows"][flow]:
        for dep in COMMANDS[name].get("deps", []):
            assert dep in made or (ROOT / dep).exists() or "${vars.config}" in dep, (name, dep)
        made |= set(COMMANDS[name].get("outputs", []))


def test_names_keep_runs_apart() -> None:
    """Two names, or two variants of one, never write the same file."""
    for command in YML["commands"]:
        for output in command.get("outputs", []):
            assert "${vars.name}" in output or output == "packages", output
    outputs = [output for command in YML["commands"] for output in command.get("outputs", [])]
    assert len(outputs) == len(set(outputs))


def test_own_data_meets_nothing_of_gmb() -> None:
    for command in YML["commands"]:
        text = str(command["script"]).replace("gmb_url", "").replace("gmb_md5", "")
        assert "gmb" not in text.lower()


def test_the_asset_is_the_file_that_data_checks() -> None:
    (asset,) = YML["assets"]
    assert asset["checksum"] == YML["vars"]["gmb_md5"]
    assert asset["url"] == "${vars.gmb_url}"
