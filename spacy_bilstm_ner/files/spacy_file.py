"""Read a .spacy file."""

import spacy
from spacy.tokens import Doc, DocBin

from .options import Options
from .records import UNKNOWN, Content, Origin, TaggedWords
from .report import Report


def read_spacy(content: Content, options: Options) -> tuple[list[TaggedWords], Report]:
    """Read the Docs of a .spacy file, with tags in BIO."""
    bin_of_docs = DocBin().from_bytes(content.raw)
    report = Report()
    sentences = []
    docs = bin_of_docs.get_docs(spacy.blank("xx").vocab)
    for number, (doc, flags) in enumerate(zip(docs, bin_of_docs.flags, strict=True), 1):
        report.read["rows"] += 1
        origin = Origin(**flags.get("origin", {"file": content.name, "line": number}))
        if not len(doc):
            report.count("no_text", origin.place())
            continue
        sentence = _read_doc(doc)._replace(origin=origin, number=str(number))
        report.read["words"] += sentence.n_words
        report.read["entities"] += sentence.n_entities
        sentences.append(sentence)
    return sentences, report


def _read_doc(doc: Doc) -> TaggedWords:
    tags = []
    for token in doc:
        outside = "O" if token.ent_iob else UNKNOWN
        tags.append(f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else outside)
    words, followed = zip(*((token.text, bool(token.whitespace_)) for token in doc), strict=True)
    spaces = None if doc.has_unknown_spaces else followed
    annotated = None
    if "annotated" in doc.spans:
        annotated = tuple(doc.spans["annotated"].attrs.get("labels") or ())
    return TaggedWords(words, tuple(tags), spaces, annotated)
