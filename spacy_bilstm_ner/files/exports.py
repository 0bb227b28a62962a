"""Read records of labelled texts, with a table that says where each export has its entities."""

import ast
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, islice
from operator import itemgetter
from typing import Any

from ..errors import UserError
from .cells import split_list
from .faults import check_rows
from .offsets import find_occurrences, make_reading
from .options import Options, parse_pairs
from .records import Origin, Records, Span, TaggedWords, TextWithSpans
from .report import Report

# The export is recognised from this many records. All records must fit it.
N_SAMPLE = 100
# Errors of reading a record that does not fit an export
MISFIT = (TypeError, ValueError, IndexError, OverflowError)
DOCUMENT = "doc_id|document_id|documentName|example_id|id"
MISSING = object()

# Where an export has its texts and entities: key -> path. A path has dots: "data.text". "span.0" is
# the first element of a list, "tokens.orth" is in each element of a list, "data.*" is the only
# string of an object. "text|data" is the first path that exists. The keys:
#   text, words           a text, or a list of words
#   tags                  a list with a tag for each word
#   entities              a list of entities; null if nobody has annotated the text
#   passes                a list of annotations of the text, each with entities
#   type                  no path: elements of the list whose `type` ends in this word are entities
#   label                 of an entity: a label or a list of labels
#   start, end, own_text  of an entity; lists of starts and ends if it has several parts; without a
#                         start, every occurrence of its own text is an entity
#   user                  who has annotated an entity; the entities of each user are one annotation
#   status                "reject" or "ignore", or empty if nobody has annotated the text
#   marker                a key that every record of the export has; with it, a record without a
#                         list of entities has been annotated and has none
#   unit, end_inclusive   no paths: what offsets count, see `Reading`
DEFAULTS = {key: key for key in ("text", "entities", "start", "end", "label")}
# Tool -> its export, as in `--fields`. If records fit several exports, the first is taken.
EXPORTS = {
    "Label Studio": "text=data.text|data.content|data.sentence|data.*,"
    "passes=annotations|completions|predictions,entities=result,type=labels,start=value.start,"
    "end=value.end,label=value.labels,own_text=value.text",
    "Label Studio, JSON-MIN or CSV": "text=text|content|sentence,entities=label,label=labels,"
    "own_text=text",
    "Prodigy": "entities=spans,own_text=text,marker=_input_hash,status=answer",
    "Dataturks": "text=content,entities=annotation,start=points.start,end=points.end,"
    "own_text=points.0.text,end_inclusive=yes",
    "LightTag": "text=content,entities=annotations,label=tag,own_text=value,marker=seen_by,"
    "status=seen_by",
    "UBIAI": "text=document,entities=tokens|annotation,label=entityLabel|label,own_text=text",
    "Rasa": "label=entity,marker=intent",
    "CLUENER": "entities=label,own_text=text,end_inclusive=yes,marker=label",
    "Stockmark": "start=span.0,end=span.1,label=type,own_text=name",
    "GLiNER": "words=tokenized_text,entities=ner,start=0,end=1,label=2,unit=words,"
    "end_inclusive=yes",
    "W2NER": "words=sentence,entities=ner,start=index,end=index,label=type,unit=words,"
    "end_inclusive=yes",
    "SpERT": "words=tokens,label=type,unit=words",
    "spaCy, training data of version 2": "words=tokens.orth,tags=tokens.ner",
    "spaCy, Doc.to_json": "entities=ents",
    "doccano": "text=text|data,start=start_offset,end=end_offset",
    "doccano, several users": "entities=annotations,start=start_offset,end=end_offset,user=user",
    "doccano or spaCy": "text=text|data,entities=label|labels|entities,start=0,end=1,label=2",
    "words with tags": "words=tokens|words|sentence|text,tags=ner_tags|tags|labels|ner|label",
    "words with spans": "words=tokens|words,entities=spans|entities|ner_spans|ner,"
    "label=label|type|tag,unit=words",
    "texts with spans": "text=text|data|content|sentence,"
    "entities=entities|spans|annotations|annotation|labels|label|ents,"
    "start=start|start_offset|start_char|begin,end=end|end_offset|end_char,"
    "label=label|labels|type|tag|tag_name|entity|entity_group|class,"
    "own_text=text|value|name|word",
    "entities without offsets": "text=text|data|content|sentence,"
    "entities=entities|spans|labels|output|ner,start=,"
    "label=label|labels|type|types|tag|class|category|entity_type,"
    "own_text=text|entity|name|value|word|mention|span",
}


