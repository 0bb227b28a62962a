"""Texts with character offsets: JSON Lines of spaCy, doccano and Prodigy, and Label Studio's export → sentences."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from spacy.language import Language

from ..errors import UserError, count
from .columns import split_list
from .rows import as_rows
from .schemes import UNKNOWN
from .sentences import Data, Origin, Sentence, build_sentences
from .spacing import UNSPACED

TEXT_KEYS = ("text", "data", "sentence", "content")
SPAN_KEYS = ("entities", "spans", "label", "labels", "ents", "annotations")
WORD_KEYS = ("tokens", "words")
TAG_KEYS = ("ner_tags", "tags", "ner", "labels", "label", "entities")
DOCUMENT_KEYS = ("doc_id", "document_id", "id")
EXPECTED = 'Expected {"text": "Mira left Oslo", "entities": [[0, 4, "per"]]}, or an export of one.'
# What is left out without being wrong, and how it is told.
SKIPPED = {
    "answer": "text left out: rejected or ignored (answer)",
    "unlabelled": "task left out: nobody has annotated it",
    "several": "task with several annotations: the ground truth, or else the first that was not cancelled, was taken",
}
# So many characters may be missing from a word, if they are less than half of it, for an entity to take them in.
MAX_CUT = 2


class Span(NamedTuple):
    """An entity, and what the file says that stands there"""

    start: int
    end: int
    label: str
    text: str | None = None


def read_json(text: str, nlp: Language, data: Data) -> None:
    """Read JSON, or JSON Lines, with a record for each text, and add its sentences to the file's data. The tokenizer of
    `nlp` finds their words. Records that have a fault are left out.

    RAISES UserError: If it cannot be read; the message says where and what to do.
    """
    records = list(_load(text, data))
    worded = [(line, record, pair) for line, record in records if (pair := _words(record))]
    if worded:
        if len(worded) < len(records):
            raise UserError(f"{data.file} mixes records of words with records of texts: divide it.")
        found = [
            (*pair, line, str(line), _document(one), _annotated(one)) for line, one, pair in worded
        ]
        build_sentences([rows for one in found for rows in as_rows(*one, data=data)], data)
        return
    skipped = Counter[str]()
    for line, record in records:
        try:
            parsed = _parse(record, skipped)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            data.fault(
                line,
                str(error) if isinstance(error, UserError) else "this is no labelled text",
                EXPECTED,
            )
            continue
        if parsed is not None and parsed[0].strip():
            data.add(
                _sentence(*parsed, Origin(data.file, line, _document(record)), nlp, data.doubtful)
            )
    for key, number in skipped.items():
        noun, _, what = SKIPPED[key].partition(" ")
        data.warn(f"json_{key}", f"{data.file}: {count(number, noun)} {what}.")


def _load(text: str, data: Data) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line and record; its number, where all of them stand in one list. What is no record is a fault."""
    lines = ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    try:
        whole = json.loads(text)
        if (
            isinstance(whole, dict)
            and isinstance(whole.get("annotations"), list)
            and not {"data", "text"} & {*whole}
        ):
            whole = whole["annotations"]
        # A line of JSON Lines may be a list, too: ["text", {"entities": []}]
        is_list = isinstance(whole, list) and not (len(whole) == 2 and isinstance(whole[0], str))
        records: Iterator[tuple[int, Any]] = enumerate(whole if is_list else [whole], 1)
    except (json.JSONDecodeError, RecursionError):
        records = ((number, _loads(number, line, data)) for number, line in lines)
    for number, record in records:
        match record:
            case dict():
                yield number, record
            case [str() as words, dict() as more]:
                yield number, {"text": words, **more}
            case None:
                pass
            case _:
                data.fault(number, "this is no labelled text", EXPECTED)


def _loads(number: int, line: str, data: Data) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        what = f"this is no JSON ({error.msg}, column {error.colno})"
        data.fault(number, what, "JSON Lines have a whole record on each line.")
    except RecursionError:
        data.fault(number, "lists stand in lists, too deep to be read", EXPECTED)
    return None


def _words(record: dict[str, Any]) -> tuple[Any, Any] | None:
    """The words and tags of a record that has a tag for each word"""
    lists = {key: value for key, value in record.items() if isinstance(value, list | str)}
    words = next((lists[key] for key in (*WORD_KEYS, *TEXT_KEYS) if key in lists), [None])
    tags: Any = next((lists[key] for key in TAG_KEYS if lists.get(key, words) is not words), [[]])
    tags = split_list(tags) if isinstance(tags, str) else tags
    fit = all(isinstance(word, str) for word in words) and not any(
        isinstance(tag, list | dict) for tag in tags
    )
    # A text may have labels as a whole.
    as_many = isinstance(words, list) or (len(tags) > 0 and len(tags) == len(words.split()))
    return (words, tags) if fit and as_many else None


def _annotated(record: dict[str, Any]) -> tuple[str, ...] | None:
    """The labels that were annotated; None for all of them"""
    labels = record.get("annotated")
    return None if labels is None else (labels,) if isinstance(labels, str) else tuple(labels)


def _document(record: dict[str, Any]) -> str:
    return next(
        (str(record[key]) for key in DOCUMENT_KEYS if isinstance(record.get(key), str | int)), ""
    )


