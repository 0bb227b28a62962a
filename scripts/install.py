"""Install a packaged pipeline, and check that it works in a new process."""

import argparse
import os
import sysconfig
import zipfile
from pathlib import Path

import srsly

from scripts.step import python, step
from spacy_bilstm_ner.system.whole import generated_file

TRIAL = """
import sys, spacy
nlp = spacy.load(sys.argv[1])
doc = nlp("Anna Schmidt of the United Nations met President Bush in London on Monday.")
print(doc.text, *(f"{ent.label_:>6}  {ent.text}" for ent in doc.ents), sep="\\n  ")
"""


def is_installed(wheel: Path, site: Path) -> bool:
    """Return whether a folder has each file of a wheel, except for pip's RECORD."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            path = site / name
            if name.endswith(("/RECORD", "/")):
                continue
            if not path.is_file() or path.read_bytes() != archive.read(name):
                return False
    return True


def install(wheel: Path, target: str = "") -> None:
    """Install a wheel without its dependencies, into a folder or the environment."""
    place = ["--target", target, "--upgrade"] if target else ["--force-reinstall"]
    options = ["--no-deps", "--no-index", "--quiet", *place]
    python("-m", "pip", "install", *options, str(wheel), failure=f"pip could not install {wheel}")


def try_out(name: str, site: Path) -> str:
    """Return what an installed pipeline finds in a sentence, in a new process."""
    paths = [str(site.resolve()), os.environ.get("PYTHONPATH", "")]
    return python(
        "-c",
        TRIAL,
        name,
        failure=f"{name} is installed, but does not work",
        PYTHONPATH=os.pathsep.join(filter(None, paths)),
    )


def main() -> None:
    """Install the wheel of a pipeline, unless it is installed already."""
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
    site = Path(args.target or sysconfig.get_paths()["purelib"])
    with generated_file(wheel, command="spacy project run package"):
        state = "already" if is_installed(wheel, site) else "now"
    if state == "now":
        install(wheel, args.target)
    found_entities = try_out(name, site)
    print(
        f"{wheel.name} is installed {state}; spacy.load({name!r}) finds:\n{found_entities}", end=""
    )


if __name__ == "__main__":
    step(main)
