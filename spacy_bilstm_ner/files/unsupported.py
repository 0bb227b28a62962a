"""Refuse files of other formats. The message says what to export instead."""

import re

from ..errors import UserError

# How a file begins -> what it is and what to do
REFUSED = {
    rb"#FORMAT=WebAnno TSV": "WebAnno TSV: export it as CoNLL 2003 or 2002",
    rb"\s*<\?xml[^>]*>\s*<xmi:XMI|\s*<xmi:XMI|\s*\{\s*\"%(TYPES|FEATURE_STRUCTURES|VIEWS)\"": (
        "UIMA CAS: export it as CoNLL 2003 or 2002, for example with INCEpTION"
    ),
    rb"\s*(?i:<!doctype html|<html)": "a web page: download the file that the page shows",
    rb"\s*(<\?xml|<!DOCTYPE|<TEI|<corpus)|\s*<(\w+)[^>]*>[\s\S]*</\2>\s*\Z": (
        "XML: export it as CSV, CoNLL or JSON"
    ),
    rb"%PDF": "a PDF: export its text, with the labels, as CSV or JSON",
    rb"\{\\rtf": "a document: export its text, with the labels, as CSV or JSON",
    rb"\x89PNG|\xff\xd8\xff|GIF8|II\*\0|MM\0\*|RIFF....WEBP": (
        "an image: export the text that was labelled in it, as CSV or JSON"
    ),
    rb"\xd0\xcf\x11\xe0": "an old Excel file: save it as .xlsx or as CSV (UTF-8)",
    rb"\s*(?:\w+\s*=\s*)?\[\s*\(": (
        "Python code: write it with json.dump(TRAIN_DATA, open('train.json', 'w'))"
    ),
    rb"[^\s|]+\|[^\s|]+\|[OBI]\S* \S+\|": (
        "spaCy's format with a sentence on each line: `python -m spacy convert -c iob` reads it"
    ),
    rb"[\s\S]{257}ustar": "a tar archive: unpack it, and give one of its files",
    rb"version https://git-lfs": "a pointer of Git LFS: `git lfs pull` gets the file",
}


def check_readable(raw: bytes, name: str) -> None:
    """Check that the format of a file can be read.

    RAISES UserError: If the file is of a kind in the table.
    """
    for start, kind in REFUSED.items():
        if re.match(start, raw):
            raise UserError(f"{name} is {kind}.")
