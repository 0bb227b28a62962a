"""Read records of labelled texts, with a table that says where each export has its entities."""

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from ..errors import UserError
from .offsets import cuts_word
from .options import Options, parse_pairs
from .records import Origin, Records, Span, TaggedWords, TextWithSpans
from .report import Report

# The export is recognised in this many records; all records must fit it.
N_SAMPLE = 100
# Number of records that a message shows
N_SHOWN = 3
DOCUMENT_KEYS = ("doc_id", "document_id", "documentName", "example_id", "id")
MISSING = object()


class Export(NamedTuple):
    """Where the records of a tool's export have their texts and entities.

    All fields but the first are paths. A path has dots: "data.text". "span.0" is the first element
    of a list, "data.*" the only string of an object. "text|data" is the first path that exists.

    tool (str): Name of the tool.
    text (str): The text.
    words, tags, spaces (str): Lists with an element for each word, instead of a text. Spaces tell
        whether a space follows.
    word, tag (str): In an element of words and tags, if it is an object.
    passes (str): A list of annotations of the same text, each with entities; empty if nobody has
        annotated the text.
    entities (str): The list of entities; null if nobody has annotated the text.
    kind (str): Not a path: the `type` of the elements that are entities, if the list has others.
    points (str): In an entity, a list of places, each with a start and an end.
    start, end, own_text (str): In an entity or a place. Without a start, every occurrence of the
        entity's own text is meant.
    label (str): In an entity, a label or a list of labels.
    user (str): In an entity, who annotated it. The entities of each user are a pass.
    unit (str): Not a path: what offsets count, "characters" or "words".
    end_inclusive (str): Not a path: "yes" if the end is the last unit instead of the next one.
    marker (str): A key that every record of this tool has.
    is_optional (str): Not a path: "yes" if a record without a list of entities has none.
    done (str): A value that is empty if nobody has annotated the text.
    answer (str): The annotator's answer: "accept", or else the text is left out.
    binary (str): True if the record says about one entity that it is right, and nothing about
        other entities.
    """

    tool: str
    text: str = "text"
    words: str = ""
    tags: str = ""
    spaces: str = ""
    word: str = ""
    tag: str = ""
    passes: str = ""
    entities: str = "entities"
    kind: str = ""
    points: str = ""
    start: str = "start"
    end: str = "end"
    own_text: str = ""
    label: str = "label"
    user: str = ""
    unit: str = "characters"
    end_inclusive: str = ""
    marker: str = ""
    is_optional: str = ""
    done: str = ""
    answer: str = ""
    binary: str = ""


# Tool -> its export, as in `--fields`. If records fit several exports, the first is taken.
EXPORTS = {
    "Label Studio": "text=data.text|data.content|data.sentence|data.*,"
    "passes=annotations|completions|predictions,entities=result,kind=labels,start=value.start,"
    "end=value.end,label=value.labels,own_text=value.text",
    "Label Studio, JSON-MIN or CSV": "text=text|content|sentence,entities=label,label=labels,"
    "own_text=text",
    "Prodigy": "entities=spans,own_text=text,marker=_input_hash,is_optional=yes,answer=answer,"
    "binary=_is_binary",
    "Dataturks": "text=content,entities=annotation,points=points,own_text=text,end_inclusive=yes",
    "LightTag": "text=content,entities=annotations,label=tag,own_text=value,done=seen_by,"
    "marker=seen_by",
    "UBIAI": "text=document,entities=tokens|annotation,label=entityLabel|label,own_text=text",
    "Rasa": "label=entity,marker=intent,is_optional=yes",
    "CLUENER": "entities=label,own_text=text,end_inclusive=yes,marker=label",
    "Stockmark": "start=span.0,end=span.1,label=type,own_text=name",
    "GLiNER": "words=tokenized_text,entities=ner,start=0,end=1,label=2,unit=words,"
    "end_inclusive=yes",
    "W2NER": "words=sentence,entities=ner,start=index.0,end=index.-1,label=type,unit=words,"
    "end_inclusive=yes",
    "SpERT": "words=tokens,label=type,unit=words",
    "spaCy, training data of version 2": "words=tokens,word=orth,tags=tokens,tag=ner",
    "spaCy, Doc.to_json": "entities=ents",
    "doccano": "text=text|data,start=start_offset,end=end_offset",
    "doccano, several users": "entities=annotations,start=start_offset,end=end_offset,user=user",
    "doccano or spaCy": "text=text|data,entities=label|labels|entities,start=0,end=1,label=2",
    "words with tags": "words=tokens|words|sentence|text,spaces=trailing_whitespace,"
    "tags=ner_tags|tags|labels|ner|label",
    "words with spans": "words=tokens|words,entities=spans|entities|ner_spans|ner,"
    "label=label|type|tag,unit=words",
    "texts with spans": "text=text|data|content|sentence,"
    "entities=entities|spans|annotations|annotation|labels|label|ents,"
    "start=start|start_offset|start_char|begin,end=end|end_offset|end_char,"
    "label=label|labels|type|tag|entity|entity_group|class,own_text=text|value|name|word",
    "entities without offsets": "text=text|data|content|sentence,"
    "entities=entities|spans|labels|output|ner,start=,"
    "label=label|labels|type|types|tag|class|category|entity_type,"
    "own_text=text|entity|name|value|word|mention|span",
}


