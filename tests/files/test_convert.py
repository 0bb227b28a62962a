import hashlib
import json
import os
import re
import sys
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, DocBin
from spacy.training import Corpus
from spacy.vocab import Vocab

from spacy_bilstm_ner.cli import main
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files import convert as command
from spacy_bilstm_ner.files.convert import OUTPUTS, STATS, mark, write
from spacy_bilstm_ner.files.docs import blank_pipeline

from .helpers import HEADER, tokenizing

ROOT = Path(__file__).parent.parent.parent
GMB = [
    ROOT / "assets" / name for name in ("ner_dataset.csv", "ner_dataset.csv.zip", "ner_dataset.zip")
]


@pytest.fixture(autouse=True)
def _one_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "blank_pipeline", tokenizing)


def rows(count: int, *, tag: str = "B-geo") -> str:
    return "".join(f"{i},Town{i},{tag}\n,is,O\n,No,O\n,{i},O\n,.,O\n" for i in range(count))


def convert(folder: Path, content: str, *options: str, out: str = "out") -> dict[str, bytes]:
    """Run the command on a CSV of this content, and read what it wrote."""
    path = folder / "x.csv"
    path.write_text(content, encoding="utf-8")
    main(["convert", str(path), str(folder / out), *options])
    return {name: (folder / out / name).read_bytes() for name in OUTPUTS}


def load(content: bytes, lang: str = "en") -> list[Doc]:
    return list(DocBin().from_bytes(content).get_docs(tokenizing(lang).vocab))


def test_four_files(tmp_path: Path) -> None:
    files = convert(tmp_path, HEADER + rows(10))
    docs = {name: load(files[f"{name}.spacy"]) for name in ("train", "dev", "test")}
    assert [len(split) for split in docs.values()] == [7, 2, 1]
    doc = docs["test"][0]
    assert doc.text == f"{doc[0].text} is No {doc[3].text}."
    assert [(ent.text, ent.label_) for ent in doc.ents] == [(doc[0].text, "geo")]
    assert [token.ent_iob_ for token in doc] == ["B", "O", "O", "O", "O"]
    stats = json.loads(files["stats.json"])
    assert stats == {
        "source": {
            "file": "x.csv",
            "sha256": hashlib.sha256((HEADER + rows(10)).encode()).hexdigest(),
            "format": "csv",
            "encoding": "utf-8",
            "columns": {"sentence": "Sentence #", "word": "Word", "tag": "Tag", "document": None},
            "rows": 50,
            "sentences": 10,
        },
        "lang": "en",
        "split": {"method": "tutorial", "dedupe": False},
        "splits": {
            name: {
                "sentences": n,
                "tokens": 5 * n,
                "entities": n,
                "aligned": n,
                "labels": {"geo": {"entities": n, "aligned": n}},
                "dropped_copies": 0,
            }
            for name, n in (("train", 7), ("dev", 2), ("test", 1))
        },
        "warnings": {},
    }


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    options = ("--split", "random", "--seed", "0")
    first = convert(tmp_path, HEADER + rows(20), *options)
    assert first == convert(tmp_path, HEADER + rows(20), *options)
    assert first == convert(tmp_path, HEADER + rows(20), *options, out="elsewhere")
    other = convert(tmp_path, HEADER + rows(20), "--split", "random", "--seed", "1")
    assert other["test.spacy"] != first["test.spacy"]
    assert json.loads(first["stats.json"])["split"] == {
        "method": "random",
        "dedupe": False,
        "seed": 0,
        "dev_size": 0.2,
        "test_size": 0.1,
    }


def test_own_data_in_another_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = "satz_id;wort;etikett\n" + "".join(
        f"{i};„;O\n{i};Bäcker;B-laden\n{i};Nr{i};I-laden\n{i};“;O\n{i};offen;O\n" for i in range(9)
    )
    files = convert(tmp_path, content, "--lang", "de", "--sep", ";", "--word-column", "")
    doc = load(files["dev.spacy"], "de")[0]
    assert doc.text == f"„Bäcker {doc[2].text}“ offen"
    assert [ent.label_ for ent in doc.ents] == ["laden"]
    out = capsys.readouterr().out
    assert "Encoding: utf-8" in out
    assert "Columns: sentence = 'satz_id', word = 'wort', tag = 'etikett'" in out


