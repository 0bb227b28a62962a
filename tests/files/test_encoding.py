from pathlib import Path
from typing import Any

import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files.encoding import decode
from spacy_bilstm_ner.files.options import Options
Data = None

from .helpers import HEADER, read_one


def decoded(content: bytes, *, lang: str = "", **options: Any) -> tuple[str, str, str]:
    """The text, the encoding and the warning."""
    data = Data("x", Options(**options))
    return *decode(content, data, lang), data.warnings.get("encoding", "")


def test_plain_encodings_need_no_word() -> None:
    assert decoded("Café\r\n".encode("utf-8-sig")) == ("Café\n", "utf-8", "")
    assert decoded("Łódź\r".encode("utf-16")) == ("Łódź\n", "utf-16", "")
    western = "“Zoë” Müller’s Citroën – 5 °C"
    assert decoded(western.encode("cp1252")) == (western, "cp1252", "")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Иван Петров уехал в Москву, а Ольга осталась"),
        ("cp1250", "Dvořák žil v Praze, Škoda vyrábí žluťoučké kočáry, Příliš žluťoučký kůň"),
        ("gb18030", "王明在北京大学 上海 李华 中国人民 学习汉语"),
        ("mac_roman", "José Müller à Zürich"),
    ],
)
def test_other_encodings_are_a_guess_and_said_to_be(encoding: str, text: str) -> None:
    found, used, warning = decoded(text.encode(encoding))
    assert (found, used) == (text, encoding)
    assert f"x is not UTF-8. {encoding} is a guess" in warning
    assert text.split()[0] in warning
    assert "say --encoding NAME" in warning


@pytest.mark.parametrize(
    ("encoding", "lang", "text"),
    [
        ("cp1251", "ru", "Иван"),
        ("koi8_r", "ru", "Иван Петров"),
        ("gb18030", "zh", "王 明 在 北 京"),
        ("cp1250", "pl", "Łódź"),
    ],
)
def test_the_language_helps_where_words_are_few(encoding: str, lang: str, text: str) -> None:
    found, used, warning = decoded(text.encode(encoding), lang=lang)
    assert (found, used) == (text, encoding)
    assert f"{encoding} is a guess" in warning


def test_utf_8_with_a_bad_byte_is_refused(tmp_path: Path) -> None:
    content = (HEADER + "1,José,B-per\n").encode() + b",M\xfcller,I-per\n"
    with pytest.raises(UserError, match=r"line 3: byte 0xfc is not UTF-8.*--encoding"):
        read_one(tmp_path, content)


def test_each_line_with_a_bad_byte_is_told(tmp_path: Path) -> None:
    content = (
        HEADER + "1,José,B-per\n,Zoë,I-per\n,né,O\n"
    ).encode() + b",M\xfcller,B-per\n,h\xe9r\xe9,O\n"
    with pytest.raises(UserError, match=r"3 faults(.|\n)*line 5: byte 0xfc.*\n.*line 6: byte 0xe9"):
        read_one(tmp_path, content)


def test_an_encoding_that_was_given_is_strict() -> None:
    with pytest.raises(UserError, match=r"x, line 2: byte 0xe9 is not utf-8. Give the right --enc"):
        decoded(b"a\nCaf\xe9", encoding="utf-8")
    with pytest.raises(UserError, match=r"unknown encoding: nope\. Try utf-8"):
        decoded(b"a", encoding="nope")
    assert decoded("Łódź".encode("cp1250"), encoding="cp1250")[0] == "Łódź"


def test_binary_and_empty_files() -> None:
    for content in (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\x01\x02\x03"):
        with pytest.raises(UserError, match="x is a binary file"):
            decoded(content)
    for empty in (b"\xef\xbb\xbf\n", b" \n"):
        with pytest.raises(UserError, match="x is empty"):
            decoded(empty)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_line_ends(end: str) -> None:
    assert decoded(f"a{end}b{end}".encode())[0] == "a\nb\n"


@pytest.mark.parametrize("order", ["le", "be"])
def test_utf_16_without_a_mark(order: str) -> None:
    with pytest.raises(UserError, match=f"say --encoding utf-16-{order}"):
        decoded("Word,Tag".encode(f"utf-16-{order}"))