# Keys without a path have "".
Export = defaultdict[str, str]


def read_records(
    records: Iterable[tuple[int, Any]], name: str, options: Options
) -> tuple[Records, Report]:
    """Read the records of one file.

    records (Iterable[tuple[int, Any]]): Line or number of each record, and the record: an object of
        JSON, or a row of a table with lists as text.
    name (str): Name of the file in messages.
    RAISES UserError: If the records fit no export in the table, or a record does not fit the export
        of the first ones.
    """
    stream = iter(records)
    sample = list(islice(stream, N_SAMPLE))
    export = _recognise(list(map(itemgetter(1), sample)), options)
    if export is None:
        raise UserError(_describe_unknown(sample[0][1] if sample else None, name))
    report = Report(guesses={"export": export["tool"]})
    texts: list[Any] = []
    faults = []
    for line, record in chain(sample, stream):
        document = look_up(record, DOCUMENT)
        origin = Origin(name, line, "" if document is MISSING else str(document))
        try:
            annotations = _read_record(record, export, origin, report)
        except MISFIT as error:
            faults.append((line, str(error)))
            continue
        report.rows_read += len(annotations)
        for annotation in annotations:
            if isinstance(annotation, str):
                report.count(annotation, origin.place())
            else:
                texts.append(annotation)
    remedy = f"Write them as the other records of {export['tool']}, or use --fields."
    check_rows(name, faults, remedy)
    return texts, report


def is_record(value: Any, options: Options) -> bool:
    """Return whether a value of JSON is a record of an export."""
    export = _recognise([value], options)
    if export is None:
        return False
    # The entity {"text": "Mira", "label": "PER"} is no word with its tag.
    return not (export["tags"] and isinstance(look_up(value, export["words"]), str))


def look_up(value: Any, path: str) -> Any:
    """Return the value at a path, see EXPORTS; MISSING if there is none."""
    for alternative in filter(None, path.split("|")):
        member = value
        for key in alternative.split("."):
            member = _member(member, key)
        if member is not MISSING:
            return member
    return MISSING


def _member(value: Any, key: str) -> Any:
    if isinstance(value, dict) and key == "*":
        strings = [member for member in value.values() if isinstance(member, str)]
        return strings[0] if len(strings) == 1 else MISSING
    if isinstance(value, dict):
        return value.get(key, MISSING)
    if isinstance(value, list) and key.lstrip("-").isdigit():
        return next(iter(value[int(key) :][:1]), MISSING)
    members = [_member(element, key) for element in value] if isinstance(value, list) else []
    return members if members and MISSING not in members else MISSING


def _expect(value: Any, path: str, kind: Any = object) -> Any:
    """Return the value of a type at a path.

    RAISES ValueError: If there is none.
    """
    member = look_up(value, path)
    if member is MISSING or not isinstance(member, kind):
        shown = json.dumps(value, ensure_ascii=False, default=str)[:60]
        raise ValueError(f"{path!r} is missing or is not as expected in {shown}")
    return member


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _recognise(records: Sequence[Any], options: Options) -> Export | None:
    """Return the first export that fits most of the records; None if no export fits a record.

    Paths of `--fields` replace those of the table.
    """
    fields = dict(options.fields)
    if "own_text" in fields:
        fields.setdefault("start", "")
    if "words" in fields:
        fields.setdefault("unit", "words")
    exports = [Export(str, DEFAULTS | fields, tool="--fields")] if fields else []
    if not fields.keys() & {"entities", "tags"}:
        for tool, paths in EXPORTS.items():
            exports.append(
                Export(str, DEFAULTS | parse_pairs(paths.split(",")) | fields, tool=tool)
            )
    n_fitting = [sum(_fits(record, export) for record in records) for export in exports]
    most = max(n_fitting)
    return exports[n_fitting.index(most)] if most else None


