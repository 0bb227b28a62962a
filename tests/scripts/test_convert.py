import sys
from pathlib import Path

import pytest
import srsly

from scripts import convert
from scripts.source import Source, write_record

CSV = "sentence,word,tag\n" + "".join(
    f"{i},Anna,B-per\n{i},went,O\n{i},to,O\n{i},Oslo,B-geo\n{i},no{i},O\n" for i in range(30)
)


def test_it_converts_what_data_has_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / f"my {name}.csv" for name in ("train", "dev", "test")]
    for path in paths:
        path.write_text(CSV, encoding="utf-8")
    csv, dev, test = map(str, paths)
    source = tmp_path / "source.json"
    write_record(source, Source("own", "x", csv, "0", dev, test))
    arguments = [
        "--source",
        str(source),
        str(tmp_path / "out"),
        "--lang",
        "de",
        "--encoding",
        "utf-8",
    ]
    monkeypatch.setattr(sys, "argv", ["convert", *arguments])
    convert.main()
    stats = srsly.read_json(tmp_path / "out" / "stats.json")
    assert stats["lang"] == "de"
    assert {name: split["sentences"] for name, split in stats["splits"].items()} == {
        "train": 30,
        "dev": 30,
        "test": 30,
    }


def test_without_a_source_it_is_the_command_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.csv").write_text(CSV, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["convert", str(tmp_path / "x.csv"), str(tmp_path / "out")])
    convert.main()
    assert (tmp_path / "out" / "train.spacy").is_file()
