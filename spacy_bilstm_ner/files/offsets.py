"""Texts with character offsets: JSON Lines of spaCy, doccano and Prodigy, and Label Studio's export → sentences."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from spacy.language import Language

from ..errors import UserError
from .faults import Faults
from .schemes import UNKNOWN
from .sentences import Data, Options, Origin, Sentence, build_sentences
from .spacing import UNSPACED
from .tables import split_rows

TEXT_KEYS = ("text", "data", "sentence", "content")
SPAN_KEYS = ("entities", "spans", "label", "labels")
WORD_KEYS = ("tokens", "words")
TAG_KEYS = ("ner_tags", "tags", "ner", "labels", "label", "entities")
DOCUMENT_KEYS = ("doc_id", "document_id", "id")
# So many characters may be missing from a word's edge, if they are less than half of it, for an entity to take them in.
MAX_CUT = 2


@dataclass
class Record:
    """One text. Its spans are start, end and label of each entity, and what the file says that stands there."""

    line: int
    text: str
    spans: list[tuple[int, int, str, str | None]]
    annotated: tuple[str, ...] | None = None
    document: str = ""


def read_json(text: str, name: str, options: Options, nlp: Language, data: Data) -> None:
    """Read JSON, or JSON Lines, with a record for each text, and add its sentences to `data`. The tokenizer of `nlp`
    finds their words.

    RAISES UserError: If it cannot be read; the message says where and what to do.
    """
    raw = list(_load(text, name))
    faults = Faults(name, lambda row: raw[row][0])
    worded = [row for row, (_, record) in enumerate(raw) if isinstance(record, dict) and _words(record)]
    if worded:
        found = [_words(raw[row][1]) for row in worded]
        tagged = [pair for pair in found if pair]
        inner = Faults(name, lambda row: raw[worded[row]][0])
        rows = split_rows([words for words, _ in tagged], [tags for _, tags in tagged], inner, None)
        rows.documents = [_document(raw[worded[int(number) - 1]][1]) for number in rows.ids]
        rows.tag_column = "tags"
        build_sentences(rows, name, options, data)
        if len(worded) < len(raw):
            raise UserError(f"{name} mixes records of words with records of texts: divide it.")
        return
    skipped = {"answer": 0, "unlabelled": 0, "several": 0}
    for row, (line, record) in enumerate(raw):
        try:
            parsed = _record(line, record, skipped)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            what = error.args[0] if isinstance(error, ValueError) else "this is no labelled text"
            faults.add(
                row, str(what), 'Expected {"text": "Mira left Oslo", "entities": [[0, 4, "per"]]}, or an export of one.'
            )
            continue
        if parsed is not None and parsed.text.strip():
            data.sentences.append(_sentence(parsed, name, nlp, data.doubtful))
            data.rows += 1
    faults.check()
    for key, message in (
        ("answer", "texts that were rejected or ignored (answer) were left out"),
        ("unlabelled", "tasks that nobody has annotated were left out"),
        ("several", "tasks with several annotations: the first that was not cancelled was taken"),
    ):
        if skipped[key]:
            data.warnings[f"json_{key}"] = f"{name}: {skipped[key]:,} {message}."


def _load(text: str, name: str) -> Iterator[tuple[int, Any]]:
    """YIELDS (tuple[int, Any]): Line and record."""
    try:
        if text.lstrip().startswith("["):
            # A list of records; but a line of JSON Lines may be a list, too: ["text", {"entities": []}]
            try:
                whole = json.loads(text)
            except json.JSONDecodeError:
                whole = None
            if isinstance(whole, list) and not (len(whole) == 2 and isinstance(whole[0], str)):
                yield from enumerate(whole, 1)
                return
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield number, json.loads(line)
    except json.JSONDecodeError as error:
        try:
            whole = json.loads(text)
        except json.JSONDecodeError:
            raise UserError(f"{name}, line {number}: this is no JSON ({error.msg}, column {error.colno}).") from error
        yield 1, whole


def _words(record: Any) -> tuple[list[Any], list[Any]] | None:
    """RETURNS (Optional[tuple[list, list]]): The words and tags of a record that has them as lists."""
    words = next((record[key] for key in WORD_KEYS if isinstance(record.get(key), list)), None)
    if words is None or not all(isinstance(word, str) for word in words):
        return None
    tags = next((record[key] for key in TAG_KEYS if isinstance(record.get(key), list)), None)
    return None if tags is None or any(isinstance(tag, list | dict) for tag in tags) else (words, tags)


def _record(line: int, record: Any, skipped: dict[str, int]) -> Record | None:
    """RETURNS (Optional[Record]): The text with its entities; None if the record is to be left out."""
    if isinstance(record, list):
        record = {"text": record[0], **record[1]}
    if not isinstance(record, dict):
        raise TypeError
    if record.get("answer", "accept") != "accept":
        skipped["answer"] += 1
        return None
    results = record.get("annotations", record.get("completions"))
    if results is not None and isinstance(record.get("data"), dict):
        done = [one for one in results if not one.get("was_cancelled") and not one.get("skipped")]
        skipped["several"] += len(done) > 1
        if not done:
            skipped["unlabelled"] += 1
            return None
        texts = [value for key, value in record["data"].items() if isinstance(value, str)]
        text = record["data"].get("text", texts[0] if len(texts) == 1 else None)
        spans = [one["value"] for one in done[0]["result"] if "start" in one.get("value", {})]
    else:
        text = next(record[key] for key in TEXT_KEYS if isinstance(record.get(key), str)) if _has_text(record) else None
        keys = [key for key in SPAN_KEYS if key in record]
        if not keys and "answer" not in record:
            raise ValueError("it has no entities: give an empty list if it holds none")
        spans = next((record[key] for key in keys if record[key]), record[keys[0]] if keys else [])
    if not isinstance(text, str):
        raise ValueError("it has no text")
    annotated = record.get("annotated")
    if spans is None:
        spans, annotated = [], annotated or []
    annotated = None if annotated is None else tuple(annotated)
    return Record(line, text, [_span(span) for span in spans], annotated, _document(record))


def _document(record: dict[str, Any]) -> str:
    return next((str(record[key]) for key in DOCUMENT_KEYS if isinstance(record.get(key), str | int)), "")


def _has_text(record: dict[str, Any]) -> bool:
    return any(isinstance(record.get(key), str) for key in TEXT_KEYS)


def _span(span: Any) -> tuple[int, int, str, str | None]:
    if isinstance(span, list):
        start, end, label = span
        return int(start), int(end), str(label), None
    label = span.get("label", span.get("labels", span.get("type")))
    if isinstance(label, list):
        if len(label) != 1:
            raise ValueError(f"an entity has {len(label)} labels, and can have one only")
        label = label[0]
    if not isinstance(label, str):
        raise ValueError("an entity has no label")
    start = span.get("start", span.get("start_offset"))
    return int(start), int(span.get("end", span.get("end_offset"))), label, span.get("text")


def _sentence(record: Record, name: str, nlp: Language, doubtful: list[str]) -> Sentence:
    """RETURNS (Sentence): The text's words and tags. An entity that cannot be told makes its words unknown."""
    tokens = nlp.make_doc(record.text)
    edges = {0, len(record.text)} | {edge for token in tokens for edge in (token.idx, token.idx + len(token))}
    spans: list[tuple[int, int, str]] = []
    lost: list[tuple[int, int]] = []

    def tell(what: str, span: tuple[int, int, str, str | None]) -> None:
        words = record.text[max(span[0], 0) : max(span[1], 0)]
        doubtful.append(f"{name}, line {record.line}: {span[2]} at {span[0]}:{span[1]} {words!r} {what}")

    for span in sorted(set(record.spans), key=lambda span: (span[0] - span[1], span[0])):
        start, end, label, said = span
        start, end, moved = _locate(record.text, start, end, said)
        if not 0 <= start < end <= len(record.text) or not record.text[start:end].strip():
            tell("is not in the text: it was left out", span)
            continue
        start += len(record.text[start:end]) - len(record.text[start:end].lstrip())
        end -= len(record.text[start:end]) - len(record.text[start:end].rstrip())
        whole = _whole_words(record.text, start, end, edges)
        if whole is None:
            tell("cuts a word in two: it was left out", span)
            lost.append((start, end))
        elif any(first < whole[1] and whole[0] < last for first, last, _ in spans):
            if (*whole, label) not in spans:
                tell("overlaps with a longer one: it was left out", span)
        else:
            if whole != (span[0], span[1]) or moved:
                tell(f"was read as {record.text[whole[0] : whole[1]]!r}", span)
            spans.append((*whole, label))
            edges |= set(whole)
    words, spaces, tags = [], [], []
    outside = "O" if record.annotated is None else UNKNOWN
    for start, end in _pieces(record.text, sorted(edges), {token.idx for token in tokens}):
        words.append(record.text[start:end])
        spaces.append(record.text[end : end + 1] == " ")
        inside = next(((first, label) for first, last, label in spans if first <= start < last), None)
        if inside:
            tags.append(f"{'B' if inside[0] == start else 'I'}-{inside[1]}")
        else:
            tags.append(UNKNOWN if any(first < end and start < last for first, last in lost) else outside)
    origin = Origin(name, record.line, record.document)
    return Sentence(str(record.line), tuple(words), tuple(tags), tuple(spaces), record.annotated, origin)


