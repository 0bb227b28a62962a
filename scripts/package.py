"""Build two wheels into one folder: the trained pipeline's and the one of the package it needs."""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import srsly

from spacy_bilstm_ner.errors import UserError, run
from scripts.meta import label_meanings, read_meta, update_meta

# All that a wheel of the package is made of. It is built from a copy, so that nothing lying about
# in the working tree (an old build folder, say) can get in.
PACKAGE_FILES = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE")
PACKAGE = "spacy_bilstm_ner"


def release_meta(meta: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    """Add to a pipeline's meta what a user of the package wants to know.

    meta (dict[str, Any]): The trained pipeline's meta.
    metrics (dict[str, Any]): Its scores on the test set.
    RETURNS (dict[str, Any]): The entries to add.
    """
    raw = metrics["raw_text"]
    labels = label_meanings(meta["labels"].get("ner", []), kind=meta["data"]["kind"])
    rows = [f"| `{label}` | {meaning} |" for label, meaning in labels.items()]
    return {
        "label_meanings": labels,
        # In the form of `spacy train`, which wrote the scores on the development set here
        "performance": {
            **{f"ents_{key}": raw["micro"][key] for key in "prf"},
            "ents_per_type": {label: {key: scores[key] for key in "prf"} for label, scores in raw["labels"].items()},
        },
        "notes": "\n".join(
            [
                f"Trained on: {meta['data']['name']}. The scores are those on the "
                f"{metrics['test']['sentences']:,} sentences of its test split, as raw text.",
                "",
                "| Label | Meaning |",
                "| --- | --- |",
                *rows,
            ]
        ),
    }


def check_metrics(meta: dict[str, Any], metrics: dict[str, Any]) -> None:
    """See that the metrics are those of this pipeline.

    meta (dict[str, Any]): The pipeline's meta.
    metrics (dict[str, Any]): The metrics.
    RAISES UserError: if they belong to another.
    """
    for key, value in {"version": meta["version"], "data": meta["data"]}.items():
        if metrics[key] != value:
            raise UserError(
                f"the metrics are of another pipeline: their {key} is {metrics[key]!r}, "
                f"the pipeline's is {value!r}: run `spacy project run evaluate`"
            )


def build_wheel(project: Path, out_dir: Path) -> Path:
    """Build one wheel, with the setuptools that are installed: this works without a network.

    project (Path): The folder with setup.py or setup.cfg.
    out_dir (Path): Where to put the wheel.
    RETURNS (Path): The wheel.
    RAISES UserError: if it cannot be built.
    """
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    done = subprocess.run([*command, "--outdir", str(out_dir), str(project)], capture_output=True, text=True)
    if done.returncode != 0:
        raise UserError(f"building a wheel failed:\n{done.stdout}{done.stderr}")
    return next(out_dir.glob("*.whl"))


def build_pipeline(pipeline: Path, entries: dict[str, Any], work: Path) -> Path:
    """Build the wheel of a trained pipeline.

    pipeline (Path): The pipeline's folder.
    entries (dict[str, Any]): What to add to its meta.json.
    work (Path): An empty folder to work in.
    RETURNS (Path): The wheel.
    RAISES UserError: if it cannot be built.
    """
    copy = work / "pipeline"
    shutil.copytree(pipeline, copy)
    update_meta(copy, entries)
    command = [sys.executable, "-m", "spacy", "package", str(copy), str(work), "--build", "none"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise UserError(f"`spacy package` failed:\n{done.stdout}{done.stderr}")
    project = next(path.parent for path in work.glob("*/setup.py"))
    return build_wheel(project, work / "pipeline_wheel")


def build_package(root: Path, work: Path) -> Path:
    """Build the wheel of the package.

    root (Path): The project's folder.
    work (Path): An empty folder to work in.
    RETURNS (Path): The wheel.
    RAISES UserError: if it cannot be built.
    """
    copy = work / "package"
    shutil.copytree(root / PACKAGE, copy / PACKAGE, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in PACKAGE_FILES:
        shutil.copy(root / name, copy)
    return build_wheel(copy, work / "package_wheel")


def place(wheel: Path, out_dir: Path) -> Path:
    """Move a wheel to its folder, in place of any other version of the same distribution.

    wheel (Path): The wheel.
    out_dir (Path): The folder.
    RETURNS (Path): The wheel in the folder.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    for old in out_dir.glob(f"{wheel.name.split('-')[0]}-*.whl"):
        old.unlink()
    return Path(shutil.move(wheel, out_dir / wheel.name))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pipeline", type=Path, help="the trained pipeline's folder")
    parser.add_argument("metrics", type=Path, help="the metrics of `python -m spacy_bilstm_ner.quality.evaluate`")
    parser.add_argument("out_dir", type=Path, help="the folder for the wheels")
    args = parser.parse_args()
    meta = read_meta(args.pipeline)
    if not args.metrics.is_file():
        raise UserError(f"{args.metrics} is missing: run `spacy project run evaluate` first")
    metrics = srsly.read_json(args.metrics)
    check_metrics(meta, metrics)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        wheels = [
            build_pipeline(args.pipeline, release_meta(meta, metrics), work),
            build_package(Path.cwd(), work),
        ]
        for wheel in wheels:
            print(f"Built {place(wheel, args.out_dir)}")


if __name__ == "__main__":
    run(main)
