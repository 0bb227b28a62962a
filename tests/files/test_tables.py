import zipfile
from pathlib import Path

import pytest

from spacy_bilstm_ner.files.columns import Columns
from spacy_bilstm_ner.files.tables import CsvData, CsvError, Sentence, read_csv

DATA = Path(__file__).parent.parent / "data"
HEADER = "Sentence #,Word,Tag\n"


def read(folder: Path, content: str | bytes, **options: str | bool) -> CsvData:
    path = folder / "x.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_csv(path, **options)  # type: ignore[arg-type]


def words(data: CsvData) -> list[tuple[str, ...]]:
    return [sentence.words for sentence in data.sentences]


def test_ids_on_first_rows_and_words_that_look_like_nothing() -> None:
    data = read_csv(DATA / "first_rows.csv")
    assert data.sentences == [
        Sentence("Sentence: 1", ("Ada", "Lovelace", "met", "None", '"'), ("B-per", "I-per", "O", "O", "O")),
        Sentence("Sentence: 2", ("Zürich", "."), ("B-geo", "O")),
        Sentence("Sentence: 10", ("NA",), ("O",)),
    ]
    assert (data.rows, data.encoding, data.repaired, data.divided) == (8, "utf-8", 0, 0)


def test_ids_on_every_row_own_names_and_no_pos() -> None:
    data = read_csv(DATA / "german.csv", sep=";")
    assert words(data) == [("Die", "Bäckerei", "Öhler"), ("Sie", "backt"), ("Mia", "backt")]
    assert [sentence.id for sentence in data.sentences] == ["7", "8", "9"]
    assert data.columns == Columns(sentence="satz_id", word="wort", tag="etikett")


def test_neighbours_of_one_id_stay_apart_where_ids_stand_on_first_rows(tmp_path: Path) -> None:
    assert words(read(tmp_path, HEADER + "1,a,O\n,b,O\n1,c,O\n,d,O\n")) == [("a", "b"), ("c", "d")]


@pytest.mark.parametrize(("encoding", "found"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp1252", "cp1252")])
def test_encoding_is_found(tmp_path: Path, encoding: str, found: str) -> None:
    data = read(tmp_path, (HEADER + "1,Café…,O\n").encode(encoding))
    assert words(data) == [("Café…",)]
    assert data.encoding == found


def test_an_encoding_that_was_given_is_strict(tmp_path: Path) -> None:
    content = (HEADER + "1,a,O\n1,Café,O\n").encode("cp1252")
    with pytest.raises(CsvError, match=r"x.csv, line 3: byte 0xe9 at offset 31 is not utf-8. Give the right --enc"):
        read(tmp_path, content, encoding="utf-8")
    assert words(read(tmp_path, (HEADER + "1,Łódź,O\n").encode("utf-16"), encoding="utf-16")) == [("Łódź",)]
    with pytest.raises(CsvError, match=r"unknown encoding: nope\. Try utf-8"):
        read(tmp_path, content, encoding="nope")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_zip_that_holds_one_csv(tmp_path: Path, newline: str) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("in/x.csv", (HEADER + "1,a,O\n,b,B-x\n").replace("\n", newline))
        archive.writestr("__MACOSX/in/._x.csv", b"\0")
        archive.writestr("LICENSE", "")
    assert read_csv(path).sentences == [Sentence("1", ("a", "b"), ("O", "B-x"))]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (["a.csv", "b.csv"], "exactly one .csv file, but it holds a.csv, b.csv"),
        (["a.txt"], "exactly one .csv file, but it holds a.txt"),
        ([], "is a binary file"),
        (["[Content_Types].xml", "xl/workbook.xml"], "is an office document: export the sheet as CSV"),
    ],
)
def test_other_zips(tmp_path: Path, members: list[str], message: str) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in members:
            archive.writestr(name, "x")
    with pytest.raises(CsvError, match=message):
        read_csv(path)


