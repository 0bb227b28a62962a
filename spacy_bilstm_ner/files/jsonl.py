"""Texts with character offsets: JSON Lines of spaCy, doccano and Prodigy, and Label Studio's export → sentences."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from spacy.language import Language

from ..errors import UserError
from .rows import split_rows
from .schemes import UNKNOWN
from .sentences import File, Origin, Sentence, build_sentences
from .spacing import UNSPACED

TEXT_KEYS = ("text", "data", "sentence", "content")
SPAN_KEYS = ("entities", "spans", "label", "labels")
WORD_KEYS = ("tokens", "words")
TAG_KEYS = ("ner_tags", "tags", "ner", "labels", "label", "entities")
DOCUMENT_KEYS = ("doc_id", "document_id", "id")
EXPECTED = 'Expected {"text": "Mira left Oslo", "entities": [[0, 4, "per"]]}, or an export of one.'
# What is left out without being wrong, and how it is told.
SKIPPED = {
    "answer": "texts that were rejected or ignored (answer) were left out",
    "unlabelled": "tasks that nobody has annotated were left out",
    "several": "tasks with several annotations: the first that was not cancelled was taken",
}
# So many characters may be missing from a word, if they are less than half of it, for an entity to take them in.
MAX_CUT = 2


class Span(NamedTuple):
    """An entity, and what the file says that stands there"""

    start: int
    end: int
    label: str
    text: str | None = None


def read_json(text: str, nlp: Language, file: File) -> None:
    """Read JSON, or JSON Lines, with a record for each text, and add its sentences to the file's data. The tokenizer of
    `nlp` finds their words. Records that have a fault are left out.

    RAISES UserError: If it cannot be read; the message says where and what to do.
    """
    name, data = file.name, file.data
    records = list(_load(text, name))
    worded = [(line, str(line), _document(one), *pair) for line, one in records if (pair := _words(one))]
    if worded:
        if len(worded) < len(records):
            raise UserError(f"{name} mixes records of words with records of texts: divide it.")
        build_sentences(split_rows(worded, file), file)
        return
    skipped = Counter[str]()
    for line, record in records:
        try:
            parsed = _parse(record, skipped)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            what = error.args[0] if isinstance(error, ValueError) else "this is no labelled text"
            file.fault(line, str(what), EXPECTED)
            continue
        if parsed is not None and parsed[0].strip():
            origin = Origin(name, line, _document(record))
            data.sentences.append(_sentence(*parsed, origin, nlp, data.doubtful))
            data.rows += 1
    for key, count in skipped.items():
        data.warn(f"json_{key}", f"{name}: {count:,} {SKIPPED[key]}.")


def _load(text: str, name: str) -> Iterator[tuple[int, Any]]:
    """Line and record; its number, where all of them stand in one list"""
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
        whole = None
    if isinstance(whole, dict) and isinstance(whole.get("annotations"), list) and "data" not in whole:
        whole = whole["annotations"]
    # A line of JSON Lines may be a list, too: ["text", {"entities": []}]
    if isinstance(whole, list) and not (len(whole) == 2 and isinstance(whole[0], str)):
        yield from enumerate(whole, 1)
    elif whole is not None:
        yield 1, whole
    else:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except json.JSONDecodeError as error:
                    what = f"this is no JSON ({error.msg}, column {error.colno})"
                    raise UserError(f"{name}, line {number}: {what}.") from error


def _words(record: Any) -> tuple[list[Any], list[Any]] | None:
    """The words and tags of a record that has them as lists"""
    lists = {key: value for key, value in record.items() if isinstance(value, list)} if isinstance(record, dict) else {}
    words = next((lists[key] for key in WORD_KEYS if key in lists), [None])
    tags: list[Any] = next((lists[key] for key in TAG_KEYS if key in lists), [[]])
    fit = all(isinstance(word, str) for word in words) and not any(isinstance(tag, list | dict) for tag in tags)
    return (words, tags) if fit else None


def _document(record: Any) -> str:
    found = (record.get(key) for key in DOCUMENT_KEYS) if isinstance(record, dict) else ()
    return next((str(value) for value in found if isinstance(value, str | int)), "")


def _parse(record: Any, skipped: Counter[str]) -> tuple[str, list[Span], tuple[str, ...] | None] | None:
    """Text, entities, and the labels that were annotated; None if the record is to be left out"""
    if isinstance(record, list):
        record = {"text": record[0], **record[1]}
    if record.get("answer", "accept") != "accept":
        skipped["answer"] += 1
        return None
    annotated = record.get("annotated")
    annotated = [annotated] if isinstance(annotated, str) else annotated
    results = record.get("annotations", record.get("completions"))
    if results is not None and isinstance(record.get("data"), dict):
        done = [one for one in results if not one.get("was_cancelled") and not one.get("skipped")]
        if len(done) != 1:
            skipped["several" if done else "unlabelled"] += 1
        if not done:
            return None
        texts = {key: value for key, value in record["data"].items() if isinstance(value, str)}
        text = texts.get("text", next(iter(texts.values())) if len(texts) == 1 else None)
        spans = [one["value"] for one in done[0]["result"] if "start" in one.get("value", {})]
    else:
        text = next((record[key] for key in TEXT_KEYS if isinstance(record.get(key), str)), None)
        keys = [key for key in SPAN_KEYS if key in record]
        if text is not None and not keys and "answer" not in record:
            raise ValueError("it has no entities: give an empty list if it holds none")
        spans = next((record[key] for key in keys if record[key]), record[keys[0]] if keys else [])
    if not isinstance(text, str):
        raise ValueError("it has no text")
    if re.search("[\ud800-\udfff]", text):
        raise ValueError("its text has half a character (a surrogate)")
    if spans is None:
        spans, annotated = [], annotated or []
    return text, [_span(span) for span in spans], None if annotated is None else tuple(annotated)


def _span(span: Any) -> Span:
    if isinstance(span, list):
        start, end, label = span
        span = {"start": start, "end": end, "label": str(label)}
    label = span.get("label", span.get("labels", span.get("type")))
    if isinstance(label, list):
        if len(label) != 1:
            raise ValueError(f"an entity has {len(label)} labels, and can have one only")
        (label,) = label
    if not isinstance(label, str):
        raise ValueError("an entity has no label")
    start, end = span.get("start", span.get("start_offset")), span.get("end", span.get("end_offset"))
    return Span(int(start), int(end), label, span.get("text"))


def _sentence(
    text: str, given: list[Span], annotated: tuple[str, ...] | None, origin: Origin, nlp: Language, doubtful: list[str]
) -> Sentence:
    """The text's words and tags. An entity that cannot be told makes its words unknown."""
    tokens = nlp.make_doc(text)
    starts = {token.idx for token in tokens}
    edges = {0, len(text)} | starts | {token.idx + len(token) for token in tokens}
    spans: set[tuple[int, int, str]] = set()
    # The tag of each character of an entity, and the characters of entities that were left out
    inside: dict[int, str] = {}
    lost: set[int] = set()

    def tell(what: str, span: Span) -> None:
        words = text[max(span.start, 0) : max(span.end, 0)]
        doubtful.append(f"{origin.file}, line {origin.line}: {span.label} at {span.start}:{span.end} {words!r} {what}")

    # The longest first; of those that are alike, the first in the file
    for span in sorted(dict.fromkeys(given), key=lambda span: (span.start - span.end, span.start)):
        start, end = _locate(text, span)
        found = text[start:end] if 0 <= start < end <= len(text) else ""
        if not found.strip():
            tell("is not in the text: it was left out", span)
            continue
        start, end = start + len(found) - len(found.lstrip()), end - len(found) + len(found.rstrip())
        first, last = _whole_words(text, start, end, edges)
        missing = start - first + last - end
        if missing > MAX_CUT or 2 * missing >= last - first:
            tell("cuts a word in two: it was left out", span)
            lost.update(range(start, end))
        elif (first, last, span.label) in spans:
            continue
        elif not inside.keys().isdisjoint(range(first, last)):
            tell("overlaps with a longer one: it was left out", span)
            lost.update(range(first, last))
        else:
            if (first, last) != (span.start, span.end):
                tell(f"was read as {text[first:last]!r}", span)
            spans.add((first, last, span.label))
            edges |= {first, last}
            inside |= dict.fromkeys(range(first, last), f"I-{span.label}") | {first: f"B-{span.label}"}
    words, spaces, tags = [], [], []
    for start, end in pairwise(sorted(edges)):
        # Between two tokens there is the space that belongs to the first of them.
        if text[start:end] == " " and start not in starts:
            continue
        words.append(text[start:end])
        spaces.append(text[end : end + 1] == " ")
        unsure = annotated is not None or not lost.isdisjoint(range(start, end))
        tags.append(inside.get(start, UNKNOWN if unsure else "O"))
    return Sentence(str(origin.line), tuple(words), tuple(tags), tuple(spaces), annotated, origin)


def _locate(text: str, span: Span) -> tuple[int, int]:
    """Offsets of what the file says stands there; (-1, -1) if it does not. Some tools count the end's own character,
    others characters beyond U+FFFF as two."""
    start, end, _, said = span
    if said is None or text[start:end] == said:
        return start, end
    if text[start : end + 1] == said:
        return start, end + 1
    units = text.encode("utf-16-le")
    if units[2 * start : 2 * end] == said.encode("utf-16-le"):
        return len(units[: 2 * start].decode("utf-16-le")), len(units[: 2 * end].decode("utf-16-le"))
    return (text.index(said), text.index(said) + len(said)) if said and text.count(said) == 1 else (-1, -1)


def _whole_words(text: str, start: int, end: int, edges: set[int]) -> tuple[int, int]:
    """The offsets, widened to whole words"""

    def cuts(place: int) -> bool:
        inside = place not in edges and text[place - 1].isalnum() and text[place].isalnum()
        return inside and not UNSPACED.match(text[place])

    while cuts(start):
        start -= 1
    while cuts(end):
        end += 1
    return start, end