def _pieces(text: str, edges: Iterable[int], starts: set[int]) -> Iterator[tuple[int, int]]:
    """YIELDS (tuple[int, int]): Each word: the tokenizer's, divided where an entity ends within it."""
    previous = 0
    for edge in edges:
        piece = text[previous:edge]
        # Between two tokens there is the space that belongs to the first of them.
        if piece and not (piece == " " and previous not in starts):
            yield previous, edge
        previous = edge


def _locate(text: str, start: int, end: int, said: str | None) -> tuple[int, int, bool]:
    """RETURNS (tuple[int, int, bool]): Offsets of what the file says stands there, and whether they were moved. Some
    tools count the end's own character, others characters beyond U+FFFF as two."""
    if said is None or text[start:end] == said:
        return start, end, False
    if text[start : end + 1] == said:
        return start, end + 1, True
    units = text.encode("utf-16-le")
    if units[2 * start : 2 * end] == said.encode("utf-16-le"):
        return len(units[: 2 * start].decode("utf-16-le")), len(units[: 2 * end].decode("utf-16-le")), True
    if said and text.count(said) == 1:
        return text.index(said), text.index(said) + len(said), True
    return -1, -1, True


def _whole_words(text: str, start: int, end: int, edges: set[int]) -> tuple[int, int] | None:
    """RETURNS (Optional[tuple[int, int]]): The offsets, widened to whole words where only a little of them is missing;
    None where more is."""

    def cut(place: int) -> bool:
        inside = place not in edges and text[place - 1].isalnum() and text[place].isalnum()
        return inside and not UNSPACED.match(text[place])

    first, last = start, end
    while cut(first):
        first -= 1
    while cut(last):
        last += 1
    missing = start - first + last - end
    return None if missing > MAX_CUT or 2 * missing >= last - first else (first, last)
