import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
import srsly

from scripts.install import install
from scripts.meta import release_meta
from scripts.package import build, copy_wheel, read_run
from spacy_bilstm_ner.errors import UserError

META: dict[str, Any] = {
    "version": "0.1.0",
    "labels": {"ner": ["tim", "geo"]},
    "data": {"kind": "real", "name": "GMB", "sha256": "0"},
}
SCORES = {"p": 0.5, "r": 0.25, "f": 0.75}
METRICS: dict[str, Any] = {
    "version": "0.1.0",
    "data": META["data"],
    "test": {"sentences": 1234},
    "raw_text": {"micro": SCORES, "labels": {"geo": {**SCORES, "gold": 4, "predicted": 2}}},
}


def test_release_meta_has_labels_and_test_scores() -> None:
    meta = release_meta(META, METRICS)
    assert "- `geo`: geographical entity" in meta["notes"]
    assert "- `tim`: time" in meta["notes"]
    assert meta["performance"]["ents_f"] == 0.75
    assert meta["performance"]["ents_per_type"]["geo"]["p"] == 0.5
    assert "1,234 sentences" in meta["notes"]
    assert "<" not in meta["notes"]


def write_run(folder: Path, meta: dict[str, Any], metrics: dict[str, Any]) -> Path:
    (folder / "model-best").mkdir()
    srsly.write_json(folder / "model-best" / "meta.json", meta)
    srsly.write_json(folder / "metrics.json", metrics)
    return folder


@pytest.mark.parametrize(
    ("name", "step"), [("metrics.json", "evaluate"), ("model-best/meta.json", "train")]
)
def test_damaged_and_missing_files_are_named(tmp_path: Path, name: str, step: str) -> None:
    path = write_run(tmp_path, META, METRICS) / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(
        UserError,
        match=f"{name} is damaged: .*; delete it and run `spacy project run {step}` again",
    ):
        read_run(tmp_path)
    path.unlink()
    with pytest.raises(UserError, match=f"{name} is missing: run `spacy project run {step}` first"):
        read_run(tmp_path)


def test_place_replaces_other_versions_only_of_the_same(tmp_path: Path) -> None:
    out = tmp_path / "packages"
    out.mkdir()
    for name in ("en_x-0.0.0+sample-py3-none-any.whl", "en_x_y-0.1.0-py3-none-any.whl"):
        (out / name).touch()
    new = tmp_path / "en_x-0.1.0-py3-none-any.whl"
    new.touch()
    assert copy_wheel(new, out) == out / new.name
    assert sorted(path.name for path in out.iterdir()) == [
        "en_x-0.1.0-py3-none-any.whl",
        "en_x_y-0.1.0-py3-none-any.whl",
    ]


def test_our_wheel_installs_the_whole_package(root: Path, tmp_path: Path) -> None:
    wheel = build(root, tmp_path / "wheel")
    site = tmp_path / "site"
    install(wheel, str(site))
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


def test_pipelines_wheel(project: Path) -> None:
    (wheel,) = project.glob("*.whl")
    assert wheel.name == "en_tiny-0.0.0+sample-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        meta = archive.read("en_tiny/meta.json").decode()
        inner = archive.read("en_tiny/en_tiny-0.0.0+sample/meta.json").decode()
        (metadata,) = (
            archive.read(name).decode() for name in archive.namelist() if name.endswith("/METADATA")
        )
    assert "Our notes." in meta
    assert '"kind":"sample"' in inner
    # The model card
    for text in ("Our notes.", "tiny.csv", "| Feature | Description |"):
        assert text in metadata
    # the trained pipeline itself is left as it was
    assert "Our notes." not in (project / "model" / "meta.json").read_text(encoding="utf-8")


def test_a_users_labels_mean_what_spacy_says() -> None:
    data = {"kind": "own", "name": "x.csv", "sha256": "0"}
    meta = {**META, "labels": {"ner": ["per", "PERSON", "<b>"]}, "data": data}
    notes = release_meta(meta, METRICS)["notes"]
    assert "- `PERSON`: People, including fictional" in notes
    # "per" is ours: labels of our data are not looked up for a user's own.
    assert "`per`" not in notes
