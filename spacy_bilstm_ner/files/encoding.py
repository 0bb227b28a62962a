"""Bytes → text, with an honest word where the encoding can only be guessed."""

import codecs
import re
import unicodedata

from ..errors import UserError
from .sentences import Data

# Codecs among which a file's is looked for when it is not UTF-8, and the languages in which each is the usual one.
LEGACY = {
    "cp1250": "pl cs sk hu hr sl ro bs sq", "cp1251": "ru uk bg sr mk be", "cp1252": "", "cp1253": "el",
    "cp1254": "tr az", "cp1255": "he", "cp1256": "ar fa ur", "cp1257": "lt lv et", "cp1258": "vi", "mac_roman": "",
    "koi8_r": "ru uk", "gb18030": "zh", "big5": "zh", "cp932": "ja", "cp949": "ko",
}  # fmt: skip
# Letters and signs that cp1252 writes in Western European texts.
WESTERN = frozenset(
    "àáâãäåæçèéêëìíîïñòóôõöøœùúûüýÿßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØŒÙÚÛÜ\xa0‘’“”„–—…•°€£§«»·´¡¿½¼¾²³®©™×±µºª"
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
# No word has letters of two scripts, or signs within.
_MIXED = re.compile(r"[a-z][\u0370-\u06ff€‚„…†‡‰¤¦¨]|[\u0370-\u06ff][a-z]", re.IGNORECASE)
# A byte that is not UTF-8, as Python's "surrogateescape" writes it; a character that is not ASCII, such bytes too.
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_NOT_ASCII = re.compile("[^\x00-\x7f]")


def decode(raw: bytes, data: Data, lang: str = "") -> tuple[str, str]:
    """Decode a text file: in the encoding that its options give, else UTF-8, UTF-16 with a mark, cp1252 or a guess.

    lang (str): The texts' language, which makes some encodings likelier.
    RETURNS (tuple[str, str]): The text with "\\n" at each line's end, and the encoding.
    RAISES UserError: If the file is binary, or is not in the encoding.
    """
    name, encoding = data.file, data.options.encoding
    if encoding == "auto" and raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif encoding == "auto" and (b"\0" in raw or len(_CONTROL.findall(raw)) * 100 > len(raw)):
        order = "be" if raw.startswith(b"\0") else "le"
        raise UserError(
            f"{name} is a binary file: expected text. If it is UTF-16, say --encoding utf-16-{order}."
        )
    try:
        text, encoding = (
            _find(raw, data, lang) if encoding == "auto" else (raw.decode(encoding), encoding)
        )
    except LookupError as error:
        raise UserError(f"{name}: {error}. Try utf-8, cp1252 or utf-16.") from error
    except UnicodeDecodeError as error:
        place = f"{name}, line {raw.count(10, 0, error.start) + 1}: byte 0x{raw[error.start]:02x}"
        raise UserError(
            f"{place} is not {encoding}. Give the right --encoding, or leave it out."
        ) from error
    except UnicodeError as error:
        raise UserError(f"{name} is not {encoding}: {error}. Give the right --encoding.") from error
    if "\0" in text:
        raise UserError(f"{name} is a binary file, or not {encoding}: expected text.")
    text = re.sub("\r\r?\n|\r", "\n", text).removeprefix("\ufeff")
    if not text.strip():
        raise UserError(f"{name} is empty: expected labelled sentences.")
    return text, encoding


def _find(raw: bytes, data: Data, lang: str) -> tuple[str, str]:
    """UTF-8, or what fits"""
    text = raw.decode("utf-8", errors="surrogateescape")
    if not _NOT_UTF8.search(text):
        return text, "utf-8"
    if len(_NOT_ASCII.findall(text)) >= 2 * len(_NOT_UTF8.findall(text)):
        remedy = "Correct these bytes, or give the --encoding of the file."
        for number, line in enumerate(text.split("\n"), 1):
            for bad in _NOT_UTF8.findall(line):
                what = (
                    f"byte 0x{ord(bad) - 0xDC00:02x} is not UTF-8, though the rest of the file is"
                )
                data.fault(number, what, remedy)
        data.faults.check()
    words = b" ".join(
        list(dict.fromkeys(re.findall(rb"[^\s,;|\"]*[\x80-\xff][^\s,;|\"]*", raw)))[:3000]
    )
    encoding, sure = _guess(raw, words, lang)
    name = f"{data.file} is not UTF-8"
    if not encoding:
        raise UserError(
            f"{name}, and no other encoding fits: save it as UTF-8, or say --encoding NAME."
        )
    if not sure:
        shown = ", ".join(words.decode(encoding).split()[:3])
        doubt = (
            f"{encoding} is a guess: are these words right? {shown}. If not, say --encoding NAME."
        )
        data.warn("encoding", f"{name}. {doubt}")
    return raw.decode(encoding), encoding


def _guess(data: bytes, sample: bytes, lang: str) -> tuple[str, bool]:
    """The most likely codec, "" if none fits; whether it is plainly cp1252"""
    from charset_normalizer import from_bytes

    fitting = [codec for codec in LEGACY if _fits(data, sample, codec)]
    matches = [
        match
        for match in from_bytes(sample, cp_isolation=list(LEGACY))
        if match.encoding in fitting
    ]
    plain = [
        codec
        for codec in ("cp1252", "mac_roman")
        if codec in fitting and _looks_western(sample.decode(codec))
    ]
    if plain[:1] == ["cp1252"] and (not matches or str(matches[0]) == sample.decode("cp1252")):
        return "cp1252", True
    ranked = [*(match.encoding for match in matches), *fitting]
    usual = [codec for codec in ranked if lang in LEGACY[codec].split()]
    if matches and matches[0].coherence > 0:
        plain = []
    return next(iter([*usual, *plain, *ranked]), ""), False


def _fits(data: bytes, sample: bytes, codec: str) -> bool:
    try:
        words = sample.decode(codec)
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return not _MIXED.search(words) and not any(
        unicodedata.category(char) == "Co" for char in words
    )


def _looks_western(text: str) -> bool:
    """Whether words look like Western European ones"""
    others = [char for char in text if ord(char) > 127]
    # "JosŽ" and "Èâàí" are no words: a capital after a small letter, almost no plain letters
    if not WESTERN.issuperset(others) or re.search("[a-zß-ÿ][À-ÞŒ]", text):
        return False
    return sum(map(str.isalpha, others)) <= 0.5 * sum(map(str.isalpha, text))
