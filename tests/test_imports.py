"""Check which folder imports which, by reading the sources."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from spacy_bilstm_ner.cli import EXTRAS

ROOT = Path(__file__).parents[1]
PACKAGE = "spacy_bilstm_ner"
SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / PACKAGE).rglob("*.py"))
}
SCRIPTS = sorted((ROOT / "scripts").rglob("*.py"))
# A trained pipeline imports none of these folders.
ABOVE = ("files", "quality", "training", "bulk", "system", "cli", "__main__", "spacy_command")
# Packages that prediction may import
RUN_TIME = {"spacy", "thinc", "numpy", "srsly"}


def imports(path: Path, module: str = "") -> set[str]:
    """Return the full names of all modules that a file imports, also within functions."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module if path.name == "__init__.py" else module.rpartition(".")[0]
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, *filter(None, [base])])
            modules |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return modules


IMPORTS = {name: imports(path, name) for name, path in SOURCES.items()}


def room(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


def own(name: str) -> set[str]:
    """Return the modules of this package that a module imports."""
    return {module for module in IMPORTS[name] if module in SOURCES and module != name}


def is_above(name: str) -> bool:
    # Only the standard library is needed to reset caches in forked processes.
    return room(name) in ABOVE and name != f"{PACKAGE}.system.forking"


def run_time() -> list[str]:
    return [name for name in SOURCES if not is_above(name)]


def test_the_modules_are_found():
    assert {"spacy_bilstm_ner.pipe.component", "spacy_bilstm_ner.network.torch_lstm"} <= set(
        SOURCES
    )
    assert "spacy_bilstm_ner.sequences.crf" in own("spacy_bilstm_ner.pipe.learning")


@pytest.mark.parametrize("name", run_time())
def test_what_predicts_imports_nothing_that_is_above_it(name):
    assert not set(filter(is_above, own(name)))


@pytest.mark.parametrize("name", run_time())
def test_what_predicts_needs_spacy_and_numpy_only(name):
    top = {module.split(".")[0] for module in IMPORTS[name]} - {PACKAGE, ""}
    allowed = RUN_TIME | sys.stdlib_module_names
    assert top <= (allowed | {"torch"} if name.endswith(".torch_lstm") else allowed)


def test_torch_stands_in_one_file():
    assert [name for name, module in IMPORTS.items() if "torch" in module] == [
        f"{PACKAGE}.network.torch_lstm"
    ]


def test_the_pipe_uses_the_functions_of_taggers_and_embeddings_and_no_other_layer():
    allowed = {"tagger", "embedding"}
    for name in SOURCES:
        if room(name) == "pipe":
            layers = {module for module in own(name) if module.startswith(f"{PACKAGE}.network.")}
            assert {module.rpartition(".")[2] for module in layers} <= allowed


@pytest.mark.parametrize("name", [name for name in SOURCES if room(name) == "network"])
def test_the_network_knows_no_pipe(name):
    assert f"{PACKAGE}.pipe.component" not in own(name)
    assert not {
        module
        for module in IMPORTS[name]
        if module.startswith(("spacy.language", "spacy.pipeline"))
    }


@pytest.mark.parametrize(
    "name", [name for name in SOURCES if room(name) in ("files", "quality", "bulk")]
)
def test_files_and_quality_see_the_pipe_as_any_user_does(name):
    assert not {module for module in own(name) if room(module) in ("network", "sequences")}


def test_one_direction():
    waiting: dict[str, set[str]] = {name: own(name) for name in SOURCES}
    while waiting:
        free = {name for name, needed in waiting.items() if not needed & set(waiting)}
        assert free, f"these need each other: {sorted(waiting)}"
        waiting = {name: needed for name, needed in waiting.items() if name not in free}


def test_scripts_are_imported_by_no_part_of_the_package_and_research_by_nothing():
    assert not {
        module
        for modules in IMPORTS.values()
        for module in modules
        if module.split(".")[0] == "scripts"
    }
    for path in SCRIPTS:
        if "research" not in path.parts:
            assert not {
                module for module in imports(path) if module.startswith("scripts.research")
            }, path


@pytest.mark.parametrize("name", SOURCES)
def test_importing_defines_things_and_does_nothing_else(name):
    defining = (
        ast.Import,
        ast.ImportFrom,
        ast.FunctionDef,
        ast.ClassDef,
        ast.Assign,
        ast.AnnAssign,
    )
    for node in ast.parse(SOURCES[name].read_text(encoding="utf-8")).body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        runs = name.endswith((".__main__", ".spacy_command")) or ast.unparse(node) == "register()"
        # An import with a message that names the extra
        guards = isinstance(node, ast.Try) and all(
            isinstance(statement, ast.Import | ast.ImportFrom) for statement in node.body
        )
        for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        is_allowed = isinstance(node, defining) or is_docstring or runs or guards or for_types
        assert is_allowed, f"line {node.lineno}"


def test_spacy_and_a_recogniser_load_no_torch_and_nothing_for_training():
    code = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "pandas", "matplotlib"}:
            raise ImportError(f"{name} is not installed")

sys.meta_path.insert(0, Refuse())
import spacy

nlp = spacy.blank("en")
nlp.add_pipe("bilstm_ner", name="ner").add_label("per")
nlp.initialize()
nlp("Anna Smith flew to Lisbon.")
try:
    doc = nlp.make_doc("Anna flew.")
    nlp.update([spacy.training.Example.from_dict(doc, {"entities": [(0, 4, "per")]})])
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert 'pip install "spacy-bilstm-ner[train]"' in done.stdout


def test_what_the_package_imports_comes_with_spacy_or_is_named_by_an_extra():
    of_spacy = RUN_TIME | {"typer", "tqdm", "jinja2"}
    imported = {module.partition(".")[0] for names in IMPORTS.values() for module in names}
    assert imported - set(sys.stdlib_module_names) - {PACKAGE, ""} <= of_spacy | set(EXTRAS)
