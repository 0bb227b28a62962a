"""Build the wheels of the trained pipeline and of the package that it needs."""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import srsly
from spacy.cli.package import package

from scripts.meta import release_meta
from scripts.step import run_python, step


def build(project: Path, out_dir: Path) -> None:
    """Build the wheel of a project, without a network. It replaces other versions in the folder.

    The wheel is built from the source distribution, so that it has no unwanted files.
    """
    with TemporaryDirectory() as folder:
        options = ("--no-isolation", "--outdir", folder)
        run_python("-m", "build", *options, str(project), failure=f"{project} was not built")
        (wheel,) = Path(folder).glob("*.whl")
        distribution = wheel.name.split("-")[0]
        for path in out_dir.glob(f"{distribution}-*.whl"):
            path.unlink()
        (out_dir / wheel.name).write_bytes(wheel.read_bytes())
        print(f"Built {out_dir / wheel.name}")


def build_pipeline(run_dir: Path, out_dir: Path) -> None:
    """Build the wheel of a run's pipeline.

    run_dir (Path): The folder of model-best and metrics.json.
    """
    pipeline = run_dir / "model-best"
    meta = srsly.read_json(pipeline / "meta.json")
    metrics = srsly.read_json(run_dir / "metrics.json")
    with TemporaryDirectory() as folder:
        work = Path(folder)
        srsly.write_json(work / "meta.json", meta | release_meta(meta, metrics))
        # spaCy would need a network to build the wheel.
        package(pipeline, work, meta_path=work / "meta.json", create_sdist=False)
        (setup_file,) = work.glob("*/setup.py")
        build(setup_file.parent, out_dir)


def main() -> None:
    """Build both wheels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run_dir", type=Path, help="the folder of model-best and metrics.json")
    parser.add_argument("out_dir", type=Path, help="the folder for the wheels")
    args = parser.parse_args()
    args.out_dir.mkdir(exist_ok=True)
    build_pipeline(args.run_dir, args.out_dir)
    build(Path.cwd(), args.out_dir)


if __name__ == "__main__":
    step(main)
