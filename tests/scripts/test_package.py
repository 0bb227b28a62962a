import re
import zipfile
from pathlib import Path

import pytest

from scripts.package import build
from spacy_bilstm_ner.errors import UserError
from tests.util import install_wheel


def test_the_wheel_of_a_pipeline_replaces_other_versions(packages: Path) -> None:
    wheel, other = sorted(packages.iterdir())
    assert wheel.name == "en_tiny-0.0.0+sample-py3-none-any.whl"
    assert other.name == "en_tiny_other-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        meta = archive.read("en_tiny/meta.json").decode()
        (metadata,) = [
            archive.read(name).decode() for name in archive.namelist() if name.endswith("/METADATA")
        ]
    assert '"kind":"sample"' in meta
    # The model card
    for text in ("The scores are those on the development set", "| Feature | Description |"):
        assert text in metadata


def test_our_wheel_installs_the_whole_package(root: Path, tmp_path: Path) -> None:
    build("spacy_bilstm_ner", root, tmp_path)
    (wheel,) = tmp_path.iterdir()
    site = tmp_path / "site"
    install_wheel(wheel, site)
    installed = {
        path.relative_to(site).as_posix()
        for path in (site / "spacy_bilstm_ner").rglob("*")
        if path.suffix in (".py", ".cfg", ".html", ".typed")
    }
    package = root / "spacy_bilstm_ner"
    sources = [*package.rglob("*.py"), *package.rglob("*.html"), *package.rglob("*.typed")]
    expected = {path.relative_to(root).as_posix() for path in sources}
    for path in (root / "configs").glob("*.cfg"):
        expected.add(f"spacy_bilstm_ner/configs/{path.name}")
    assert installed == expected
    assert {path.name.split("-")[0] for path in site.iterdir()} == {"spacy_bilstm_ner"}
    (info,) = site.glob("*.dist-info")
    # spaCy looks here for the distribution that a factory belongs to.
    assert (info / "top_level.txt").is_file()
    requirements = re.findall(r"^Requires-Dist: ([^;\n]+)$", (info / "METADATA").read_text(), re.M)
    assert {re.split("[<>=]", requirement)[0] for requirement in requirements} >= {
        "numpy",
        "spacy",
        "thinc",
    }


def test_a_failure_is_shown_with_the_output_of_pip(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError, match="x was not built"):
        build("x", tmp_path, tmp_path)
    assert "is not installable" in capfd.readouterr().err
