"""Divide texts into words, make Docs from sentences, and sentences from Docs."""

import operator
import re
import sys
from collections.abc import Sequence
from itertools import chain, pairwise
from operator import attrgetter

import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, SpanGroup

from ..errors import UserError
from .offsets import check_reading, cuts_word, is_same_text, locate
from .options import Options
from .records import UNKNOWN, Content, Origin, TaggedWords, TextWithSpans
from .report import Report
from .spacing import spaces_after

_LETTER_AND_LABEL = re.compile("[BI]-.+")
# --nested -> key by which overlapping entities are sorted; the first one stays
_ORDERS = {
    "outer": lambda span: (span.start, -span.end),
    "inner": lambda span: (span.end - span.start, span.start),
    "longest": lambda span: (span.start - span.end, span.start),
}


def blank_pipeline(lang: str) -> Language:
    """Make a pipeline that only has a tokenizer, for texts of any length.

    RAISES UserError: If spaCy has no language of this code, or it needs a package that is not
        installed.
    """
    try:
        nlp = spacy.blank(lang)
    except (ImportError, ValueError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"--lang {lang} cannot be used ({reason}). Give a code such as en, de, fr, or xx for "
            "any language, or install what is missing."
        ) from error
    nlp.max_length = sys.maxsize
    return nlp


def find_words(
    texts: Sequence[TextWithSpans], nlp: Language, options: Options, report: Report
) -> list[TaggedWords]:
    """Divide the texts of a file into words, with tags in BIO.

    An entity that begins or ends inside a token, between two letters or digits (see `cuts_word`),
    is left out. If it begins or ends elsewhere inside a token, such as after the hyphen in
    "ex-Oslo", the token is divided there. If every label of the file begins with B- or I-, these
    letters are read like those of tags.

    texts (Sequence[TextWithSpans]): The texts of one file.
    nlp (Language): A pipeline, whose tokenizer finds the words.
    RAISES UserError: If too many entities do not fit the text (see `check_reading`), and
        `options.fields` does not say what offsets count; or if entities overlap, and
        `options.nested` is None.
    """
    if not options.fields.keys() & {"unit", "end_inclusive", "shift"}:
        check_reading(texts)
    spans_of_file = chain.from_iterable(map(attrgetter("spans"), texts))
    labels = set(map(attrgetter("label"), spans_of_file)) - {None, ""}
    have_letters = all(map(_LETTER_AND_LABEL.fullmatch, labels))
    sentences = []
    for text in texts:
        spans = sorted(locate(text, text.reading), key=_ORDERS[options.nested or "outer"])
        if have_letters:  # a span with I- comes after the span that it continues
            spans.sort(key=lambda span: span.start if str(span.label)[:1] == "I" else -1)
        sentence = _find_words(text._replace(spans=tuple(spans)), nlp, have_letters, report)
        report.read["words"] += sentence.n_words
        sentences.append(sentence)
    if "nested" in report.counts and options.nested is None:
        raise UserError(
            f"Entities that overlap with another one: {report.counts['nested']['entities']:,}, "
            f"such as {'; '.join(report.places['nested'])}. Say which to keep: --nested outer, "
            "--nested inner or --nested longest."
        )
    return sentences


def _find_words(
    text: TextWithSpans, nlp: Language, have_letters: bool, report: Report
) -> TaggedWords:
    tokens = text.word_offsets
    if tokens is None:
        tokens = tuple((token.idx, token.idx + len(token)) for token in nlp.make_doc(text.text))
    starts = {start for start, _ in tokens}
    edges = set(chain.from_iterable(tokens))
    tags = _tag_characters(text, edges, have_letters, report)
    words, tags_of_words, spaces = [], [], []
    for start, end in pairwise(sorted(edges)):
        word = text.text[start:end]
        if word != " " or start in starts:  # a blank after a word is not a word
            words.append(word)
            tags_of_words.append(UNKNOWN if UNKNOWN in tags[start:end] else tags[start])
            spaces.append(text.text[end : end + 1] == " " and end not in starts)
    return TaggedWords(
        tuple(words),
        tuple(tags_of_words),
        tuple(spaces) if text.word_offsets is None else None,
        text.annotated,
        text.origin,
        str(text.origin.line),
        text.rows,
    )