def test_warnings_are_counted_and_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = (
        HEADER
        + rows(9, tag="I-geo")
        + "x,A\u00a0b,O\n"
        + "".join(f"c{i},Same,O\n,words,O\n" for i in range(9))
    )
    files = convert(
        tmp_path, content, "--split", "random", "--dev-size", "0.4", "--test-size", "0.3"
    )
    captured = capsys.readouterr()
    path = tmp_path / "x.csv"
    # At the point, and once more at the end
    for message in (
        f"Warning: 9 tags I-x without an entity of that label before it, read as B-x (the first: {path}, line 2)",
        f"Warning: 1 word with white space inside, divided there (the first: {path}, line 47)",
        "Warning: sentences that stand word for word in another split: ",
    ):
        assert captured.err.count(message) == 2
        assert message not in captured.out
    assert set(json.loads(files["stats.json"])["warnings"]) == {
        "repaired_tags",
        "divided_words",
        "copies",
    }


def test_a_label_that_train_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for i in range(10):
        tagged = "".join(f"s{k},w{k},{'B-rare' if k == i else 'B-geo'}\n" for k in range(10))
        files = convert(tmp_path, HEADER + tagged)
        rare = any(ent.label_ == "rare" for doc in load(files["train.spacy"]) for ent in doc.ents)
        warned = (
            "labels that dev or test have and train lacks (number of entities): rare (1)"
            in capsys.readouterr().err
        )
        assert warned != rare


def test_no_entity_or_too_few_sentences_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="there is no entity at all: every word is outside"):
        convert(tmp_path, HEADER + rows(5, tag="O"))
    with pytest.raises(SystemExit, match="2 sentences: too few"):
        convert(tmp_path, HEADER + rows(2))
    assert not (tmp_path / "out").exists()


def test_labels_and_splits_that_tell_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = HEADER + rows(9, tag="O") + "x,Oslo,B-geo\n,a,B-GEO\n,b,B-GEO\n"
    convert(tmp_path, content)
    err = capsys.readouterr().err
    assert "labels of one entity only, from which nothing can be learnt: geo." in err
    assert "there is no entity in " in err
    assert "labels that differ in capitals only are different labels: GEO, geo." in err


def test_an_empty_option_was_not_given(tmp_path: Path) -> None:
    convert(tmp_path, HEADER + rows(5), "--dev", "", "--test", "")
    assert (
        json.loads((tmp_path / "out" / STATS).read_text(encoding="utf-8"))["split"]["method"]
        == "tutorial"
    )


def test_own_splits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "dev.conll").write_text("Oslo B-geo\n! O\n\nBern B-geo\n", encoding="utf-8")
    (tmp_path / "test.jsonl").write_text(
        '{"text": "Town1 is No 1.", "entities": [[0, 5, "geo"]]}\n', encoding="utf-8"
    )
    options = ("--dev", str(tmp_path / "dev.conll"), "--test", str(tmp_path / "test.jsonl"))
    files = convert(tmp_path, HEADER + rows(10), *options)
    docs = {name: load(files[f"{name}.spacy"]) for name in ("train", "dev", "test")}
    assert [doc.text for doc in docs["train"]] == [f"Town{i} is No {i}." for i in range(10)]
    assert [doc.text for doc in docs["dev"]] == ["Oslo!", "Bern"]
    assert [doc.text for doc in docs["test"]] == ["Town1 is No 1."]
    stats = json.loads(files["stats.json"])
    assert (stats["split"]["method"], stats["dev"]["file"], stats["test"]["format"]) == (
        "files",
        "dev.conll",
        "json",
    )
    assert (
        "sentences that stand word for word in another split: 1 of train's 10"
        in capsys.readouterr().err
    )
    drawn = convert(tmp_path, HEADER + rows(10), *options[2:])
    assert [len(load(drawn[f"{name}.spacy"])) for name in ("train", "dev", "test")] == [8, 2, 1]


