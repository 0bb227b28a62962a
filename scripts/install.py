"""Install a packaged pipeline, and check that it works in a new process."""

import argparse
import sysconfig
from pathlib import Path

import srsly

from scripts.step import python, step
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.system.whole import generated_file

TRIAL = """
import sys, spacy
nlp = spacy.load(sys.argv[1])
doc = nlp("Anna Schmidt of the United Nations met President Bush in London on Monday.")
print(doc.text, *(f"{ent.label_:>6}  {ent.text}" for ent in doc.ents), sep="\\n  ")
"""


def install(wheel: Path, target: str = "") -> None:
    """Install a wheel without its dependencies, into a folder or the environment."""
    mode = ["--target", target, "--upgrade"] if target else ["--force-reinstall"]
    options = ["--no-deps", "--no-index", "--quiet", *mode]
    python("-m", "pip", "install", *options, str(wheel), failure=f"pip could not install {wheel}")


def try_out(name: str, site: Path) -> str:
    """Run an installed pipeline on a sentence in a new process. Return its output."""
    return python(
        "-c",
        TRIAL,
        name,
        failure=f"{name} is installed, but does not work",
        PYTHONPATH=str(site.resolve()),
    )


def main() -> None:
    """Install the wheel of a pipeline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=Path, help="the folder of the wheels")
    parser.add_argument("pipeline", type=Path, help="the folder of the trained pipeline")
    parser.add_argument("--target", default="", help="install to this folder instead")
    args = parser.parse_args()
    path = args.pipeline / "meta.json"
    with generated_file(path, command="spacy project run train"):
        meta = srsly.read_json(path)
        name = f"{meta['lang']}_{meta['name']}"
        wheel = args.packages / f"{name}-{meta['version']}-py3-none-any.whl"
    if not wheel.is_file():
        raise UserError(f"{wheel} is missing: run `spacy project run package` first")
    install(wheel, args.target)
    site = Path(args.target or sysconfig.get_paths()["purelib"])
    entities = try_out(name, site)
    print(f"{wheel.name} is installed; spacy.load({name!r}) finds:\n{entities}", end="")


if __name__ == "__main__":
    step(main)