class MisfitError(Exception):
    """A record does not fit an export."""


def read_records(
    records: Iterable[tuple[int, Any]], name: str, options: Options
) -> tuple[Records, Report]:
    """Read the records of one file.

    records (Iterable[tuple[int, Any]]): Line or number of each record, and the record: an object of
        JSON, or a row of a table with lists as text.
    name (str): Name of the file in messages.
    RAISES UserError: If the records are of no export in the table, or some do not fit the others.
    """
    stream = iter(records)
    sample = list(islice(stream, N_SAMPLE))
    export = _recognise(sample, name, options)
    report = Report(guesses={"export": export.tool})
    texts: list[Any] = []
    problems = []
    for line, record in chain(sample, stream):
        try:
            texts += _read_record(record, export, Origin(name, line, _document(record)), report)
        except MisfitError as error:
            problems.append(f"line {line}: {error}")
    if problems:
        shown = "; ".join(problems[:N_SHOWN])
        raise UserError(
            f"{name}: {len(problems):,} records do not fit the others ({export.tool}). {shown}. "
            "Correct these records, or describe the file with --fields."
        )
    return texts, report


def is_record(value: Any, options: Options) -> bool:
    """Return whether a value of JSON is a record of an export."""
    exports = _list_exports(options)
    return any(_fits(value, export) for export in exports if not _has_plain_words(value, export))


def look_up(record: Any, path: str) -> Any:
    """Return the value at a path, see `Export`; MISSING if there is none."""
    for alternative in path.split("|"):
        value = record
        for key in alternative.split("."):
            value = _member(value, key)
        if value is not MISSING:
            return value
    return MISSING


def _member(value: Any, key: str) -> Any:
    if isinstance(value, dict) and key == "*":
        strings = [member for member in value.values() if isinstance(member, str)]
        return strings[0] if len(strings) == 1 else MISSING
    if isinstance(value, dict):
        return value.get(key, MISSING)
    is_index = isinstance(value, list | tuple) and re.fullmatch(r"-?\d+", key)
    if is_index and -len(value) <= int(key) < len(value):
        return value[int(key)]
    return MISSING


def _list_exports(options: Options) -> list[Export]:
    """Return the exports that a file can be. Paths of `--fields` replace those of the table."""
    fields = dict(options.fields)
    fields.pop("id", None)
    if "own_text" in fields:
        fields.setdefault("start", "")
    if "words" in fields:
        fields.setdefault("unit", "words")
    exports = [Export("--fields", **fields)] if fields else []
    if not {"entities", "tags"} & fields.keys():
        for tool, paths in EXPORTS.items():
            exports.append(Export(tool, **(parse_pairs("", paths.split(",")) | fields)))
    return exports


def _recognise(sample: Sequence[tuple[int, Any]], name: str, options: Options) -> Export:
    """Return the first export that fits most of the records.

    RAISES UserError: If no export fits a record.
    """
    n_fitting = dict.fromkeys(_list_exports(options), 0)
    for _, record in sample:
        for export in n_fitting:
            n_fitting[export] += _fits(record, export)
    best = max(n_fitting, key=n_fitting.__getitem__)
    if not n_fitting[best]:
        raise UserError(_describe_unknown(sample[0][1] if sample else None, name))
    return best


def _fits(record: Any, export: Export) -> bool:
    try:
        _read_record(record, export, Origin(), Report())
    except MisfitError:
        return False
    return record is not None


def _has_plain_words(record: Any, export: Export) -> bool:
    """Return whether the words are a text, as in an entity {"text": "Mira", "label": "PER"}."""
    return bool(export.tags) and isinstance(look_up(record, export.words), str)


def _document(record: Any) -> str:
    for key in DOCUMENT_KEYS:
        value = look_up(record, key)
        if isinstance(value, str | int):
            return str(value)
    return ""


