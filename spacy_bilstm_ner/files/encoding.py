"""Decode bytes as UTF-8, UTF-16 with a byte order mark or cp1252, or as the user says."""

import codecs
import re

from ..errors import UserError
from .records import Content

# Letters and signs that cp1252 has for Western European texts
WESTERN = frozenset(
    "àáâãäåæçèéêëìíîïñòóôõöøœùúûüýÿßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØŒÙÚÛÜ\xa0‘’“”„–—…•°€£§«»·´¡¿½¼¾²³®©™×±µºª"
)
# Encodings that messages propose
CODECS = (
    "cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 mac_roman koi8_r koi8_u "
    "gb18030 big5 cp932 euc_jp cp949"
)
# Number of words that a message shows in each encoding
N_WORDS = 5
# A file is binary if more than this share of its bytes are 0. Text from a PDF may have a few.
MAX_NULL_SHARE = 0.1
# A text is Hungarian if each of three groups of letters has more than this share of the characters
# that are not ASCII.
MIN_HUNGARIAN_SHARE = 0.05
_NOT_ASCII = re.compile("[^\x00-\x7f]")
# Signs of another encoding: "blŒ", "g³owa" and "oraºul"
_NOT_WESTERN = re.compile("[a-zß-ÿ]([À-ÞŒ]|[¹³º¿][a-zß-ÿ])")


def decode(content: Content, encoding: str) -> Content:
    """Return a content with its text and the name of its encoding. Line ends stay as they are.

    RAISES UserError: If the content is not in the user's encoding, or no encoding is detected.
    """
    encoding = encoding if encoding != "auto" else detect(content.name, content.raw)
    try:
        text = content.raw.decode(encoding)
    except (LookupError, UnicodeError) as error:
        raise UserError(
            f"{content.name}: {error}. Give another --encoding, or leave it out."
        ) from error
    # Before Python 3.11, `csv` does not read NUL.
    text = text.removeprefix("\ufeff").replace("\0", "\ufffd")
    return content._replace(text=text, encoding=encoding)


def detect(name: str, raw: bytes) -> str:
    """Return the name of the encoding of a file.

    RAISES UserError: If the file is binary, or its encoding is not clear. If most of the file is
        not UTF-8, the message shows some words in each possible encoding.
    """
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if raw.count(b"\0") > MAX_NULL_SHARE * len(raw):
        raise UserError(
            f"{name} is a binary file: expected text. If it is packed, unpack it. If it is UTF-16, "
            "use --encoding utf-16-le, or utf-16-be."
        )
    try:
        raw.decode("utf-8")
        return "utf-8-sig" if raw.startswith(codecs.BOM_UTF8) else "utf-8"
    except UnicodeDecodeError as error:
        line, bad_byte = raw.count(b"\n", 0, error.start) + 1, raw[error.start]
    text = raw.decode("utf-8", errors="surrogateescape")
    n_bad_bytes = len(re.findall("[\udc80-\udcff]", text))
    is_mostly_utf8 = len(_NOT_ASCII.findall(text)) >= 2 * n_bad_bytes
    # Up to 3,000 different words that are not ASCII
    words = list(dict.fromkeys(re.findall(rb"[^\s,;|\"]*[\x80-\xff][^\s,;|\"]*", raw)))[:3000]
    remedy = "Most of the file is UTF-8: correct these bytes."
    if not is_mostly_utf8:
        if _is_western(b" ".join(words)):
            return "cp1252"
        remedy = "Use the encoding that spells these words correctly, one of these or another:"
        remedy += "".join(_list_spellings(words))
    raise UserError(
        f"{name}, line {line}: byte 0x{bad_byte:02x} is not UTF-8 (number of such bytes: "
        f"{n_bad_bytes:,}). {remedy}"
    )


def _list_spellings(words: list[bytes]) -> list[str]:
    """Return the words whose spellings differ most, in each possible encoding."""
    from charset_normalizer import from_bytes

    matches = from_bytes(b" ".join(words), cp_isolation=CODECS.split())
    candidates = [match.encoding for match in matches] or CODECS.split()

    def count_spellings(word: bytes) -> int:
        return len({word.decode(codec, "replace") for codec in candidates})

    shown = b" ".join(sorted(words, key=count_spellings, reverse=True)[:N_WORDS])
    return [f"\n  --encoding {codec}: {shown.decode(codec, 'replace')}" for codec in candidates]


def _is_western(sample: bytes) -> bool:
    """Return whether words look Western European in cp1252."""
    text = sample.decode("cp1252", errors="replace")
    not_ascii = _NOT_ASCII.findall(text)
    is_mostly_accented = 2 * sum(map(str.isalpha, not_ascii)) > sum(map(str.isalpha, text))
    # Hungarian text in cp1250 has ő and ű, which are õ and û in cp1252. They are as frequent as ö
    # and ü.
    n_letters = [sum(map(not_ascii.count, letters)) for letters in ("õû", "öü", "áéíó")]
    is_hungarian = min(n_letters) > MIN_HUNGARIAN_SHARE * len(not_ascii)
    return WESTERN.issuperset(not_ascii) and not (
        is_mostly_accented or is_hungarian or _NOT_WESTERN.search(text)
    )
