"""Who may import whom. Read from the sources, so that nothing has to run."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = "spacy_bilstm_ner"
SOURCES = sorted((Path(__file__).parents[1] / PACKAGE).glob("*.py"))
NAMES = [path.stem for path in SOURCES]
# Run-time modules are those that a trained pipeline reaches.
TRAINING_ONLY = frozenset({"logger", "training"})
# What alone may be imported besides spaCy, thinc, numpy, torch and the standard library: nothing.
THIRD_PARTIES = {"spacy", "thinc", "numpy", "torch"}


def imports(name: str) -> set[str]:
    """Top-level packages that a module imports; its siblings with a leading dot."""
    path = next(path for path in SOURCES if path.stem == name)
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 1, f"{name} imports from above the package"
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {f".{sibling}" for sibling in names}
    own = {f".{full.split('.')[1]}" for full in found if full.startswith(f"{PACKAGE}.")}
    return {full if full[0] == "." else full.split(".")[0] for full in found} | own


def reach(name: str) -> set[str]:
    """All modules of the package that importing this one imports."""
    seen, queue = {name}, [name]
    while queue:
        for imported in imports(queue.pop()):
            if imported[0] == "." and imported[1:] not in seen:
                seen.add(imported[1:])
                queue.append(imported[1:])
    return seen


def uses(name: str) -> set[str]:
    """Top-level packages that importing this module imports, through its siblings too."""
    return {top for module in reach(name) for top in imports(module) if top[0] != "."}


def mentions_doc(name: str) -> bool:
    path = next(path for path in SOURCES if path.stem == name)
    tree = ast.parse(path.read_text(encoding="utf8"))
    return any(isinstance(node, ast.Name) and node.id == "Doc" for node in ast.walk(tree))


def test_the_modules_are_found():
    assert {"tags", "decoding", "component", "torch_lstm", "lstm"} <= set(NAMES)


def test_tags_imports_the_standard_library_only():
    assert uses("tags") <= sys.stdlib_module_names
    assert uses("features") <= sys.stdlib_module_names


def test_decoding_knows_tags_and_numpy_only():
    assert imports("decoding") - sys.stdlib_module_names <= {".tags", ".chain", "numpy"}
    assert imports("chain") - sys.stdlib_module_names <= {".tags", "numpy"}


def test_one_direction():
    for name in NAMES:
        for imported in imports(name):
            if imported[0] == ".":
                assert name not in reach(imported[1:]), f"{name} and {imported[1:]} need each other"


@pytest.mark.parametrize("name", NAMES)
def test_torch_lives_in_files_of_its_own(name):
    assert ("torch" in imports(name)) == name.startswith("torch_")


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("torch_")])
def test_files_with_torch_know_no_thinc_and_no_doc(name):
    assert not uses(name) & {"thinc", "spacy"}
    assert not mentions_doc(name)


@pytest.mark.parametrize("name", ["lstm", "packed", "dropout", "encoder", "output", "crf", "ngram_fit"])
def test_layers_around_torch_know_no_doc(name):
    assert "spacy" not in uses(name)
    assert not mentions_doc(name)


def test_the_component_gets_its_model_from_the_config():
    assert "torch" not in uses("component")
    assert not reach("component") & {"tagger", "encoder", "embedding", "lstm", "segments", "fast", "ngrams"}


@pytest.mark.parametrize("name", NAMES)
def test_run_time_modules_import_nothing_that_is_for_training(name):
    if name not in TRAINING_ONLY:
        assert not reach(name) & TRAINING_ONLY


@pytest.mark.parametrize("name", NAMES)
def test_the_package_imports_its_requirements_only(name):
    allowed = THIRD_PARTIES | sys.stdlib_module_names | {PACKAGE}
    assert {top for top in imports(name) if top[0] != "."} <= allowed


def test_the_package_itself_defines_nothing():
    assert imports("__init__") == set()


@pytest.mark.parametrize("name", NAMES)
def test_importing_defines_things_and_does_nothing_else(name):
    path = next(path for path in SOURCES if path.stem == name)
    for node in ast.parse(path.read_text(encoding="utf8")).body:
        registers = name == "component" and "set_extension" in ast.unparse(node)
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        defines = isinstance(
            node,
            ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign,
        )
        assert defines or is_docstring or registers, f"line {node.lineno}"