def test_several_files(tmp_path: Path) -> None:
    for i in range(2):
        (tmp_path / f"{i}.csv").write_text(HEADER + rows(5), encoding="utf-8")
    main(["convert", str(tmp_path / "0.csv"), str(tmp_path / "1.csv"), str(tmp_path / "out")])
    stats = json.loads((tmp_path / "out" / STATS).read_text(encoding="utf-8"))
    assert stats["source"]["sentences"] == 10


def test_doubtful_entities_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = "".join(
        f'{{"text": "Town{i} is here", "entities": [[0, 6, "geo"]]}}\n' for i in range(5)
    )
    files = convert(tmp_path, content)
    listed = (tmp_path / "out" / "doubtful.txt").read_text(encoding="utf-8").splitlines()
    assert len(listed) == 5
    assert listed[1].endswith("line 2: geo at 0:6 'Town1 ' was read as 'Town1'")
    assert "entities whose offsets" in json.loads(files["stats.json"])["warnings"]["doubtful"]
    capsys.readouterr()
    convert(tmp_path, HEADER + rows(5))
    assert not (tmp_path / "out" / "doubtful.txt").exists()


def test_every_fault_is_reported_in_a_file(tmp_path: Path) -> None:
    report = tmp_path / "faults.txt"
    with pytest.raises(SystemExit, match="9 faults"):
        convert(tmp_path, HEADER + rows(5) + ",bad,X\n" * 9, "--report", str(report))
    assert len(report.read_text(encoding="utf-8").splitlines()) == 9
    # Also those of dev, and what stops the reading
    (tmp_path / "dev.csv").write_text(HEADER + "1,Bern,X\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="10 faults"):
        convert(
            tmp_path,
            HEADER + rows(5) + ",bad,X\n" * 9,
            "--dev",
            str(tmp_path / "dev.csv"),
            "--report",
            str(report),
        )
    assert "dev.csv, line 2: the tag of 'Bern'" in report.read_text(encoding="utf-8")
    with pytest.raises(SystemExit, match="is empty"):
        convert(tmp_path, "\n", "--report", str(report))
    assert "is empty" in report.read_text(encoding="utf-8")
    convert(tmp_path, HEADER + rows(5, tag="I-geo"), "--report", str(report))
    assert "5 tags I-x without an entity" in report.read_text(encoding="utf-8")
    with pytest.raises(SystemExit, match="cannot be written: "):
        convert(tmp_path, HEADER + rows(5), "--report", str(report / "file"))


def test_the_end_says_what_came_out_and_what_to_do_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    convert(tmp_path, HEADER + rows(10))
    out = capsys.readouterr().out
    assert re.search(
        r"\n *train +dev +test *\n(.|\n)*entities +7 +2 +1 *\n(.|\n)*geo +7 +2 +1 *\n", out
    )
    assert len(re.findall(r"\n  \[Town\d\]\(geo\) is No \d\.", out)) == 3
    assert f"--paths.train {tmp_path / 'out' / 'train'}.spacy" in out


@pytest.mark.parametrize(
    ("tags", "marked"),
    [
        ("B-a I-a O", "[a b](a) c"),
        ("B-a B-a I-a", "[a](a) [b c](a)"),
        ("O O B-b", "a b [c](b)"),
    ],
)
def test_entities_are_marked_in_the_text(tags: str, marked: str) -> None:
    assert mark(Doc(Vocab(), words=["a", "b", "c"], ents=tags.split())).strip() == marked


@pytest.mark.parametrize("split", ["tutorial", "random"])
def test_dedupe(tmp_path: Path, capsys: pytest.CaptureFixture[str], split: str) -> None:
    content = HEADER + rows(20) + rows(20).replace("\n1", "\n10")
    files = convert(tmp_path, content, "--split", split, "--dedupe")
    texts = [
        {doc.text for doc in load(files[f"{name}.spacy"])} for name in ("train", "dev", "test")
    ]
    assert not texts[0] & texts[1]
    assert not texts[0] & texts[2]
    assert not texts[1] & texts[2]
    stats = json.loads(files["stats.json"])
    assert stats["splits"]["train"]["dropped_copies"] > 0
    assert (
        sum(part["sentences"] + part["dropped_copies"] for part in stats["splits"].values()) == 40
    )
    captured = capsys.readouterr()
    assert (
        f"Copies dropped: {stats['splits']['train']['dropped_copies']} from train" in captured.out
    )
    assert "Warning" not in captured.err


def test_a_failed_run_leaves_everything_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = convert(tmp_path, HEADER + rows(5))
    (tmp_path / "out" / "source.json").write_text("mine")
    with pytest.raises(SystemExit) as error:
        convert(tmp_path, HEADER + rows(5) + ",bad,X\n")
    assert error.value.code == (
        f"Error: {tmp_path / 'x.csv'}, line 27: the tag of 'bad' is 'X'. A tag in column 'Tag' must be O, B-label or "
        "I-label (or of BILUO, BIOES, BMES). Correct it, or name another column with --tag-column."
    )
    assert {name: (tmp_path / "out" / name).read_bytes() for name in OUTPUTS} == before
    convert(tmp_path, HEADER + rows(6))
    assert sorted(os.listdir(tmp_path / "out")) == sorted([*OUTPUTS, "source.json"])
    assert (tmp_path / "out" / "source.json").read_text() == "mine"
    capsys.readouterr()


def test_no_folder_appears_for_a_csv_that_fails(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        convert(tmp_path, HEADER)
    assert not (tmp_path / "out").exists()


def test_a_write_that_fails_leaves_no_half_of_a_corpus(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = convert(tmp_path, HEADER + rows(5))

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("srsly.write_json", full)
    with pytest.raises(SystemExit, match="out cannot be written to: No space left on device"):
        convert(tmp_path, HEADER + rows(6))
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_places_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match="file is a file: give a folder to write to"):
        convert(tmp_path, HEADER + rows(5), out="file")
    with pytest.raises(UserError, match="cannot be written to: Not a directory"):
        write(tmp_path / "file" / "out", {}, {}, [])


@pytest.mark.parametrize("lang", ["zz", "tokenizer_exceptions", "../en"])
def test_an_unknown_language(lang: str) -> None:
    with pytest.raises(UserError, match=r"--lang .* Give a code such as en, de, fr, or xx"):
        blank_pipeline(lang)


def test_a_language_whose_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("sudachipy", "pythainlp.tokenize"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        UserError, match=r"^--lang ja needs a package that is not installed\. .*pip install .*\.$"
    ):
        blank_pipeline("ja")
    with pytest.raises(
        UserError, match=r"^--lang th needs a package that is not installed\. .*PyThaiNLP"
    ):
        blank_pipeline("th")


def test_a_sentence_may_be_longer_than_spacy_s_limit() -> None:
    nlp = blank_pipeline("xx")
    nlp.make_doc("ab " * 333_334)


@pytest.mark.gmb
@pytest.mark.slow
@pytest.mark.skipif(
    not any(path.exists() for path in GMB), reason="the GMB corpus is not in assets/"
)
def test_gmb(tmp_path: Path) -> None:
    path = next(path for path in GMB if path.exists())
    main(["convert", str(path), str(tmp_path / "out")])
    stats = json.loads((tmp_path / "out" / "stats.json").read_text())
    splits = stats["splits"]
    assert stats["source"]["encoding"] == "cp1252"
    assert stats["source"]["rows"] == 1_048_575
    assert [splits[name]["sentences"] for name in ("train", "dev", "test")] == [
        34_530,
        8_633,
        4_796,
    ]
    assert splits["test"]["entities"] == 11_126
    assert splits["test"]["aligned"] >= 11_120
    assert "56 of test's 4,796" in stats["warnings"]["copies"]
    labels = {
        "art": 402,
        "eve": 308,
        "geo": 37_644,
        "gpe": 15_870,
        "nat": 201,
        "org": 20_143,
        "per": 16_990,
        "tim": 20_333,
    }
    for label, expected in labels.items():
        assert sum(part["labels"][label]["entities"] for part in splits.values()) == expected
    aligned = 0
    for example in Corpus(tmp_path / "out" / "test.spacy")(spacy.blank("en")):
        aligned += sum(tag is not None and tag[0] in "BU" for tag in example.get_aligned_ner())
    assert aligned == splits["test"]["aligned"]
