"""Decode bytes as UTF-8, UTF-16 with a byte order mark or cp1252, or as the user says."""

import codecs
import re
from operator import attrgetter
from typing import Any

from ..errors import UserError
from .options import Options
from .records import Content

# Letters and signs that cp1252 has for Western European texts
WESTERN = frozenset(
    "àáâãäåæçèéêëìíîïñòóôõöøœùúûüýÿßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØŒÙÚÛÜ\xa0‘’“”„–—…•°€£§«»·´¡¿½¼¾²³®©™×±µºª"
)
# Encodings that messages propose
CODECS = (
    "cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 mac_roman koi8_r gb18030 big5 "
    "cp932 cp949"
)
# Number of encodings that a message lists, and of words that it shows in each
N_CANDIDATES, N_WORDS = 6, 5
_NOT_ASCII = re.compile("[^\x00-\x7f]")


def decode(content: Content, options: Options) -> Content:
    """Return a content with its text and the name of its encoding.

    RAISES UserError: If the content is binary or not in the user's encoding, or if its encoding
        cannot be detected. The message then lists candidates with some words in each.
    """
    encoding = options.encoding if options.encoding != "auto" else _detect(content)
    try:
        text = content.raw.decode(encoding)
    except (LookupError, UnicodeError) as error:
        raise UserError(
            f"{content.name}: {error}. Give another --encoding, such as cp1252, or leave it out."
        ) from error
    if "\0" in text:
        order = "be" if text.startswith("\0") else "le"
        raise UserError(
            f"{content.name} is a binary file: expected text. If it is UTF-16, use --encoding "
            f"utf-16-{order}."
        )
    if "\r" in text:
        text = re.sub("\r\r?\n|\r", "\n", text)
    return content._replace(text=text.removeprefix("\ufeff"), encoding=encoding)


def _detect(content: Content) -> str:
    """Return the name of the encoding."""
    name, raw = content.name, content.raw
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in raw:
        return "latin-1"  # it decodes any bytes, and `decode` then reports a binary file
    try:
        raw.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError as error:
        line, bad_byte = raw.count(b"\n", 0, error.start) + 1, raw[error.start]
    text = raw.decode("utf-8", errors="surrogateescape")
    n_bad_bytes = len(re.findall("[\udc80-\udcff]", text))
    if len(_NOT_ASCII.findall(text)) >= 2 * n_bad_bytes:
        raise UserError(
            f"{name}, line {line}: byte 0x{bad_byte:02x} is not UTF-8, but most of the file is "
            f"(number of such bytes: {n_bad_bytes:,}). Correct these bytes, or give the file's "
            "--encoding."
        )
    # Up to 3,000 different words that are not ASCII
    words = dict.fromkeys(re.findall(rb"[^\s,;|\"]*[\x80-\xff][^\s,;|\"]*", raw))
    sample = b" ".join(list(words)[:3000])
    if _is_western(sample):
        return "cp1252"
    listed = "\n".join(_candidates(raw, sample))
    raise UserError(
        f"{name} is not UTF-8, and its encoding cannot be detected. Which one spells these words "
        f"correctly? Say --encoding NAME.\n{listed}"
    )


def _is_western(sample: bytes) -> bool:
    """Return whether words look Western European in cp1252, and no other encoding fits better."""
    text = sample.decode("cp1252", errors="replace")
    accented = _NOT_ASCII.findall(text)
    # "JosŽ" and "Èâàí" are signs of another encoding: a capital follows a small letter, or most
    # letters are not ASCII.
    if not WESTERN.issuperset(accented) or re.search("[a-zß-ÿ][À-ÞŒ]", text):
        return False
    if 2 * sum(map(str.isalpha, accented)) > sum(map(str.isalpha, text)):
        return False
    best = _find_codecs(sample).best()
    return best is None or str(best) == text


def _find_codecs(sample: bytes) -> Any:
    """Return charset-normalizer's matches, the likeliest first."""
    from charset_normalizer import from_bytes

    return from_bytes(sample, cp_isolation=CODECS.split())


def _candidates(raw: bytes, sample: bytes) -> list[str]:
    """Return a line for each encoding that fits, the likeliest first: its name and some words."""
    lines = []
    likeliest = map(attrgetter("encoding"), _find_codecs(sample))
    for encoding in dict.fromkeys([*likeliest, *CODECS.split()]):
        try:
            raw.decode(encoding)
            words = sample.decode(encoding).split()[:N_WORDS]
        except UnicodeDecodeError:
            continue
        lines.append(f"  --encoding {encoding}: {' '.join(words)}")
    return lines[:N_CANDIDATES]
