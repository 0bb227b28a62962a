"""Read records of labelled texts, with a table that says where each export has its entities."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, islice, pairwise, product
from typing import Any

from ..errors import UserError
from .cells import parse
from .offsets import find_occurrences, make_reading
from .options import Options, parse_pairs
from .records import Origin, Records, Span, TaggedWords, TextWithSpans
from .report import Report, check_rows
from .schemes import is_tag

# The export is recognised from this many records. All records must fit it.
N_SAMPLE = 100
# Raised while reading a record that does not fit an export
MISFIT_ERRORS = (TypeError, ValueError, IndexError, OverflowError, SyntaxError, RecursionError)
# Path of the document's id in a record
DOCUMENT = "doc_id|document_id|documentName|example_id|id"
MISSING = object()

# Where an export has its texts and entities: key -> path. "data.text" is the member "text" of the
# object "data", "span.0" is the first element of a list, "tokens.orth" is a list of the members
# "orth" of all elements, "data.*" is the only string of an object. "text|data" is the first path
# that exists. The keys:
#   text, words           a text, or a list of words
#   tags                  a list with a tag for each word
#   entities              a list of entities; null if nobody has annotated the text
#   passes                a list of annotations of the text; their keys are added to the record
#   type                  not a path but a word: an element of the list is an entity if its `type`
#                         ends in this word
#   label                 of an entity: a label or a list of labels
#   start, end, own_text  of an entity; lists of starts and ends if it has several parts; without a
#                         start, every occurrence of its own text is an entity
#   status                a key that every record of the export has. A record is left out if its
#                         value is "reject" or "ignore", or is empty because nobody has annotated
#                         the text. In such an export, a record without a list of entities is an
#                         annotated text without entities.
#   unit, end_inclusive, shift   not paths but what offsets count, see `Reading`
DEFAULTS = {key: key for key in ("text", "entities", "start", "end", "label")}
# Tool -> its export, as in `--fields`
EXPORTS = {
    "Label Studio": """
        text=data.text|data.content|data.sentence|data.*,
        status=annotations|completions|predictions,passes=annotations|completions|predictions,
        entities=result,type=labels,start=value.start,end=value.end,label=value.labels,
        own_text=value.text""",
    "Label Studio, JSON-MIN or CSV": """
        text=text|content|sentence,entities=label,label=labels,own_text=text""",
    "Prodigy": "entities=spans,own_text=text,status=answer",
    "Dataturks": """
        text=content,entities=annotation,start=points.start,end=points.end,own_text=points.0.text,
        end_inclusive=yes""",
    "LightTag": "text=content,entities=annotations,label=tag,own_text=value,status=seen_by",
    "UBIAI": "text=document,entities=tokens|annotation,label=entityLabel|label,own_text=text",
    "Rasa": "label=entity,status=intent",
    "ai4privacy": "text=source_text,entities=privacy_mask,own_text=value",
    "Gretel": "text=generated_text,entities=pii_spans",
    "Presidio": """
        text=full_text,entities=spans,start=start_position,end=end_position,label=entity_type,
        own_text=entity_value""",
    "CLUENER": "entities=label,own_text=text,end_inclusive=yes",
    "Stockmark": "start=span.0,end=span.1,label=type,own_text=name",
    "GLiNER": """
        words=tokenized_text,entities=ner,start=0,end=1,label=2,unit=words,end_inclusive=yes""",
    "SpERT": "words=tokens,label=type,unit=words",
    "spaCy, training data of version 2": "words=tokens.orth,tags=tokens.ner",
    "spaCy, Doc.to_json": "entities=ents",
    "doccano": "text=text|data,start=start_offset,end=end_offset",
    "doccano or spaCy": """
        text=text|data|content|sentence,entities=label|labels|entities,start=0,end=1,label=2""",
    "words with tags": """
        words=tokens|words|sentence|text,tags=ner_tags|tags|labels|ner|ne|label|entities""",
    "words with spans": """
        words=tokens|words,entities=spans|entities|ner_spans|ner,label=label|type|tag,unit=words""",
    "texts with spans": """
        text=text|data|content|sentence,
        entities=entities|spans|annotations|annotation|labels|label|ents,
        start=start|start_offset|start_char|begin,end=end|end_offset|end_char,
        label=label|labels|type|tag|tag_name|entity|entity_group|class,
        own_text=text|value|name|word""",
    "entities without offsets": """
        text=text|data|content|sentence|input,entities=entities|spans|labels|output|ner,start=,
        label=label|labels|type|types|tag|class|category|entity_type,
        own_text=text|entity|name|value|word|mention|span""",
}


# Keys without a path have "".
Export = defaultdict[str, str]


def read_records(
    records: Iterable[tuple[int, Any]], name: str, options: Options
) -> tuple[Records, Report]:
    """Read the records of one file.

    records (Iterable[tuple[int, Any]]): Line or number of each record, and the record: a JSON
        object, or a row of a table. The entities of a row may be written as text.
    name (str): Name of the file in messages.
    RAISES UserError: If the records fit no export in the table, or a record does not fit the export
        of the first records.
    """
    stream = iter(records)
    sample = list(islice(stream, N_SAMPLE))
    exports = _list_exports(options)
    n_fitting = [sum(_fits(record, export) for _, record in sample) for export in exports]
    # The export that fits the most records is taken. If several fit equally many, it is the first.
    export = exports[n_fitting.index(max(n_fitting))]
    if len(exports) > 1 and not any(n_fitting):
        sample.sort(key=lambda numbered: len(str(numbered)))
        raise UserError(_describe_unknown(sample[-1][1] if sample else None, name))
    report = Report(guesses={"export": export["tool"]})
    texts: list[Any] = []
    faults = []
    for line, record in chain(sample, stream):
        origin = Origin(name, line, str(look_up(record, DOCUMENT, "")))
        try:
            texts += _read_record(record, export, origin, report)
        except MISFIT_ERRORS as error:
            faults.append((line, str(error)))
    check_rows(
        name,
        faults,
        f"Write them like the other records ({export['tool']}), or describe all with --fields.",
    )
    return texts, report


def is_record(value: Any, options: Options) -> bool:
    """Return whether a value of JSON is a record of an export."""
    return any(_fits(value, export) for export in _list_exports(options))


def look_up(value: Any, path: str, default: Any = MISSING) -> Any:
    """Return the value at a path, see EXPORTS; the default if there is none."""
    for alternative in filter(None, path.split("|")):
        member = value
        for key in alternative.split("."):
            member = _member(member, key)
        if member is not MISSING:
            return member
    return default


def _member(value: Any, key: str) -> Any:
    try:
        if key == "*":
            (only_string,) = [member for member in value.values() if isinstance(member, str)]
            return only_string
        if isinstance(value, list) and not key.isdigit():
            return [element[key] for element in value] or MISSING
        return value[int(key) if isinstance(value, list) else key]
    except (KeyError, *MISFIT_ERRORS, AttributeError):
        return MISSING


def _expect(value: Any, path: str, kind: Any = object) -> Any:
    """Return the value at a path.

    RAISES ValueError: If there is none, or it has another type.
    """
    member = look_up(value, path)
    if member is MISSING or not isinstance(member, kind):
        raise ValueError(f"{path!r} is missing or is not as expected in {str(value)[:60]}")
    return member


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _list_exports(options: Options) -> list[Export]:
    """Return the exports of the table, in which paths of `--fields` replace others.

    If `--fields` says where the entities are, it is the only export. If it has `own_text` and no
    `start`, offsets in the records are ignored.
    """
    fields = dict(options.fields)
    if "own_text" in fields:
        fields.setdefault("start", "")
    if "words" in fields:
        fields.setdefault("unit", "words")
    make_reading(fields)  # checks the values
    is_described = fields.keys() & {"entities", "tags"}
    exports = []
    for tool, paths in ({"--fields": "text=text"} if is_described else EXPORTS).items():
        paths_of_tool = parse_pairs("".join(paths.split()).split(","))
        exports.append(Export(str, DEFAULTS | paths_of_tool | fields, tool=tool))
    return exports


def _fits(record: Any, export: Export) -> bool:
    report = Report()
    try:
        list(_read_record(record, export, Origin(), report))
    except MISFIT_ERRORS:
        return False
    # A record without a text says nothing about the export.
    return "no_text" not in report.counts


def _read_record(
    record: Any, export: Export, origin: Origin, report: Report
) -> Iterator[TaggedWords | TextWithSpans]:
    """Yield a text for each annotation of a record. Count those that are left out.

    RAISES ValueError: If the record does not fit the export.
    """
    annotations = [record]
    if export["passes"]:
        passes = _expect(record, export["passes"], list)
        annotations = [record | annotation for annotation in passes] or annotations
    for annotation in annotations:
        report.read["rows"] += 1
        reason = _reason_to_leave_out(annotation, export)
        if reason:
            report.count(reason, origin.place())
        else:
            yield _read_text(annotation, export, origin, report)


def _reason_to_leave_out(record: Any, export: Export) -> str:
    """Return why a record is not read; "" if it is."""
    if record is None:
        return "no_text"
    kind = list if export["words"] else str | None
    text = _expect(record, export["words"] or export["text"], kind)
    if not "".join(map(str, text or "")).strip():
        return "no_text"
    status = _expect(record, export["status"]) if export["status"] else "accept"
    if status in ("reject", "ignore") or look_up(record, "was_cancelled") is True:
        return "rejected"
    is_annotated = status and (export["tags"] or look_up(record, export["entities"]) is not None)
    return "" if is_annotated else "unfinished"


def _read_text(
    record: Any, export: Export, origin: Origin, report: Report
) -> TaggedWords | TextWithSpans:
    """Return the words and tags of a record, or its text and spans.

    RAISES ValueError: If the record does not fit the export.
    """
    words = _list_words(record, export["words"]) if export["words"] else None
    text = _expect(record, export["text"]) if words is None else " ".join(words)
    # After a binary answer, entities of any label may be missing.
    labels = [] if look_up(record, "_is_binary") is True else look_up(record, "annotated")
    annotated = tuple(map(str, labels)) if isinstance(labels, list) else None
    if words is not None and export["tags"]:
        tags = tuple(_list_words(record, export["tags"]))
        if len(tags) != len(words):
            raise ValueError(f"it has {len(words):,} words and {len(tags):,} tags")
        spaces = look_up(record, "trailing_whitespace")
        has_spaces = isinstance(spaces, list) and len(spaces) == len(words)
        known_spaces = tuple(map(bool, spaces)) if has_spaces else None
        return TaggedWords(tuple(words), tags, known_spaces, annotated, origin)
    spans: list[Span] = []
    for entity in _list_entities(record, export):
        spans += _read_entity(entity, text, export, origin, report)
    offsets = None if words is None else _offsets(words)
    return TextWithSpans(text, tuple(spans), annotated, origin, 1, offsets, make_reading(export))


def _list_words(record: Any, path: str) -> list[str]:
    """Return a list of words or tags, which may be numbers."""
    words = _expect(record, path, list)
    if not all(isinstance(word, str | int) for word in words):
        raise ValueError(f"the items of {path!r} are not text")
    return list(map(str, words))


def _offsets(words: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return the start and end of each word in the words joined by blanks."""
    starts = accumulate((len(word) + 1 for word in words), initial=0)
    return tuple((start, next_start - 1) for start, next_start in pairwise(starts))


