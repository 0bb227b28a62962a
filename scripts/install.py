"""Install a packaged pipeline if it is not installed, and check that it works in a new process."""

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
    """Return whether all files of a wheel are installed in a folder, except for pip's RECORD."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith(("/RECORD", "/"))]
        return all(
            (site / name).is_file() and (site / name).read_bytes() == archive.read(name)
            for name in names
        )


def install(wheel: Path, target: str = "") -> None:
    """Install a wheel without its requirements. Another version is replaced.

    target (str): The folder to install to; "" for the environment.
    """
    where = ["--target", target, "--upgrade"] if target else ["--force-reinstall"]
    words = ["--no-deps", "--no-index", "--quiet", *where, str(wheel)]
    python("-m", "pip", "install", *words, failure=f"pip could not install {wheel}")


def try_out(name: str, site: Path) -> str:
    """Return the entities that an installed pipeline finds in a new process, one per line."""
    paths = os.pathsep.join(filter(None, [str(site.resolve()), os.environ.get("PYTHONPATH")]))
    return python(
        "-c", TRIAL, name, failure=f"{name} is installed, but does not work", PYTHONPATH=paths
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=Path, help="the folder of the wheels")
    parser.add_argument(
        "pipeline", type=Path, help="the trained pipeline's folder, which says what it is called"
    )
    parser.add_argument("--target", default="", help="install to this folder instead")
    args = parser.parse_args()
    with generated_file(args.pipeline / "meta.json", command="spacy project run train") as path:
        meta = srsly.read_json(path)
        name = f"{meta['lang']}_{meta['name']}"
        wheel = args.packages / f"{name}-{meta['version']}-py3-none-any.whl"
    site = Path(args.target or sysconfig.get_paths()["purelib"])
    with generated_file(wheel, command="spacy project run package"):
        state = "already" if is_installed(wheel, site) else "now"
    if state == "now":
        install(wheel, args.target)
    print(
        f"{wheel.name} is installed {state}; spacy.load({name!r}) finds:\n{try_out(name, site)}",
        end="",
    )


if __name__ == "__main__":
    step(main)
