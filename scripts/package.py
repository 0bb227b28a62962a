"""Build the wheels of the trained pipeline and of the package that it needs."""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import srsly
from spacy.cli.package import package

from scripts.step import step
from spacy_bilstm_ner.errors import UserError

PIP_WHEEL = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")


def build(name: str, project: Path, out_dir: Path) -> None:
    """Build the wheel of a package, without a network. It replaces other versions in the folder.

    RAISES UserError: If it cannot be built.
    """
    for path in out_dir.glob(f"{name}-*.whl"):
        path.unlink()
    # setuptools would add the files of an earlier build, which it leaves here.
    shutil.rmtree(project / "build", ignore_errors=True)
    command = [*PIP_WHEEL, "--wheel-dir", str(out_dir), str(project)]
    if subprocess.run(command).returncode:
        raise UserError(f"{name} was not built: see the messages of pip above")


def build_pipeline(pipeline: Path, out_dir: Path) -> None:
    """Build the wheel of a trained pipeline."""
    meta = srsly.read_json(pipeline / "meta.json")
    name = f"{meta['lang']}_{meta['name']}"
    with TemporaryDirectory() as folder:
        # spaCy would need a network to build the wheel.
        package(pipeline, Path(folder), create_sdist=False)
        build(name, Path(folder, f"{name}-{meta['version']}"), out_dir)


def main(pipeline: Path, out_dir: Path) -> None:
    """Build the wheels of PIPELINE and of this package in OUT_DIR."""
    build_pipeline(pipeline, out_dir)
    build("spacy_bilstm_ner", Path.cwd(), out_dir)


if __name__ == "__main__":
    step(main)
