import re
import zlib
from pathlib import Path

import pytest
import spacy
import srsly
from spacy.tokens import Doc, DocBin

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files import unpack
from spacy_bilstm_ner.files.docs import make_doc
from spacy_bilstm_ner.files.reading import read_docs
read = None
from spacy_bilstm_ner.files.records import TaggedWords as Sentence

from .helpers import HEADER, read_one, shown, tokenizing


def test_docbins_come_back_as_they_were(tmp_path: Path) -> None:
    nlp = tokenizing()
    sentences = [
        Sentence(
            "1", ("Mira", "left", "Oslo", "."), ("B-per", "O", "?", "O"), (True, True, False, False)
        ),
        Sentence("2", ("Rain", "?"), ("?", "?"), (False, False), ("per", "geo")),
    ]
    DocBin(docs=[make_doc(nlp, sentence)[0] for sentence in sentences]).to_disk(
        tmp_path / "x.spacy"
    )
    data = read([tmp_path / "x.spacy"], nlp)
    assert data.sentences == sentences
    assert data.source["format"] == "spacy"
    with pytest.raises(UserError, match=r"cannot be read as spacy"):
        read_one(tmp_path, (tmp_path / "x.spacy").read_bytes()[:60])


def test_several_files_of_several_formats(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + "1,Mira,I-per\n", encoding="utf-8")
    (tmp_path / "b.conll").write_text("Oslo I-geo\n", encoding="utf-8")
    data = read([tmp_path / "b.conll", tmp_path / "a.csv"], tokenizing())
    assert shown(data) == ["Oslo/B-geo", "Mira/B-per"]
    assert data.source["file"] == "b.conll, a.csv"
    assert data.source["format"] == "conll, csv"
    assert data.warnings["repaired_tags"].count("1 tag I-x") == 2
    assert shown(read([tmp_path], tokenizing())) == ["Mira/B-per", "Oslo/B-geo"]
    # Each file's rows count, whatever comes after it.
    (tmp_path / "a.csv").write_text(HEADER + "1,Mira,B-per\n,left,O\n", encoding="utf-8")
    DocBin(docs=[make_doc(tokenizing(), data.sentences[0])[0]]).to_disk(tmp_path / "c.spacy")
    assert read([tmp_path / "a.csv", tmp_path / "c.spacy"], tokenizing()).rows == 3


def test_docs(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + "1,Mira,B-per\n,!,O\n", encoding="utf-8")
    (doc,) = read_docs([tmp_path / "a.csv"], tokenizing())
    assert isinstance(doc, Doc)
    assert (doc.text, [ent.label_ for ent in doc.ents]) == ("Mira!", ["per"])


@pytest.mark.parametrize(
    ("words", "lang", "warning"),
    [
        ("王 明 在", "en", "words of Han script without spaces.*\n.*give --lang zh"),
        ("王 明 在", "xx", "give --lang zh"),
        ("さん が 行く", "zh", "give --lang ja"),
        ("ไทย มา", "en", "give --lang th"),
        ("ສະບາຍ ດີ", "en", "Lao.*spaCy has no language"),
        ("ភាសា ខ្មែរ", "en", "Khmer.*spaCy has no language"),
        ("မြန်မာ စာ", "en", "Burmese.*spaCy has no language"),
        ("서울 가", "en", ""),
        ("王 明 在", "zh", ""),
        ("The 王 dynasty came to power and stayed there long", "en", ""),
    ],
)
def test_a_script_that_the_language_does_not_cut(
    tmp_path: Path, words: str, lang: str, warning: str
) -> None:
    rows = "".join(f"1,{word},{'B-x' if i == 0 else 'O'}\n" for i, word in enumerate(words.split()))
    found = read_one(tmp_path, "sid,word,tag\n" + rows, lang=lang).warnings.get("script", "")
    if warning:
        assert re.search(warning, found)
        assert found.startswith("\n!!!!!")
    else:
        assert found == ""


