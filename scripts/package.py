"""Build the wheels of the trained pipeline and of the package that it needs."""

import argparse
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import srsly

from scripts.meta import release_meta, update_meta
from scripts.step import python, step
from spacy_bilstm_ner.system.whole import generated_file, remove_unfinished, whole_file


def read_run(run_dir: Path) -> dict[str, Any]:
    """Return the entries for the meta.json in the wheel of a run's pipeline.

    RAISES UserError: If a file is missing or damaged.
    """
    path = run_dir / "model-best" / "meta.json"
    with generated_file(path, command="spacy project run train"):
        meta = srsly.read_json(path)
    path = run_dir / "metrics.json"
    with generated_file(path, command="spacy project run evaluate"):
        return release_meta(meta, srsly.read_json(path))


def build(project: Path, out_dir: Path) -> Path:
    """Build the wheel of a project into an empty folder, without a network.

    The wheel is built from the source distribution, so that it has no unwanted files.
    """
    options = ("--no-isolation", "--outdir", str(out_dir))
    python("-m", "build", *options, str(project), failure=f"{project} was not built")
    return next(out_dir.glob("*.whl"))


def build_pipeline(pipeline: Path, entries: dict[str, Any], work: Path) -> Path:
    """Build the wheel of a pipeline, with entries for its meta.json, in an empty folder."""
    copy = shutil.copytree(pipeline, work / "pipeline")
    update_meta(copy, entries)
    arguments = ("package", str(copy), str(work), "--build", "none")
    python("-m", "spacy", *arguments, failure="`spacy package` failed")
    return build(next(work.glob("*/setup.py")).parent, work / "pipeline_wheel")


def copy_wheel(wheel: Path, out_dir: Path) -> Path:
    """Copy a wheel to a folder, and remove other versions of its distribution there."""
    target = out_dir / wheel.name
    with whole_file(target) as file:
        file.write(wheel.read_bytes())
    distribution = wheel.name.split("-")[0]
    for path in out_dir.glob(f"{distribution}-*.whl"):
        if path != target:
            path.unlink()
    return target


def main() -> None:
    """Build both wheels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run_dir", type=Path, help="the folder of model-best and metrics.json")
    parser.add_argument("out_dir", type=Path, help="the folder for the wheels")
    args = parser.parse_args()
    entries = read_run(args.run_dir)
    remove_unfinished(args.out_dir)
    with TemporaryDirectory() as folder:
        work = Path(folder)
        pipeline = build_pipeline(args.run_dir / "model-best", entries, work)
        package = build(Path.cwd(), work / "package_wheel")
        print(f"Built {copy_wheel(pipeline, args.out_dir)}")
        print(f"Built {copy_wheel(package, args.out_dir)}")


if __name__ == "__main__":
    step(main)
