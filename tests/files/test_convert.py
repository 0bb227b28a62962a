"""Test the command `convert`, and the function that it calls."""

import json
import re
from pathlib import Path

import pytest
from spacy.tokens import Doc, DocBin

from spacy_bilstm_ner.cli import main
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files import read
from spacy_bilstm_ner.files.docs import blank_pipeline

from .helpers import HEADER, tokenizing

ROOT = Path(__file__).parents[2]
PARTS = ("train", "dev", "test")
OUTPUTS = ("train.spacy", "dev.spacy", "test.spacy", "stats.json")
GMB = [
    ROOT / "assets" / name for name in ("ner_dataset.csv", "ner_dataset.csv.zip", "ner_dataset.zip")
]


def rows(count: int, *, tag: str = "B-geo") -> str:
    return "".join(f"{i},Town{i},{tag}\n,is,O\n,No,O\n,{i},O\n,.,O\n" for i in range(count))


def convert(folder: Path, content: str, *options: str, out: str = "out") -> dict[str, bytes]:
    """Run the command on a CSV of this content, and read what it wrote."""
    path = folder / "x.csv"
    path.write_text(content, encoding="utf-8")
    main(["convert", str(path), str(folder / out), *options])
    return {name: (folder / out / name).read_bytes() for name in OUTPUTS}


def load(content: bytes) -> list[Doc]:
    return list(DocBin().from_bytes(content).get_docs(tokenizing().vocab))


def test_four_files(tmp_path: Path) -> None:
    files = convert(tmp_path, HEADER + rows(10))
    docs = {name: load(files[f"{name}.spacy"]) for name in PARTS}
    assert [len(part) for part in docs.values()] == [7, 2, 1]
    doc = docs["test"][0]
    assert doc.text == f"{doc[0].text} is No {doc[3].text}."
    assert [(ent.text, ent.label_) for ent in doc.ents] == [(doc[0].text, "geo")]
    stats = json.loads(files["stats.json"])
    assert stats["reports"]["train"]["counts"] == {"header": {"rows": 1}}
    assert (stats["lang"], stats["split"]["method"]) == ("en", "tutorial")
    counts = {"sentences": 7, "tokens": 35, "entities": 7, "aligned": 7, "labels": {"geo": 7}}
    assert stats["splits"]["train"] == counts


def test_one_file_without_a_split(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(HEADER + rows(2), encoding="utf-8")
    command = ["convert", str(tmp_path / "x.csv"), str(tmp_path / "all.spacy")]
    with pytest.raises(SystemExit, match="has no split"):
        main([*command, "--seed=1"])
    main(command)
    assert len(load((tmp_path / "all.spacy").read_bytes())) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.spacy", "x.csv"]


def test_a_file_of_annotated_that_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no such file has been read\. .*x\.csv"):
        convert(tmp_path, HEADER + rows(2), "--annotated", ".csv=geo")
    assert not (tmp_path / "out").exists()
    convert(tmp_path, HEADER + rows(10), "--annotated", "x.csv=geo")


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    random = ("--split", "random", "--seed")
    first = convert(tmp_path, HEADER + rows(20), *random, "0")
    assert first == convert(tmp_path, HEADER + rows(20), *random, "0")
    assert first["test.spacy"] != convert(tmp_path, HEADER + rows(20), *random, "1")["test.spacy"]


def test_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = HEADER + rows(30, tag="I-geo") + "x,A\u00a0b,B-per\n"
    convert(tmp_path, content)
    out, err = capsys.readouterr()
    begun = f"Changed: 30 entities (begin with I-, read as B-). {tmp_path / 'x.csv'}, line 2"
    assert begun in out
    assert "Added: 1 word (parts of a word with white space inside). " in out
    numbers = r"\n *train +dev +test *\n(.|\n)*entities +\d+ +\d+ +\d+ *\n"
    assert re.search(numbers, out)
    assert f"--paths.train {tmp_path / 'out' / 'train'}.spacy" in out
    assert "Warning: the label" in err


def test_no_entity_or_too_few_sentences_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="the files have no entity"):
        convert(tmp_path, HEADER + rows(5, tag="O"))
    with pytest.raises(SystemExit, match="2 sentences: too few"):
        convert(tmp_path, HEADER + rows(2))
    assert not (tmp_path / "out").exists()