def test_a_damaged_zip(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.csv", HEADER + "1,a,O\n")
    content = path.read_bytes()
    for damaged in (content[:40], content.replace(b"1,a,O", b"1,b,O")):
        path.write_bytes(damaged)
        with pytest.raises(CsvError, match="is a damaged zip file"):
            read_csv(path)


def test_an_entity_without_its_beginning_is_repaired_or_refused(tmp_path: Path) -> None:
    content = HEADER + "1,a,O\n,b,I-x\n,c,I-x\n2,d,I-x\n"
    data = read(tmp_path, content)
    assert [sentence.tags for sentence in data.sentences] == [("O", "B-x", "I-x"), ("B-x",)]
    assert (data.repaired, data.first_repaired) == (2, 3)
    with pytest.raises(CsvError, match=r"x.csv, line 3: tag 'I-x' of the word 'b' .* it should be 'B-x'"):
        read(tmp_path, content, strict=True)


def test_white_space_divides_a_word_and_keeps_its_entity(tmp_path: Path) -> None:
    data = read(tmp_path, HEADER + '1,a,O\n,5\u00a0storm,B-x\n,"New\nYork",I-x\n, b ,O\n')
    assert data.sentences == [
        Sentence("1", ("a", "5", "storm", "New", "York", "b"), ("O", "B-x", "I-x", "I-x", "I-x", "O"))
    ]
    assert (data.rows, data.divided, data.first_divided) == (4, 2, 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "x.csv is empty: expected a header line"),
        ("\n \n", "is empty"),
        (b"\xef\xbb\xbf\n", "is empty"),
        (HEADER, "holds no sentences: there is a header line and no row"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is a binary file"),
        (HEADER.encode("utf-16"), "is UTF-16: say --encoding utf-16"),
        (HEADER.encode() + b"1,\x81,O\n", r"line 2: byte 0x81 at offset 22 is not cp1252, and .* not UTF-8 either"),
        (
            "Sentence #;Word;Tag\n1;a;O\n",
            "line 1: the fields are separated by a semicolon, not by a comma: say --sep ';'",
        ),
        ("Sentence #\tWord\tTag\n", "separated by a tab, not by a comma: say --sep tab"),
        ("Sentence #|Word|Tag\n", r"separated by a bar, not by a comma: say --sep '\|'"),
        (
            "Sentence #,Word\n1,a\n",
            r"no column for the tag .* Columns found: 'Sentence #', 'Word'. .* --tag-column NAME",
        ),
        ("1,a,O\n1,b,B-x\n", "line 1: expected a header line .* found a row of data"),
        (
            HEADER + ",a,O\n1,b,O\n",
            r"line 2: the word 'a' stands before the first sentence number: the column 'Sentence #'",
        ),
        (HEADER + "1,a,O\n\n,,O\n", "line 4: the column 'Word' is empty. Fill in the word, or delete the row"),
        (HEADER + '1,"a\nb",O\n,\u00a0,O\n', "line 4: the column 'Word' is empty"),
        (
            HEADER + "1,a,O\n,b,X\n",
            "line 3: the tag of 'b' in the column 'Tag' must be O, B-label or I-label, but is 'X'",
        ),
        (HEADER + "1,a,O\n,b,U-x\n", "BILUO and BIOES have to become BIO"),
        (HEADER + "1,a,O\n,b\n", "line 3: the tag of 'b' .* but is ''. Write O for a word that is in no entity"),
        (HEADER + "1,a,O\n,b,O,x\n", "line 3: expected 3 fields as in the header, found 4"),
        (HEADER + "1,a,O,\n,b,O,\n", "line 2: expected 3 fields as in the header, found 4"),
        (HEADER + '1,a,O\n,"b,O\n,c,O\n', "line 3: a quote is opened and not closed"),
        (HEADER + '1,a,O\n,"b,O\n,c",O\n', "line 3: a quote is opened and not closed"),
        (HEADER + '1,a,O\n,"b,O\n,c",O,O\n', "line 3: a quote is opened and not closed"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(CsvError, match=message) as error:
        read(tmp_path, content)
    assert str(error.value).startswith(str(tmp_path / "x.csv"))


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(CsvError, match=r"no\.csv does not exist: give the path of a CSV file"):
        read_csv(tmp_path / "no.csv")
    with pytest.raises(CsvError, match="is a folder: give the CSV file in it"):
        read_csv(tmp_path)


@pytest.mark.parametrize("sep", ["", ",,", '"'])
def test_a_separator_is_one_character(tmp_path: Path, sep: str) -> None:
    with pytest.raises(CsvError, match="--sep must be one character"):
        read(tmp_path, HEADER, sep=sep)