def _list_entities(record: Any, export: Export) -> list[Any]:
    """Return the entities of a text."""
    entities = look_up(record, export["entities"])
    if isinstance(entities, str):
        entities = parse(entities)
    if isinstance(entities, dict):
        entities = list(_flatten(entities))
    if entities is MISSING and export["status"]:
        return []
    if not isinstance(entities, list):
        raise ValueError(f"there is no list of entities at {export['entities']!r}")
    return [entity for entity in entities if str(look_up(entity, "type")).endswith(export["type"])]


def _flatten(entities: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an object for each entity of {label: {text: [[start, end]]}} or {label: [text]}.

    Language models also write {label: text} and {label: null}.
    """
    for label, texts in entities.items():
        for text in texts if isinstance(texts, dict) else _as_list(texts or []):
            places = texts[text] if isinstance(texts, dict) else [(None, None)]
            for start, end in places:
                yield {"label": label, "text": text, "start": start, "end": end}


def _read_entity(
    entity: Any, text: str, export: Export, origin: Origin, report: Report
) -> list[Span]:
    """Return a span for each label and each occurrence of an entity."""
    place = f"{origin.place()}: {str(entity)[:60]}"
    value = _expect(entity, export["label"], str | int | list | None)
    labels: list[str | None] = []
    for label in _as_list(value) or [None]:
        labels.append("" if label is None else str(label).strip())
    report.read["entities"] += len(labels)
    if look_up(entity, "correct") is False:
        report.count("rejected", place, 0, entities=len(labels))
        return []
    own_text = look_up(entity, export["own_text"])
    own_text = own_text if isinstance(own_text, str) else None
    if export["start"]:
        starts = sorted(map(int, _as_list(_expect(entity, export["start"]))))
        ends = sorted(map(int, _as_list(_expect(entity, export["end"]))))
        occurrences = [(starts[0], ends[-1])]
        # Parts of an entity on two lines are separated by a line break of one or two characters.
        if any(start - end > 2 for start, end in zip(starts[1:], ends, strict=False)):
            report.count("fragments", place, len(labels))
            labels, own_text = [None], None
    else:
        occurrences = find_occurrences(text, _expect(entity, export["own_text"], str))
        report.count("no_occurrence", place, 0 if occurrences else len(labels))
        report.count("occurrence", place, len(labels) * max(0, len(occurrences) - 1))
    return [Span(*offsets, label, own_text) for offsets, label in product(occurrences, labels)]


def _describe_unknown(record: Any, name: str) -> str:
    """Return the message for an unknown export, with `--fields` as far as it can be filled in."""
    if not isinstance(record, dict):
        return (
            f"{name}: a record is not an object but {json.dumps(record)[:60]}. Expected "
            'records such as {"text": "Mira left Oslo", "entities": [[0, 4, "PER"]]}.'
        )
    paths = dict.fromkeys(DEFAULTS, "KEY")
    lists = {}
    # The longest string and the longest list come last.
    for path, value in sorted(_list_members(record), key=lambda member: len(str(member[1]))):
        if isinstance(value, list) and value and isinstance(value[0], str):
            lists["tags" if is_tag(value[0]) else "words"] = path
        elif isinstance(value, list):
            paths["entities"] = path
        elif isinstance(value, str) and paths["text"] != "text":
            paths["text"] = path
    entity = look_up(record, f"{paths['entities']}.0")
    if paths["text"] == "KEY" and isinstance(entity, dict) and not lists:
        return _describe_unknown(entity, name)
    offsets, labels = [], []
    for path, value in _list_members(entity):
        if path.lower().endswith("id"):
            continue
        if isinstance(value, int):
            offsets.append(path)
        elif str(value) not in str(look_up(record, paths["text"])):
            labels.append(path)
    if len(offsets) == 2:
        paths["start"], paths["end"] = offsets
    if len(labels) == 1:
        paths["label"] = labels[0]
    described = lists if len(lists) == 2 else paths
    return (
        f"{name}: no known export has such records. One record has the keys {', '.join(record)}. "
        "Say where the text and its entities are. Write nested keys with dots, as outer.inner: "
        f"--fields {','.join(map('='.join, described.items()))}"
    )


def _list_members(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path and the value of each member of an object, and of objects inside it."""
    if isinstance(value, list):
        value = dict(enumerate(value))
    for key, member in value.items() if isinstance(value, dict) else ():
        if isinstance(member, dict):
            yield from _list_members(member, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", member