def _fits(record: Any, export: Export) -> bool:
    try:
        _read_record(record, export, Origin(), Report())
    except MISFIT:
        return False
    return record is not None


def _read_record(
    record: Any, export: Export, origin: Origin, report: Report
) -> list[str | TaggedWords | TextWithSpans]:
    """Return a text for each annotation of a record.

    If an annotation is left out, the list has the reason instead of the text.

    RAISES ValueError: If the record does not fit the export.
    """
    if record is None:
        return ["no_text"]
    if export["marker"]:
        _expect(record, export["marker"])
    words = _list_words(record, export["words"]) if export["words"] else None
    text = _expect(record, export["text"], str | None) if words is None else " ".join(words)
    status = look_up(record, export["status"])
    if not (text or "").strip():
        return ["no_text"]
    if status in ("reject", "ignore"):
        return ["rejected"]
    if status in (None, []):
        return ["unfinished"]
    # A binary answer says nothing about labels that it does not name.
    known_labels = [] if look_up(record, "_is_binary") is True else look_up(record, "annotated")
    annotated = None if known_labels is MISSING else tuple(map(str, _as_list(known_labels)))
    if words is not None and export["tags"]:
        tags = _list_words(record, export["tags"])
        if len(tags) != len(words):
            raise ValueError(f"it has {len(words):,} words and {len(tags):,} tags")
        followed = look_up(record, "trailing_whitespace")
        has_spaces = isinstance(followed, list) and len(followed) == len(words)
        spaces = tuple(map(bool, followed)) if has_spaces else None
        return [TaggedWords(tuple(words), tuple(tags), spaces, annotated, origin)]
    offsets = None if words is None else _offsets(words)
    annotations: list[Any] = _list_passes(record, export)
    for number, entities in enumerate(annotations):
        if isinstance(entities, list):
            spans: list[Span] = []
            for entity in entities:
                spans += _read_entity(entity, text, export, origin, report)
            annotations[number] = TextWithSpans(
                text, tuple(spans), annotated, origin, 1, offsets, make_reading(export)
            )
    return annotations


def _list_words(record: Any, path: str) -> list[str]:
    """Return a list of words or tags, which may be written as text."""
    words = _expect(record, path, list | str)
    if isinstance(words, str):
        return split_list(words)
    if not all(isinstance(word, str | int) for word in words):
        raise ValueError(f"the words at {path!r} are no text")
    return list(map(str, words))


