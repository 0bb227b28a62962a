from pathlib import Path

import pytest
from spacy.util import load_config

from spacy_bilstm_ner.cli import main
from spacy_bilstm_ner.default_config import read_config
from spacy_bilstm_ner.training.init import fill


def test_the_config_is_the_shipped_one_with_language_and_vectors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    path = tmp_path / "new" / "config.cfg"
    main(["init", str(path), "--lang", "de", "--vectors", str(tmp_path)])
    written = load_config(path, interpolate=False)
    expected = load_config(root / "configs" / "bilstm.cfg", interpolate=False)
    expected["nlp"]["lang"] = "de"
    expected["paths"]["vectors"] = str(tmp_path)
    assert written == expected
    assert path.read_text(encoding="utf-8").count("#") == read_config().count("#")
    out = capsys.readouterr().out
    assert f"python -m spacy train {path} --output" in out
    assert "download" not in out


def test_vectors_that_are_not_at_hand_are_mentioned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init", str(tmp_path / "a.cfg"), "--vectors", "xx_none_md"])
    assert "before you train, python -m spacy download xx_none_md" in capsys.readouterr().out


def test_a_file_is_replaced_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "config.cfg"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(
        SystemExit, match=r"config.cfg is there already. Give another name, or --force"
    ):
        main(["init", str(path)])
    assert path.read_text(encoding="utf-8") == "mine"
    main(["init", str(path), "--force"])
    assert (
        path.read_text(encoding="utf-8")
        == fill(read_config(), lang="en", vectors=None)
        == read_config()
    )


def test_what_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"--lang zz: .* Give a code such as en"):
        main(["init", str(tmp_path / "a.cfg"), "--lang", "zz"])
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match="cannot be written: "):
        main(["init", str(tmp_path / "file" / "a.cfg")])
