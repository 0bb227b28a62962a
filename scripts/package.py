"""Build two wheels into one folder: the trained pipeline's and the one of the package it needs."""

import argparse
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import Any

import srsly
from spacy.glossary import GLOSSARY

from scripts.meta import read_meta, update_meta
from spacy_bilstm_ner.errors import UserError, run

GMB_LABELS = {
    "art": "artefact: a named work or product",
    "eve": "event: a named war, storm, match or festival",
    "geo": "geographical entity: a country, city, river or region as a place",
    "gpe": "geopolitical entity: a nationality, or a country that acts",
    "nat": "natural phenomenon: a named disease, hurricane or the like",
    "org": "organisation: a company, authority, party or team",
    "per": "person, often with the title",
    "tim": "time: a date, a weekday, a month, a year or an hour",
}

# All that a wheel of the package is made of. It is built from a copy, so that nothing lying about
# in the working tree (an old build folder, say) can get in.
PACKAGE_FOLDERS = ("spacy_bilstm_ner", "configs")
PACKAGE_FILES = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE")


def release_meta(meta: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    """Add to a pipeline's meta what a user of the package wants to know.

    meta (dict[str, Any]): The trained pipeline's meta.
    metrics (dict[str, Any]): Its scores on the test set.
    RETURNS (dict[str, Any]): The entries to add.
    """
    raw = metrics["raw_text"]
    # A user's labels mean what spaCy's glossary says, if anything
    meanings = GLOSSARY if meta["data"]["kind"] == "own" else GMB_LABELS
    labels = {label: meanings.get(label, "") for label in sorted(meta["labels"].get("ner", []))}
    rows = [f"| `{escape(label)}` | {meaning} |" for label, meaning in labels.items()]
    return {
        "label_meanings": labels,
        # In the form of `spacy train`, which wrote the scores on the development set here
        "performance": {
            **{f"ents_{key}": raw["micro"][key] for key in "prf"},
            "ents_per_type": {label: {key: scores[key] for key in "prf"} for label, scores in raw["labels"].items()},
        },
        "notes": "\n".join(
            [
                f"Trained on: {escape(meta['data']['name'])}. The scores are those on the "
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
    """RETURNS (Path): The wheel of a project's folder, built with the setuptools installed: without a network."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    done = subprocess.run([*command, "--outdir", str(out_dir), str(project)], capture_output=True, text=True)
    if done.returncode != 0:
        raise UserError(f"building a wheel failed:\n{done.stdout}{done.stderr}")
    return next(out_dir.glob("*.whl"))


def build_pipeline(pipeline: Path, entries: dict[str, Any], work: Path) -> Path:
    """RETURNS (Path): The wheel of a trained pipeline with these entries in its meta.json, built in an empty folder."""
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
    """RETURNS (Path): The wheel of the package, built in an empty folder."""
    copy = work / "package"
    for name in PACKAGE_FOLDERS:
        shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in PACKAGE_FILES:
        shutil.copy(root / name, copy)
    return build_wheel(copy, work / "package_wheel")


def place(wheel: Path, out_dir: Path) -> Path:
    """RETURNS (Path): The wheel, moved to its folder in place of any other version of the same distribution."""
    out_dir.mkdir(parents=True, exist_ok=True)
    for old in out_dir.glob(f"{wheel.name.split('-')[0]}-*.whl"):
        old.unlink()
    return Path(shutil.move(wheel, out_dir / wheel.name))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run_dir", type=Path, help="the run's folder, with model-best and metrics.json")
    parser.add_argument("out_dir", type=Path, help="the folder for the wheels")
    args = parser.parse_args()
    pipeline, path = args.run_dir / "model-best", args.run_dir / "metrics.json"
    meta = read_meta(pipeline)
    if not path.is_file():
        raise UserError(f"{path} is missing: run `spacy project run evaluate` first")
    metrics = srsly.read_json(path)
    check_metrics(meta, metrics)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        for wheel in (build_pipeline(pipeline, release_meta(meta, metrics), work), build_package(Path.cwd(), work)):
            print(f"Built {place(wheel, args.out_dir)}")


if __name__ == "__main__":
    run(main)
