"""Bytes → text, with an honest word where the encoding can only be guessed."""

import codecs
import re
import unicodedata

from ..errors import UserError

# Codecs among which the detector chooses when a file is not UTF-8.
LEGACY = [
    *(f"cp{number}" for number in range(1250, 1258)),
    "mac_roman", "koi8_r", "gb18030", "big5", "cp932", "cp949",
]  # fmt: skip
# Letters and signs that cp1252 writes in Western European texts.
WESTERN = frozenset("àáâãäåæçèéêëìíîïñòóôõöøœùúûüýÿßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØŒÙÚÛÜ\xa0‘’“”„–—…•°€£§«»·´¡¿½¼¾²³®©™×±µºª")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
# No word has letters of two scripts, or signs within.
_MIXED = re.compile(r"[a-z][\u0370-\u06ff€‚„…†‡‰¤¦¨]|[\u0370-\u06ff][a-z]", re.IGNORECASE)
_MULTIBYTE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")


def decode(data: bytes, name: str, *, encoding: str = "auto", bad_bytes: str | None = None) -> tuple[str, str, str]:
    """Decode a text file.

    encoding (str): A codec's name. "auto" finds it: UTF-8 or UTF-16 with a mark; else cp1252 or the detector's guess.
    bad_bytes (str | None): A codec for bytes in a UTF-8 file that are not UTF-8; None refuses such a file.
    RETURNS (tuple[str, str, str]): The text with "\\n" at each line's end, the encoding, and a warning ("" for none).
    RAISES UserError: If the file is binary, or is not in the encoding.
    """
    warning = ""
    if encoding == "auto":
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            encoding = "utf-16"
        elif b"\0" in data or len(_CONTROL.findall(data)) * 100 > len(data):
            raise UserError(f"{name} is a binary file: expected text. If it is UTF-16, say --encoding utf-16-le.")
        else:
            encoding, warning = _find(data, name, bad_bytes)
    try:
        if bad_bytes is not None:
            codecs.lookup(bad_bytes)
            codecs.register_error("bad-bytes", lambda error: _other_codec(error, bad_bytes))
        text = data.decode(encoding, errors="strict" if bad_bytes is None else "bad-bytes")
    except LookupError as error:
        raise UserError(f"--encoding {encoding}: {error}. Try utf-8, cp1252 or utf-16.") from error
    except UnicodeDecodeError as error:
        raise UserError(
            f"{_place(name, data, error.start)} is not {encoding}. Give the right --encoding, or leave it out."
        ) from error
    except UnicodeError as error:
        raise UserError(f"{name} is not {encoding}: {error}. Give the right --encoding.") from error
    if "\0" in text:
        raise UserError(f"{name} is a binary file, or not {encoding}: expected text.")
    if "\r" in text:
        text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise UserError(f"{name} is empty: expected labelled sentences.")
    return text, encoding, warning


def _find(data: bytes, name: str, bad_bytes: str | None) -> tuple[str, str]:
    """RETURNS (tuple[str, str]): The encoding, and a warning where it is a guess."""
    try:
        data.decode("utf-8")
        return "utf-8", ""
    except UnicodeDecodeError as error:
        first = error.start
    bad = data.decode("utf-8", errors="surrogateescape")
    n_bad = sum("\udc80" <= char <= "\udcff" for char in set(bad)) and len(re.findall("[\udc80-\udcff]", bad))
    if bad_bytes is not None or len(_MULTIBYTE.findall(data)) >= n_bad:
        if bad_bytes is None:
            raise UserError(
                f"{_place(name, data, first)} is not UTF-8, though the rest of the file is ({n_bad} such bytes in "
                "all). Correct the file; or say --bad-bytes cp1252 to have these bytes alone read as cp1252."
            )
        return "utf-8", ""
    words = list(dict.fromkeys(re.findall(rb"[^\s,;|\"]*[\x80-\xff][^\s,;|\"]*", data)))[:3000]
    return _guess(data, b" ".join(words), name)


def _guess(data: bytes, sample: bytes, name: str) -> tuple[str, str]:
    """RETURNS (tuple[str, str]): The most likely codec, and a warning unless it is plainly cp1252."""
    from charset_normalizer import from_bytes

    matches = from_bytes(sample, cp_isolation=LEGACY)
    candidates = [one for one in matches if _decodes(data, one.encoding) and not _MIXED.search(str(one))]
    best = candidates[0] if candidates else None
    plain = [one for one in ("cp1252", "mac_roman") if _decodes(data, one) and _looks_western(sample.decode(one))]
    if "cp1252" in plain and (best is None or str(best) == sample.decode("cp1252")):
        return "cp1252", ""
    if plain and (best is None or best.coherence == 0):
        encoding = plain[0]
    elif best is not None or _decodes(data, "cp1252"):
        encoding = "cp1252" if best is None else best.encoding
    else:
        raise UserError(f"{name} is not UTF-8, and no other encoding fits: save it as UTF-8, or say --encoding NAME.")
    words = ", ".join(sample.decode(encoding).split()[:3])
    return (
        encoding,
        f"{name} is not UTF-8. {encoding} is a guess: are these words right? {words}. If not, say --encoding NAME.",
    )


def _looks_western(text: str) -> bool:
    """RETURNS (bool): Whether words read as cp1252 look like Western European ones."""
    others = [char for char in text if ord(char) > 127]
    # "JosŽ" and "Èâàí" are no words: a capital after a small letter, almost no plain letters
    if not WESTERN.issuperset(others) or re.search("[a-zß-ÿ][À-ÞŒ]", text):
        return False
    letters = [char for char in text if char.isalpha()]
    return sum(ord(char) > 127 for char in letters) <= 0.5 * len(letters)


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return not any(unicodedata.category(char) == "Co" for char in set(text))


def _other_codec(error: UnicodeError, encoding: str) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode(encoding, errors="replace"), error.end


def _place(name: str, data: bytes, offset: int) -> str:
    return f"{name}, line {data.count(10, 0, offset) + 1}: byte 0x{data[offset]:02x} at offset {offset}"