def test_a_format_can_be_said(tmp_path: Path) -> None:
    assert shown(read_one(tmp_path, "x,B-y\nMira,O\n", format="conll")) == ["x/B-y Mira"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\xd0\xcf\x11\xe0 \x00", "an old Excel file: save it as .xlsx"),
        (b"<!DOCTYPE html>\n<p>Not found", "a web page or XML: download the file itself"),
        (b"T1\tPER 0 4\tMira\n", "brat's annotation"),
        (b"#1\tAnnotatorNotes T1\tx\nT1\tPER 0 4\tMira\n", "brat's annotation"),
        (b"A1\tNegation T1\n", "brat's annotation"),
        (b"#FORMAT=WebAnno TSV 3.3\n", "WebAnno's own TSV: export it as CoNLL 2002"),
        (b"%PDF-1.7\n", "a document"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
    ],
)
def test_files_that_are_taken_for_labelled_ones_are_told(
    tmp_path: Path, content: bytes, what: str
) -> None:
    with pytest.raises(UserError, match=f"x is {what}"):
        read_one(tmp_path, content)


def test_the_faults_of_all_files_are_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + "1,,O\n,a,O,x\n2,b,O\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text(HEADER + "4,a,B-x\n2,b,O\n4,c,Q\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"a.csv and .*b.csv: 4 faults") as error:
        read([tmp_path], tokenizing())
    for fault in (
        "a.csv, line 2: there is",
        "a.csv, line 3: expected 3",
        "b.csv, line 4: sent",
        "b.csv, line 4: the tag",
    ):
        assert fault in str(error.value)


def test_training_data_in_python_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="x is Python code: write it with json"):
        read_one(tmp_path, 'TRAIN_DATA = [("Mira left", {"entities": [(0, 4, "PER")]})]')


def test_a_spacy_file_with_a_label_that_it_does_not_name(tmp_path: Path) -> None:
    # Pipelines of its own, which have not met the label
    doc = Doc(spacy.blank("en").vocab, words=["Oslo"], ents=["B-unnamed"])
    packed = srsly.msgpack_loads(zlib.decompress(DocBin(docs=[doc]).to_bytes()))
    packed["strings"] = ["Oslo"]
    path = tmp_path / "x.spacy"
    path.write_bytes(zlib.compress(srsly.msgpack_dumps(packed)))
    with pytest.raises(UserError, match=r"x\.spacy cannot be read as spacy .*make it again"):
        read([path], spacy.blank("en"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Rain O\n" * 500 + "Oslo B-geo\n", "the longest sentence has 501 words"),
        (
            "Sentence #,Word,Tag\n" + "".join(f"{i},Oslo,B-geo\n" for i in range(10)),
            "sentences have 1.0 words on average",
        ),
        ("Rain O\n" * 499 + "Oslo B-geo\n", ""),
        ("Sentence #,Word,Tag\n" + "".join(f"{i // 2},Oslo,B-geo\n" for i in range(20)), ""),
        ('{"text": "' + "Rain " * 501 + '", "entities": [[0, 4, "x"]]}\n', ""),
    ],
)
def test_sentences_that_are_hardly_any(tmp_path: Path, content: str, said: str) -> None:
    assert read_one(tmp_path, content).warnings.get("length", "").startswith(said)
    assert bool(said) == ("length" in read_one(tmp_path, content).warnings)


def test_a_folder_of_brat_s_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Mira left Oslo.\n", encoding="utf-8")
    (tmp_path / "a.ann").write_text("T1\tPER 0 4\tMira\n", encoding="utf-8")
    with pytest.raises(UserError, match="brat's annotation"):
        read([tmp_path], tokenizing())


def test_words_that_all_begin_alike(tmp_path: Path) -> None:
    content = "".join(f"en:{word} O\n" for word in ["Rain", "fell", "on", "Oslo", "and", "Mira"])
    assert read_one(tmp_path, content).warnings["prefix"].startswith("every word of ")
    assert "begins with 'en:'" in read_one(tmp_path, content).warnings["prefix"]
    assert "prefix" not in read_one(tmp_path, content + "no O\n").warnings


def test_docs_come_with_their_warnings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.conll"
    path.write_text("Rain O\n" * 500 + "Oslo B-geo\n", encoding="utf-8")
    assert len(read_docs([path], tokenizing())) == 1
    assert capsys.readouterr().err.startswith("Warning: the longest sentence has 501 words")


def test_a_docbin_that_unpacks_to_more_than_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "MAX_UNPACKED", 10**6)
    with pytest.raises(UserError, match="takes more than 1,000,000 bytes when it is unpacked"):
        read_one(tmp_path, zlib.compress(b"\0" * (10**6 + 1)))


def test_json_that_is_nested_without_end(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="line 1: lists stand in lists, too deep to be read"):
        read_one(tmp_path, '{"text": ' + "[" * 100_000 + "]" * 100_000 + "}\n")