def _offsets(words: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return the start and end of each word in the words joined by blanks."""
    ends = accumulate(map(len, words), lambda end, length: end + 1 + length)
    return tuple((end - len(word), end) for word, end in zip(words, ends, strict=True))


def _list_passes(record: Any, export: Export) -> list[list[Any] | str]:
    """Return the entities of each annotation of a text, or the reason to leave it out."""
    passes: list[list[Any] | str] = []
    if export["passes"]:
        annotations = _expect(record, export["passes"], list)
        # The ground truth comes first, so that --conflicts first takes it.
        annotations.sort(key=lambda entry: look_up(entry, "ground_truth") is not True)
        for annotation in annotations:
            is_cancelled = look_up(annotation, "was_cancelled") is True
            passes.append("rejected" if is_cancelled else _list_entities(annotation, export))
        return passes or ["unfinished"]
    entities = _list_entities(record, export)
    if isinstance(entities, str):
        return [entities]
    entities_of: dict[str, list[Any]] = {}
    for entity in entities:
        entities_of.setdefault(str(look_up(entity, export["user"])), []).append(entity)
    return [*entities_of.values()] or [[]]


def _list_entities(annotation: Any, export: Export) -> list[Any] | str:
    """Return the entities of a text, or the reason to leave it out."""
    entities = look_up(annotation, export["entities"])
    if isinstance(entities, str):
        entities = _parse(entities)
    if isinstance(entities, dict):
        entities = list(_flatten(entities))
    if entities is MISSING and export["marker"]:
        return []
    if entities is None:
        return "unfinished"
    if not isinstance(entities, list):
        raise ValueError(f"there is no list of entities at {export['entities']!r}")
    if export["type"]:
        ending = export["type"]
        return [entity for entity in entities if str(look_up(entity, "type")).endswith(ending)]
    return entities


def _parse(text: str) -> Any:
    """Return the value that is written as JSON or Python in a cell of a table."""
    try:
        return json.loads(text or "[]")
    except ValueError:
        try:
            return json.loads(json.dumps(ast.literal_eval(text)))
        except (SyntaxError, RecursionError, MemoryError) as error:
            raise ValueError(f"{text[:60]} is no list") from error


def _flatten(entities: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an object for each entity of {label: {text: [[start, end]]}} or {label: [text]}."""
    for label, texts in entities.items():
        for text in texts:
            places = texts[text] if isinstance(texts, dict) else [(None, None)]
            for start, end in places:
                yield {"label": label, "text": text, "start": start, "end": end}


def _read_entity(
    entity: Any, text: str, export: Export, origin: Origin, report: Report
) -> list[Span]:
    """Return a span for each label and place of an entity."""
    place = f"{origin.place()}: {json.dumps(entity, ensure_ascii=False, default=str)[:60]}"
    labels = _as_list(_expect(entity, export["label"])) or [""]
    report.entities_read += len(labels)
    if look_up(entity, "correct") is False:
        report.count("rejected", place, 0, entities=len(labels))
        return []
    own_text = look_up(entity, export["own_text"])
    own_text = own_text if isinstance(own_text, str) else None
    parts: tuple[tuple[int, int], ...] = ()
    if export["start"]:
        starts = list(map(int, _as_list(_expect(entity, export["start"]))))
        ends = list(map(int, _as_list(_expect(entity, export["end"]))))
        parts = tuple(zip(starts, ends, strict=True))
        places = [(starts[0], ends[-1])]
    else:
        places = find_occurrences(text, _expect(entity, export["own_text"], str))
    spans = []
    for start, end in places:
        for label in labels:
            spans.append(Span(start, end, str(label or "").strip(), own_text, parts=parts))
    if not places:
        report.count("no_occurrence", place, len(labels))
    report.count("occurrence", place, max(0, len(spans) - len(labels)))
    return spans


def _describe_unknown(record: Any, name: str) -> str:
    """Return the message for an unknown export, with `--fields` as far as it can be filled in."""
    if not isinstance(record, dict):
        return (
            f"{name}: the first record is no object but {json.dumps(record)[:60]}. Expected such "
            'as {"text": "Mira left Oslo", "entities": [[0, 4, "PER"]]}.'
        )
    fields = dict.fromkeys(DEFAULTS, "KEY")
    longest = ""
    for path, value in _members(record):
        if isinstance(value, str) and len(value) > len(longest):
            fields["text"], longest = path, value
        if isinstance(value, list) and value and isinstance(value[0], dict):
            fields["entities"] = path
            keys: dict[type, list[str]] = {int: [], str: []}
            for key, member in _members(value[0]):
                keys.setdefault(type(member), []).append(key)
            if len(keys[int]) == 2:
                fields["start"], fields["end"] = keys[int]
            if len(keys[str]) == 1:
                (fields["label"],) = keys[str]
    described = ",".join(map("=".join, fields.items()))
    return (
        f"{name}: no known export has such records. The keys of the first are {', '.join(record)}. "
        f"Say where the text and its entities are, such as --fields {described}"
    )


def _members(record: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path and value of each member, and of the members of objects."""
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _members(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