def _tag_characters(
    text: TextWithSpans, edges: set[int], have_letters: bool, report: Report
) -> list[str]:
    """Return a tag for each character. Of overlapping entities, the first one stays.

    edges (set[int]): Where words begin and end. Those of the entities are added.
    """
    tags = ["O"] * len(text.text)
    distinct = set()
    for span in text.spans:
        words = text.text[span.start : span.end]
        start = span.start + len(words) - len(words.lstrip())
        end = start + len(words.strip())
        place = f"{text.origin.place()}: {span.label} {words!r}"
        reason = ""
        if span.label == "":
            reason = "no_label"
        elif start == end:
            reason = "not_in_text"
        elif span.text is not None and not is_same_text(words, span.text):
            reason = "other_text"
            place += f" instead of {span.text!r}"
        elif any(edge not in edges and cuts_word(text.text, edge) for edge in (start, end)):
            reason = "cut"
        elif (start, end, span.label) in distinct:
            reason = "repeated"
        elif any(tag[0] in "BI" for tag in tags[start:end]):
            reason = "nested"
        if span.label is None or reason in ("other_text", "cut"):
            # The words may belong to an entity that was left out.
            tags[start:end] = [UNKNOWN if tag == "O" else tag for tag in tags[start:end]]
        if span.label is None:
            continue
        if reason:
            report.count(reason, place)
            continue
        report.count("trimmed", place, int(len(words) > end - start))
        distinct.add((start, end, span.label))
        letter, label = (span.label[0], span.label[2:]) if have_letters else ("B", span.label)
        if letter == "I":
            end_before = len(text.text[:start].rstrip())
            is_continued = tags[end_before - 1][1:] == f"-{label}" and end_before > 0
            report.count("joined" if is_continued else "begun", place)
            if is_continued:
                start = end_before
            else:
                letter = "B"
        tags[start:end] = [f"{letter}-{label}", *[f"I-{label}"] * (end - start - 1)]
        edges |= {start, end}
    return tags


def make_doc(nlp: Language, sentence: TaggedWords) -> tuple[Doc, Doc]:
    """Make a Doc. Unknown spaces are chosen so that the tokenizer does not merge words.

    sentence (TaggedWords): A sentence with tags in BIO.
    RETURNS (tuple[Doc, Doc]): The gold Doc, and a Doc that the tokenizer makes from its text.
    """
    words = list(sentence.words)
    spaces = list(sentence.spaces or spaces_after(words))
    # In a partly labelled sentence, words outside of entities are unknown. For spaCy, unknown tags
    # are empty.
    unknown = (UNKNOWN,) if sentence.annotated is None else (UNKNOWN, "O")
    tags = ["" if tag in unknown else tag for tag in sentence.tags]
    origin = sentence.origin._asdict()
    while True:
        gold = Doc(nlp.vocab, words=words, spaces=spaces, ents=tags, user_data={"origin": origin})
        tokenized = nlp.make_doc(gold.text)
        # The tokenizer has merged two words if there is no space between them, and none of its
        # tokens ends there.
        ends = {token.idx + len(token) for token in tokenized}
        is_merged = [not (token.whitespace_ or token.idx + len(token) in ends) for token in gold]
        if sentence.spaces or not any(is_merged):
            break
        spaces = list(map(operator.or_, spaces, is_merged))
    if sentence.annotated is not None:
        attributes = {"labels": list(sentence.annotated)}
        gold.spans["annotated"] = SpanGroup(gold, name="annotated", attrs=attributes)
    return gold, tokenized


def count_aligned(gold: Doc, tokenized: Doc) -> int:
    """Count the entities that consist of whole tokens of the tokenizer.

    `spacy train` sees only these, with `gold_preproc = false`.
    """
    spans = [tokenized.char_span(ent.start_char, ent.end_char) for ent in gold.ents]
    return len(spans) - spans.count(None)


def read_spacy(content: Content, options: Options) -> tuple[list[TaggedWords], Report]:
    """Read the Docs of a .spacy file, with tags in BIO."""
    bin_of_docs = DocBin().from_bytes(content.raw)
    report = Report()
    sentences = []
    docs = bin_of_docs.get_docs(spacy.blank("xx").vocab)
    for number, (doc, flags) in enumerate(zip(docs, bin_of_docs.flags, strict=True), 1):
        report.read["rows"] += 1
        origin = Origin(**flags.get("origin", {"file": content.name, "line": number}))
        if not doc:
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
    known_spaces = tuple(bool(token.whitespace_) for token in doc)
    spaces = None if doc.has_unknown_spaces else known_spaces
    annotated = None
    if "annotated" in doc.spans:
        annotated = tuple(doc.spans["annotated"].attrs.get("labels") or ())
    return TaggedWords(tuple(map(str, doc)), tuple(tags), spaces, annotated)
