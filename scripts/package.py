"""Build the wheels of a trained pipeline and of this package."""

import argparse
import shutil
from pathlib import Path
from typing import Any

import srsly

from scripts.meta import readme, release_meta, update_meta
from scripts.step import python, step
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.system.whole import generated_file


def read_run(run_dir: Path) -> dict[str, Any]:
    """Return the entries for the meta.json of the wheel: what the pipeline is, and its scores.

    RAISES UserError: If the scores are those of another pipeline.
    """
    with generated_file(
        run_dir / "model-best" / "meta.json", command="spacy project run train"
    ) as path:
        meta = srsly.read_json(path)
        known = {key: meta[key] for key in ("version", "data")}
    with generated_file(run_dir / "metrics.json", command="spacy project run evaluate") as path:
        metrics = srsly.read_json(path)
        entries = release_meta(meta, metrics)
    if other := {key: metrics.get(key) for key in known if metrics.get(key) != known[key]}:
        raise UserError(
            f"the scores are of another pipeline, with {other}: run `spacy project run evaluate`"
        )
    return entries


def build(project: Path, out_dir: Path) -> Path:
    """Build the wheel of a project without a network.

    It is built from the source distribution, so it contains no other files of the folder.

    out_dir (Path): An empty folder.
    """
    python(
        "-m",
        "build",
        "--no-isolation",
        "--outdir",
        str(out_dir),
        str(project),
        failure=f"{project} was not built",
    )
    return next(out_dir.glob("*.whl"))


def build_pipeline(pipeline: Path, entries: dict[str, Any], work: Path) -> Path:
    """Build the wheel of a trained pipeline.

    entries (dict[str, Any]): Entries for its meta.json.
    work (Path): An empty folder.
    """
    copy = shutil.copytree(pipeline, work / "pipeline")
    # Otherwise, spaCy writes a README in which labels and names are not escaped.
    (copy / "README.md").write_text(readme(update_meta(copy, entries)), encoding="utf-8")
    python(
        "-m",
        "spacy",
        "package",
        str(copy),
        str(work),
        "--build",
        "none",
        failure="`spacy package` failed",
    )
    return build(next(work.glob("*/setup.py")).parent, work / "pipeline_wheel")


def place(wheel: Path, out_dir: Path) -> Path:
    """Move a wheel to a folder on the same disk, and remove other versions of it there."""
    placed = wheel.replace(out_dir / wheel.name)
    for other in {*out_dir.glob(f"{wheel.name.split('-')[0]}-*.whl")} - {placed}:
        other.unlink()
    return placed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run_dir", type=Path, help="the folder of model-best and metrics.json")
    parser.add_argument("out_dir", type=Path, help="the folder for the wheels")
    args = parser.parse_args()
    entries = read_run(args.run_dir)
    # On the same disk as the wheels, so that moving a wheel is one step
    work = args.out_dir / ".build"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        pipeline = build_pipeline(args.run_dir / "model-best", entries, work)
        for wheel in (pipeline, build(Path.cwd(), work / "package_wheel")):
            print(f"Built {place(wheel, args.out_dir)}")
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    step(main)