def _read_record(record: Any, export: Export, origin: Origin, report: Report) -> list[Any]:
    """Return a text, or one for each annotation of the text.

    RAISES MisfitError: If the record does not fit the export.
    """
    if record is None:
        report.rows_read += 1
        report.count("no_text", origin.place())
        return []
    if export.marker and look_up(record, export.marker) is MISSING:
        raise MisfitError(f"it has no {export.marker!r}")
    words = None
    if export.words:
        words = _get_elements(record, export.words, export.word, export)
    text = look_up(record, export.text) if words is None else " ".join(words)
    if not isinstance(text, str | None):
        raise MisfitError(f"it has no text at {export.text!r}")
    report.rows_read += 1
    annotated = look_up(record, "annotated")
    labels: tuple[str, ...] | None = None
    if annotated is not MISSING:
        labels = tuple(map(str, annotated if isinstance(annotated, list) else [annotated]))
    reason = _reason_to_skip(record, text, export)
    if reason:
        report.count(reason, origin.place())
        return []
    if words is not None and export.tags:
        tags = _get_elements(record, export.tags, export.tag, export)
        if len(tags) != len(words):
            raise MisfitError(f"it has {len(words):,} words and {len(tags):,} tags")
        flags = look_up(record, export.spaces)
        has_spaces = isinstance(flags, list) and len(flags) == len(words)
        spaces = tuple(map(bool, flags)) if has_spaces else None
        return [TaggedWords(tuple(words), tuple(tags), spaces, labels, origin)]
    if look_up(record, export.binary) is True:
        labels = ()
    texts = []
    for entities in _list_passes(record, export, origin, report):
        spans: list[Span] = []
        for entity in entities:
            spans += _read_entity(entity, text or "", export, origin, report)
        texts.append(
            TextWithSpans(
                text or "",
                tuple(spans),
                labels,
                origin,
                words=None if words is None else _offsets(words),
                unit=export.unit,
                end_inclusive=bool(export.end_inclusive),
            )
        )
    return texts


def _reason_to_skip(record: Any, text: str | None, export: Export) -> str:
    """Return the reason to leave out a text; "" if there is none."""
    if not (text or "").strip():
        return "no_text"
    if look_up(record, export.answer) not in (MISSING, "accept"):
        return "rejected"
    if export.tags:
        return ""
    annotations = look_up(record, export.passes or export.done or export.entities)
    is_list_of_entities = not (export.passes or export.done)
    if annotations is None or (annotations == [] and not is_list_of_entities):
        return "unfinished"
    return ""


def _get_elements(record: Any, path: str, key: str, export: Export) -> list[Any]:
    """Return a list of words or tags. With tags, both may be written as text."""
    elements = look_up(record, path)
    if isinstance(elements, str) and export.tags:
        divided = elements.split()
        elements = _parse_text(elements, divided) if elements.startswith("[") else divided
    if isinstance(elements, list) and key:
        elements = [look_up(element, key) for element in elements]
    if not isinstance(elements, list) or not all(isinstance(part, str | int) for part in elements):
        raise MisfitError(f"it has no list of words or tags at {path!r}")
    return list(map(str, elements))


def _list_passes(
    record: Any, export: Export, origin: Origin, report: Report
) -> list[Sequence[Any]]:
    """Return the entities of each annotation of a text. Each annotation counts as a row."""
    if not export.passes:
        users: dict[str, list[Any]] = {}
        for entity in _get_entities(record, export):
            users.setdefault(str(look_up(entity, export.user)), []).append(entity)
        report.rows_read += max(len(users), 1) - 1
        return list(users.values()) or [[]]
    annotations = look_up(record, export.passes)
    if not isinstance(annotations, list):
        raise MisfitError(f"it has no list at {export.passes!r}")
    report.rows_read += len(annotations) - 1
    finished = [entry for entry in annotations if look_up(entry, "was_cancelled") is not True]
    report.count("rejected", origin.place(), len(annotations) - len(finished))
    best = [entry for entry in finished if look_up(entry, "ground_truth") is True][:1] or finished
    report.count("other_annotation", origin.place(), len(finished) - len(best))
    return [_get_entities(annotation, export) for annotation in best]


def _get_entities(annotation: Any, export: Export) -> Sequence[Any]:
    entities = look_up(annotation, export.entities)
    if isinstance(entities, str):
        entities = _parse_text(entities, MISSING)
    if isinstance(entities, dict):
        entities = list(_flatten(entities))
    if entities is MISSING and export.is_optional:
        return []
    if not isinstance(entities, list | tuple):
        raise MisfitError(
            f"it has no list of entities at {export.entities!r}, which is empty if there are none"
        )
    if export.kind:
        return [entity for entity in entities if look_up(entity, "type") == export.kind]
    return entities


def _parse_text(text: str, default: Any) -> Any:
    """Return a list that is written as JSON or Python in a cell of a table."""
    if not text:
        return []
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(json.dumps(ast.literal_eval(text)))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return default


