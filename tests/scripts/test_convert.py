import sys
from pathlib import Path

import pytest
import srsly

from scripts import convert
from spacy_bilstm_ner.system.atomic import save_json

CSV = "sentence,word,tag\n" + "".join(
    f"{i},Anna,B-per\n{i},went,O\n{i},to,O\n{i},Oslo,B-geo\n{i},no{i},O\n" for i in range(30)
)


@pytest.mark.parametrize("with_source", [True, False])
def test_a_file_is_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_source: bool
) -> None:
    csv, out = tmp_path / "my train.csv", tmp_path / "out"
    csv.write_text(CSV, encoding="utf-8")
    save_json(tmp_path / "source.json", {"path": str(csv)})
    source = ["--source", str(tmp_path / "source.json")] if with_source else [str(csv)]
    monkeypatch.setattr(sys, "argv", ["convert", *source, str(out), "--lang", "de", "--dev", ""])
    convert.main()
    assert srsly.read_json(out / "stats.json")["lang"] == "de"