def test_a_file_without_empty_lines_is_one_long_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.conll"
    path.write_text("Mira B-per\n# comment\n" + "It O\nrained O\n" * 250, encoding="utf-8")
    _, report = read(path)
    assert "the longest sentence has 501 words" in report.warnings[0]


def test_no_files_have_no_sentences() -> None:
    docs, report = read([])
    assert docs == []
    assert report.warnings == []


def test_parts_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "dev.conll").write_text("Oslo B-geo\n! O\n\nBern B-geo\n", encoding="utf-8")
    (tmp_path / "test.jsonl").write_text('{"tokens": ["Oslo"], "tags": ["B-geo"]}')
    dev, test = ("--dev", str(tmp_path / "dev.conll")), ("--test", str(tmp_path / "test.jsonl"))
    files = convert(tmp_path, HEADER + rows(10), *dev, *test)
    assert [doc.text for doc in load(files["dev.spacy"])] == ["Oslo!", "Bern"]
    stats = json.loads(files["stats.json"])
    assert stats["reports"]["test"]["guesses"]["format"] == "json"
    for options, sizes in (
        ((*dev, *test), [10, 2, 1]),
        ((*dev, "--test-size", "0"), [10, 2, 0]),
        (("--dev", "", "--test", ""), [7, 2, 1]),
    ):
        files = convert(tmp_path, HEADER + rows(10), *options)
        assert [len(load(files[f"{name}.spacy"])) for name in PARTS] == sizes


def test_an_error_leaves_everything_as_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = convert(tmp_path, HEADER + rows(5))
    (tmp_path / "out" / "source.json").write_text("mine")
    with pytest.raises(SystemExit, match=r"x\.csv, line 27: the tag of 'bad' is 'X'\."):
        convert(tmp_path, HEADER + rows(5) + ",bad,X\n")

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("spacy.tokens.DocBin.to_bytes", full)
    with pytest.raises(SystemExit, match="No space left on"):
        convert(tmp_path, HEADER + rows(6))
    monkeypatch.undo()
    assert {name: (tmp_path / "out" / name).read_bytes() for name in OUTPUTS} == before
    convert(tmp_path, HEADER + rows(6))
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {*OUTPUTS, "source.json"}


def test_a_run_that_is_killed_leaves_no_train_beside_another_corpus(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    convert(tmp_path, HEADER + rows(5))
    moved: list[str] = []

    def stop(source: Path, target: Path) -> None:
        if len(moved) == 2:
            raise KeyboardInterrupt
        moved.append(target.name)
        source.rename(target)

    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(SystemExit):
        convert(tmp_path, HEADER + rows(6))
    assert not (tmp_path / "out" / "train.spacy").exists()


def test_places_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match="is an input: give another path"):
        convert(tmp_path, HEADER + rows(5), out="x.csv")
    with pytest.raises(SystemExit, match="cannot be written: Not a directory"):
        convert(tmp_path, HEADER + rows(5), out="file/out")


@pytest.mark.parametrize("lang", ["zz", "tokenizer_exceptions", "../en"])
def test_an_unknown_language(lang: str) -> None:
    with pytest.raises(UserError, match=r"--lang .* Give a code such as en, de, fr, or xx"):
        blank_pipeline(lang)


@pytest.mark.gmb
@pytest.mark.slow
@pytest.mark.skipif(
    not any(path.exists() for path in GMB), reason="the GMB corpus is not in assets/"
)
def test_gmb(tmp_path: Path) -> None:
    path = next(path for path in GMB if path.exists())
    main(["convert", str(path), str(tmp_path / "out")])
    stats = json.loads((tmp_path / "out" / "stats.json").read_text())
    parts = [stats["splits"][name] for name in PARTS]
    assert stats["reports"]["train"]["guesses"]["encoding"] == "cp1252"
    assert stats["reports"]["train"]["written"]["rows"] == 1_048_575
    assert [part["sentences"] for part in parts] == [34_530, 8_633, 4_796]
    assert (parts[2]["entities"], parts[2]["aligned"]) == (11_126, 11_126)
