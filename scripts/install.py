"""Install a packaged pipeline, unless it is installed already, and see that it loads and is the one packaged."""

import argparse
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

from scripts.meta import read_meta
from spacy_bilstm_ner.errors import UserError, run

CHECK = "import sys, spacy; nlp = spacy.load(sys.argv[1]); nlp('A test.'); print(nlp.path)"


def find_wheel(packages: Path, name: str) -> Path:
    """Find a pipeline's wheel.

    packages (Path): The folder of the wheels.
    name (str): The pipeline's name, with the language.
    RETURNS (Path): The wheel.
    RAISES UserError: if there is none.
    """
    wheels = sorted(packages.glob(f"{name}-*.whl"))
    if len(wheels) != 1:
        raise UserError(
            f"expected one wheel of {name} in {packages}, found {len(wheels)}: run `spacy project run package`"
        )
    return wheels[0]


def is_installed(wheel: Path, site_packages: Path) -> bool:
    """RETURNS (bool): Whether each file of a wheel is installed, byte for byte."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            # pip writes its own list of files
            if name.endswith(("/RECORD", "/")):
                continue
            path = site_packages / name
            if not path.is_file() or path.read_bytes() != archive.read(name):
                return False
    return True


def install(wheel: Path, *, target: Path | None) -> None:
    """Install a wheel, in place of any version of it, and nothing else.

    wheel (Path): The wheel.
    target (Path | None): A folder to install to, or None for the environment.
    RAISES UserError: if pip fails.
    """
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet"]
    command += ["--target", str(target), "--upgrade"] if target else ["--force-reinstall"]
    done = subprocess.run([*command, str(wheel)], capture_output=True, text=True)
    if done.returncode != 0:
        raise UserError(f"pip could not install {wheel}:\n{done.stdout}{done.stderr}")


def load(name: str, *, target: Path | None) -> Path:
    """RETURNS (Path): Where a fresh process, started elsewhere than here, loads an installed pipeline from."""
    environment = dict(os.environ)
    if target:
        paths = [str(target.resolve()), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    done = subprocess.run([sys.executable, "-c", CHECK, name], env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise UserError(f"{name} is installed, but does not load:\n{done.stderr}")
    return Path(done.stdout.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("packages", type=Path, help="the folder of the wheels")
    parser.add_argument("pipeline", type=Path, help="the trained pipeline's folder, which says what it is called")
    parser.add_argument("--target", default="", help="install to this folder instead")
    args = parser.parse_args()
    meta = read_meta(args.pipeline)
    name = f"{meta['lang']}_{meta['name']}"
    target = Path(args.target) if args.target else None
    site_packages = target or Path(sysconfig.get_paths()["purelib"])
    wheel = find_wheel(args.packages, name)
    new = not is_installed(wheel, site_packages)
    if new:
        install(wheel, target=target)
        if not is_installed(wheel, site_packages):
            raise UserError(f"pip installed {wheel}, but {site_packages} has other files than the wheel")
    loaded = load(name, target=target)
    if site_packages.resolve() not in loaded.resolve().parents:
        raise UserError(f"{name} loads from {loaded}, not from {site_packages}: remove that one")
    print(f"{wheel.name} is installed{' now' if new else ' already'}: spacy.load({name!r}) works")


if __name__ == "__main__":
    run(main)
