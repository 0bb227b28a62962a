"""Read a .spacy file."""

import spacy
from spacy.tokens import Doc, DocBin

from .options import Options
from .records import UNKNOWN, Content, Origin, TaggedWords
from .report import Report


def read_spacy(content: Content, options: Options) -> tuple[list[TaggedWords], Report]:
    """Read the Docs of a .spacy file, with tags in BIO."""
    bin_of_docs = DocBin().from_bytes(content.raw)
    report = Report(rows_read=len(bin_of_docs))
    sentences = []
    docs = bin_of_docs.get_docs(spacy.blank("xx").vocab)
    for number, (doc, flags) in enumerate(zip(docs, bin_of_docs.flags, strict=True), 1):
        place = {"file": content.name, "line": number}
        if not len(doc):
            report.count("no_text", f"{content.name}, line {number}")
            continue
        report.words_read += sum(not token.is_space for token in doc)
        report.entities_read += len(doc.ents)
        sentences.append(_read_doc(doc, Origin(**flags.get("origin", place)), str(number)))
    return sentences, report


def _read_doc(doc: Doc, origin: Origin, number: str) -> TaggedWords:
    tags = []
    for token in doc:
        outside = "O" if token.ent_iob else UNKNOWN
        tags.append(f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else outside)
    words = tuple(token.text for token in doc)
    spaces = None
    if not doc.has_unknown_spaces:
        spaces = tuple(bool(token.whitespace_) for token in doc)
    annotated = None
    if "annotated" in doc.spans:
        annotated = tuple(doc.spans["annotated"].attrs.get("labels") or ())
    return TaggedWords(words, tuple(tags), spaces, annotated, origin, number)