def _parse(
    record: dict[str, Any], skipped: Counter[str]
) -> tuple[str, list[Span], tuple[str, ...] | None] | None:
    """Text, entities, and the labels that were annotated; None if the record is to be left out"""
    if str(record.get("answer", "accept")).lower() != "accept":
        skipped["answer"] += 1
        return None
    annotated = _annotated(record)
    # A task that was never in Label Studio has predictions only.
    results = record.get("annotations", record.get("completions", record.get("predictions")))
    if results is not None and isinstance(record.get("data"), dict):
        done = [one for one in results if not one.get("was_cancelled") and not one.get("skipped")]
        if len(done) != 1:
            skipped["several" if done else "unlabelled"] += 1
        if not done:
            return None
        best = next((one for one in done if one.get("ground_truth")), done[0])
        texts = {key: value for key, value in record["data"].items() if isinstance(value, str)}
        text = texts.get("text", next(iter(texts.values())) if len(texts) == 1 else None)
        spans = [one["value"] for one in best["result"] if "start" in one.get("value", {})]
    else:
        text = next((record[key] for key in TEXT_KEYS if isinstance(record.get(key), str)), None)
        keys = [key for key in SPAN_KEYS if key in record]
        if text is not None and not keys and "answer" not in record:
            raise UserError("it has no entities: give an empty list if it holds none")
        spans = next((record[key] for key in keys if record[key]), record[keys[0]] if keys else [])
    if not isinstance(text, str):
        raise UserError(f"it has no text, or several (it has {', '.join(record)})")
    if re.search("[\ud800-\udfff]", text):
        raise UserError("its text has half a character (a surrogate)")
    return (
        text,
        [_span(span) for span in spans or ()],
        () if spans is None and annotated is None else annotated,
    )


def _span(span: Any) -> Span:
    if isinstance(span, list):
        span = dict(zip(("start", "end", "label"), span, strict=True))
    labels = span.get("label", span.get("labels", span.get("type", span.get("entity"))))
    labels = labels if isinstance(labels, list) else [labels]
    if len(labels) != 1:
        raise UserError(f"an entity has {len(labels)} labels, and can have one only")
    label = labels[0]
    if not isinstance(label, str) or not label.strip():
        raise UserError(f"an entity's label must be its name, but is {json.dumps(label)}")
    start, end = (
        span.get("start", span.get("start_offset")),
        span.get("end", span.get("end_offset")),
    )
    return Span(int(start), int(end), label.strip(), span.get("text"))


def _sentence(
    text: str,
    given: list[Span],
    annotated: tuple[str, ...] | None,
    origin: Origin,
    nlp: Language,
    doubtful: list[str],
) -> Sentence:
    """The text's words and tags. An entity that cannot be told makes its words unknown."""
    tokens = nlp.make_doc(text)
    starts = {token.idx for token in tokens}
    edges = {0, len(text)} | starts | {token.idx + len(token) for token in tokens}
    spans: set[tuple[int, int, str]] = set()
    # The tag of each character of an entity, and the characters of entities that were left out
    inside: dict[int, str] = {}
    lost: set[int] = set()
    # The longest first; of those that are alike, the first in the file
    for span in sorted(dict.fromkeys(given), key=lambda span: (span.start - span.end, span.start)):
        start, end = _locate(text, span)
        found = text[start:end] if 0 <= start < end <= len(text) else ""
        first, last = max(span.start, 0), max(span.end, 0)
        told = f"{origin.file}, line {origin.line}: {span.label} at {span.start}:{span.end} {text[first:last]!r}"
        if found.strip():
            start, end = (
                start + len(found) - len(found.lstrip()),
                end - len(found) + len(found.rstrip()),
            )
            first, last = _whole_words(text, start, end, edges)
        missing = start - first + last - end
        if not found.strip():
            fault = "is not in the text"
        elif missing > MAX_CUT or 2 * missing >= last - first:
            fault = "cuts a word in two"
        elif (first, last, span.label) in spans:
            continue
        elif not inside.keys().isdisjoint(range(first, last)):
            fault = "overlaps with a longer one"
        else:
            if (first, last) != (span.start, span.end):
                doubtful.append(f"{told} was read as {text[first:last]!r}")
            spans.add((first, last, span.label))
            edges |= {first, last}
            inside |= dict.fromkeys(range(first, last), f"I-{span.label}") | {
                first: f"B-{span.label}"
            }
            continue
        doubtful.append(f"{told} {fault}: it was left out")
        lost.update(range(first, last))
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
    others bytes, or characters beyond U+FFFF as two: where offsets fit no words, those that do are looked for."""
    start, end, _, said = span
    if (said is None and (text.isascii() or _is_whole(text, start, end))) or start < 0:
        return start, end
    fitting = [(start, end)]
    for encoding, size in (("utf-16-le", 2), ("utf-8", 1)):
        offsets = accumulate((len(char.encode(encoding)) // size for char in text), initial=0)
        places = {offset: place for place, offset in enumerate(offsets)}
        if start in places and end in places:
            fitting.append((places[start], places[end]))
    if said is None:
        whole = {place for place in fitting if _is_whole(text, *place)}
        return whole.pop() if len(whole) == 1 else (start, end)
    firsts = [first for first, _ in fitting] + [text.index(said)] * (text.count(said) == 1)
    return next(
        ((first, first + len(said)) for first in firsts if text.startswith(said, first)), (-1, -1)
    )


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether words begin and end here"""
    found = text[start:end] if 0 <= start < end <= len(text) else " "
    return found == found.strip() and _whole_words(text, start, end, set()) == (start, end)


def _whole_words(text: str, start: int, end: int, edges: set[int]) -> tuple[int, int]:
    """The offsets, widened to whole words"""

    def cuts(place: int) -> bool:
        if not 0 < place < len(text) or place in edges or UNSPACED.match(text[place]):
            return False
        # An accent that is a character of its own belongs to the letter before it.
        return unicodedata.category(text[place])[0] == "M" or (
            text[place - 1].isalnum() and text[place].isalnum()
        )

    while cuts(start):
        start -= 1
    while cuts(end):
        end += 1
    return start, end