def _flatten(entities: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an object for each entity of {label: {text: [[start, end]]}} or {label: [text]}."""
    for label, texts in entities.items():
        if isinstance(texts, list):
            texts = dict.fromkeys(map(str, texts))
        if not isinstance(texts, dict):
            raise MisfitError(f"the entities of {label!r} are no list")
        for text, places in texts.items():
            for place in places if isinstance(places, list) else [None]:
                start, end = look_up(place, "0"), look_up(place, "1")
                yield {"label": label, "text": text, "start": start, "end": end}


def _read_entity(
    entity: Any, text: str, export: Export, origin: Origin, report: Report
) -> list[Span]:
    """Return a span for each label and place of an entity."""
    shown = json.dumps(entity, ensure_ascii=False, default=str)[:60]
    place = f"{origin.place()}: {shown}"
    labels = look_up(entity, export.label)
    if labels is MISSING:
        raise MisfitError(f"the entity {shown} has no label at {export.label!r}")
    names = list(filter(None, labels if isinstance(labels, list) else [labels]))
    points = look_up(entity, export.points) if export.points else [entity]
    if not isinstance(points, list):
        raise MisfitError(f"the entity {shown} has no list at {export.points!r}")
    n_spans = max(len(names), 1) * len(points)
    report.entities_read += n_spans
    spans = []
    for point in points:
        places = _find_places(point, text, export, shown)
        own_text = look_up(point, export.own_text)
        text_of_span = own_text if isinstance(own_text, str) else None
        for start, end in places:
            for label in names:
                spans.append(Span(start, end, str(label).strip(), text_of_span))
    if not names:
        report.count("no_label", place, n_spans)
    elif look_up(entity, "correct") is False:
        report.count("rejected", place, 0, entities=n_spans)
        return []
    elif not spans:
        report.count("no_occurrence", place, n_spans)
    elif len(spans) > n_spans:
        report.count("occurrence", place, len(spans) - n_spans)
    return spans


def _find_places(point: Any, text: str, export: Export, shown: str) -> list[tuple[int, int]]:
    """Return the start and end of an entity, or those of its occurrences if it has no offsets."""
    if export.start:
        offsets = look_up(point, export.start), look_up(point, export.end)
        if not all(re.fullmatch(r"-?\d{1,15}(\.0)?", str(offset)) for offset in offsets):
            raise MisfitError(f"the entity {shown} has no numbers at {export.start}, {export.end}")
        start, end = map(int, map(float, offsets))
        return [(start, end)]
    own_text = look_up(point, export.own_text)
    if not isinstance(own_text, str):
        raise MisfitError(f"the entity {shown} has no text")
    places = []
    for match in re.finditer(re.escape(own_text.strip()), text) if own_text.strip() else ():
        if not (cuts_word(text, match.start()) or cuts_word(text, match.end())):
            places.append(match.span())
    return places


def _offsets(words: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return the start and end of each word in the words joined by blanks."""
    offsets = []
    start = 0
    for word in words:
        offsets.append((start, start + len(word)))
        start += len(word) + 1
    return tuple(offsets)


def _describe_unknown(record: Any, name: str) -> str:
    """Return the message for an unknown export, with `--fields` as far as it can be filled in."""
    if not isinstance(record, dict):
        return (
            f"{name}: the first record is no object but {json.dumps(record)[:60]}. Expected such "
            'as {"text": "Mira left Oslo", "entities": [[0, 4, "PER"]]}.'
        )
    fields = dict.fromkeys(("text", "entities", "start", "end", "label"), "KEY")
    longest = ""
    for path, value in _members(record):
        if isinstance(value, str) and len(value) > len(longest):
            fields["text"], longest = path, value
        is_list = isinstance(value, list) and value and isinstance(value[0], dict)
        if is_list and fields["entities"] == "KEY":
            fields |= {"entities": path, **_guess_fields(value[0])}
    described = ",".join(f"{key}={path}" for key, path in fields.items())
    return (
        f"{name}: no known export has such records. The keys of the first are {', '.join(record)}. "
        f"Say where the text and its entities are, such as --fields {described}"
    )


def _members(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path and value of each member, and of the members of objects."""
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _members(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _guess_fields(entity: Mapping[str, Any]) -> dict[str, str]:
    """Return the start, end and label of an entity, if it has two numbers and one string."""
    numbers, strings = [], []
    for path, value in _members(entity):
        if type(value) is int:
            numbers.append(path)
        elif isinstance(value, str):
            strings.append(path)
    fields = {}
    if len(numbers) == 2:
        fields["start"], fields["end"] = numbers
    if len(strings) == 1:
        fields["label"] = strings[0]
    return fields
