"""Read records of labelled texts, with a table that says where each export has its entities."""

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from ..errors import UserError
from .offsets import cuts_word
from .options import Options
from .records import Origin, Span, TaggedWords, TextWithSpans
from .report import Report

Records = list[TaggedWords | TextWithSpans]

# The export is recognised in this many records; all records must fit it.
N_SAMPLE = 1000
N_SHOWN = 3
DOCUMENT_KEYS = ("doc_id", "document_id", "document", "documentName", "example_id", "id")
MISSING = object()


class Export(NamedTuple):
    """Where the records of a tool's export have their texts and entities.

    A path has dots: "data.text". "span.0" is the first element of a list, "data.*" the only string
    of an object. "text|data" is the first of two paths that exists.

    tool (str): Name of the tool.
    text (str): Path of the text.
    words, spaces, tags (str): Paths of lists with an element for each word, instead of a text.
        Spaces tell whether a space follows.
    word, tag (str): Paths in an element of words and tags, if it is an object.
    passes (str): Path of a list of annotations of the same text. Each has entities.
    entities (str): Path of the list of entities; in a pass if there are passes.
    kind (str): The `type` of the elements that are entities, if the list has others.
    points (str): Path of a list of places in an entity. Each has a start and an end.
    start, end, own_text (str): Paths in an entity or a place. Without a start, every occurrence of
        the entity's own text is meant.
    label (str): Path in an entity of a label or a list of labels.
    user (str): Path in an entity of who annotated it. Each user's entities are a pass.
    unit (str): What offsets count: "characters" or "words".
    end_inclusive (bool): Whether the end is the last unit rather than the one after.
    marker (str): A key that every record of this tool has.
    is_optional (bool): Whether a record without the path of entities has none.
    done (str): Path of a value that is empty in a text which nobody has annotated. Null instead of
        entities means the same in every export.
    answer (str): Path of the annotator's answer, "accept" unless the text was rejected or ignored.
    binary (Sequence[tuple[str, Any]]): Paths and values of records that say about one entity
        whether it is right, and nothing about other entities.
    """

    tool: str
    text: str = "text"
    words: str = ""
    word: str = ""
    spaces: str = ""
    tags: str = ""
    tag: str = ""
    passes: str = ""
    entities: str = "entities"
    kind: str = ""
    points: str = ""
    start: str = "start"
    end: str = "end"
    label: str = "label"
    own_text: str = ""
    user: str = ""
    unit: str = "characters"
    end_inclusive: bool = False
    marker: str = ""
    is_optional: bool = False
    done: str = ""
    answer: str = ""
    binary: Sequence[tuple[str, Any]] = ()


_STUDIO = Export(
    "Label Studio",
    text="data.text|data.content|data.sentence|data.*",
    entities="result",
    kind="labels",
    start="value.start",
    end="value.end",
    label="value.labels",
    own_text="value.text",
)
# If the records of a file fit several exports, the first is taken.
EXPORTS = (
    _STUDIO._replace(passes="annotations", done="annotations"),
    _STUDIO._replace(passes="completions", done="completions"),
    _STUDIO._replace(tool="Label Studio, predictions only", passes="predictions"),
    Export(
        "Label Studio JSON-MIN or CSV",
        text="text|content|sentence",
        entities="label",
        label="labels",
        own_text="text",
    ),
    Export(
        "Prodigy",
        entities="spans",
        own_text="text",
        marker="_input_hash",
        is_optional=True,
        answer="answer",
        binary=(("_is_binary", True), ("_view_id", "ner")),
    ),
    Export(
        "Dataturks",
        text="content",
        entities="annotation",
        points="points",
        own_text="text",
        end_inclusive=True,
    ),
    Export(
        "LightTag",
        text="content",
        entities="annotations",
        label="tag",
        own_text="value",
        done="seen_by",
        marker="seen_by",
    ),
    Export(
        "UBIAI",
        text="document",
        entities="tokens|annotation",
        label="entityLabel|label",
        own_text="text",
    ),
    Export("Rasa", label="entity", marker="intent", is_optional=True),
    Export("CLUENER", entities="label", own_text="text", end_inclusive=True, marker="label"),
    Export("Stockmark", start="span.0", end="span.1", label="type", own_text="name"),
    Export(
        "GLiNER",
        words="tokenized_text",
        entities="ner",
        start="0",
        end="1",
        label="2",
        unit="words",
        end_inclusive=True,
    ),
    Export(
        "W2NER",
        words="sentence",
        entities="ner",
        start="index.0",
        end="index.-1",
        label="type",
        unit="words",
        end_inclusive=True,
    ),
    Export("SpERT", words="tokens", label="type", unit="words"),
    Export(
        "spaCy, training data of version 2", words="tokens", word="orth", tags="tokens", tag="ner"
    ),
    Export("spaCy, Doc.to_json", entities="ents"),
    Export("doccano", text="text|data", start="start_offset", end="end_offset"),
    Export(
        "doccano, several users",
        entities="annotations",
        start="start_offset",
        end="end_offset",
        user="user",
    ),
    Export(
        "doccano or spaCy",
        text="text|data",
        entities="label|labels|entities",
        start="0",
        end="1",
        label="2",
    ),
    Export(
        "tokens with tags",
        words="tokens|words|sentence|text",
        spaces="trailing_whitespace",
        tags="ner_tags|tags|labels|ner|label",
    ),
    Export(
        "tokens with spans",
        words="tokens|words",
        entities="spans|entities|ner_spans|ner",
        label="label|type|tag",
        unit="words",
    ),
    Export(
        "texts with spans",
        text="text|data|content|sentence|document",
        entities="entities|spans|annotations|annotation|labels|label|ents",
        start="start|start_offset|start_char|begin",
        end="end|end_offset|end_char",
        label="label|labels|type|tag|entity|entity_group|class",
        own_text="text|value|name|word",
    ),
    Export(
        "entities without offsets",
        text="text|data|content|sentence",
        entities="entities|spans|labels|output|ner",
        start="",
        label="label|labels|type|types|tag|class|category|entity_type",
        own_text="text|entity|name|value|word|mention|span",
    ),
)


def read_records(
    records: Iterable[tuple[int, Any]], name: str, options: Options
) -> tuple[Records, Report]:
    """Read the records of one file.

    records (Iterable[tuple[int, Any]]): Line or number of each record, and the record: an object of
        JSON or a row of a table, whose values may be JSON as text.
    name (str): Name of the file in messages.
    RAISES UserError: If the records are of no export in the table, or one does not fit the others.
    """
    stream = iter(records)
    sample = list(islice(stream, N_SAMPLE))
    if not sample:
        raise UserError(f"{name} holds no records.")
    export = _recognise(sample, name, _list_exports(options))
    report = Report(guesses={"export": export.tool})
    texts: Records = []
    problems = []
    for line, record in chain(sample, stream):
        if record is None:
            report.rows_read += 1
            report.count("no_text", f"{name}, line {line}")
            continue
        if problem := _find_problem(record, export):
            problems.append(f"line {line}: {problem}")
            continue
        origin = Origin(name, line, _document(record))
        report.rows_read += 1
        if reason := _reason_to_skip(record, export):
            report.count(reason, origin.place())
            continue
        texts += _read_record(record, export, origin, report)
    if problems:
        shown = "; ".join(problems[:N_SHOWN])
        raise UserError(
            f"{name}: {len(problems):,} records do not fit {export.tool}. {shown}. "
            "Correct these records, or describe the file with --fields."
        )
    return texts, report


def is_record(value: Any, options: Options) -> bool:
    """Return whether a value of JSON is a record of an export."""
    for export in _list_exports(options):
        is_plain_text = export.tags and isinstance(look_up(value, export.words), str)
        if not is_plain_text and not _find_problem(value, export):
            return True
    return False


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
    if isinstance(value, dict):
        if key != "*":
            return value.get(key, MISSING)
        strings = [member for member in value.values() if isinstance(member, str)]
        return strings[0] if len(strings) == 1 else MISSING
    is_index = re.fullmatch(r"-?\d+", key) is not None
    if isinstance(value, list) and is_index and -len(value) <= int(key) < len(value):
        return value[int(key)]
    return MISSING


def _list_exports(options: Options) -> Sequence[Export]:
    """Return the exports that a file can be. Paths of `--fields` replace those of the table."""
    fields: dict[str, Any] = {key: path for key, path in options.fields.items() if key != "id"}
    if not fields:
        return EXPORTS
    has_words = "words" in fields
    has_offsets = "start" in fields or "own_text" not in fields
    described = Export(
        "--fields",
        start="start" if has_offsets else "",
        unit="words" if has_words else "characters",
    )
    described = described._replace(**fields)
    if "entities" in fields or "tags" in fields:
        return [described]
    return [described, *(export._replace(**fields) for export in EXPORTS)]


def _recognise(sample: Sequence[tuple[int, Any]], name: str, exports: Sequence[Export]) -> Export:
    """Return the first export that fits most of the records.

    RAISES UserError: If no export fits a record.
    """
    n_fitting = dict.fromkeys(range(len(exports)), 0)
    for _, record in sample:
        for i, export in enumerate(exports):
            n_fitting[i] += not _find_problem(record, export)
    best = max(n_fitting, key=n_fitting.__getitem__)
    if not n_fitting[best]:
        raise UserError(_describe_unknown(sample[0][1], name))
    return exports[best]


def _find_problem(record: Any, export: Export) -> str:
    """Return why a record does not fit an export; "" if it does."""
    if not isinstance(record, dict):
        return "it is no object"
    if export.marker and export.marker not in record:
        return f"it has no {export.marker!r}"
    text = look_up(record, export.text)
    words = _get_words(record, export)
    if export.words and words is None:
        return f"it has no list of words at {export.words!r}"
    if export.tags:
        return _find_problem_of_tags(words or [], _get_tags(record, export))
    if not export.words and not (text is None or isinstance(text, str)):
        return f"it has no text at {export.text!r}"
    passes = look_up(record, export.passes) if export.passes else [record]
    if not isinstance(passes, list):
        return f"it has no list at {export.passes!r}"
    for annotation in passes:
        entities = _get_entities(annotation, export)
        if entities is MISSING:
            return f"it has no entities at {export.entities!r}: an empty list says that it has none"
        for entity in entities or ():
            if problem := _find_problem_of_entity(entity, export):
                return problem
    return ""


def _find_problem_of_tags(words: Sequence[str], tags: Any) -> str:
    if not isinstance(tags, list) or any(isinstance(tag, dict | list) for tag in tags):
        return "it has no list of tags"
    if len(words) != len(tags):
        return f"it has {len(words):,} words and {len(tags):,} tags"
    return ""


def _find_problem_of_entity(entity: Any, export: Export) -> str:
    shown = json.dumps(entity, ensure_ascii=False)[:80]
    if look_up(entity, export.label) is MISSING:
        return f"the entity {shown} has no label at {export.label!r}"
    if not export.start:
        own_text = look_up(entity, export.own_text)
        return "" if isinstance(own_text, str) else f"the entity {shown} has no text"
    for point in _get_points(entity, export):
        for path in (export.start, export.end):
            offset = look_up(point, path)
            if not re.fullmatch(r"-?\d+(\.0)?", str(offset)):
                return f"the entity {shown} has no number at {path!r}"
    return ""


def _get_words(record: Any, export: Export) -> list[str] | None:
    words = look_up(record, export.words)
    if isinstance(words, str) and export.tags:
        words = words.split()
    if not isinstance(words, list):
        return None
    if export.word:
        words = [look_up(word, export.word) for word in words]
    return words if all(isinstance(word, str) for word in words) else None


def _get_tags(record: Any, export: Export) -> Any:
    tags = look_up(record, export.tags)
    if isinstance(tags, str):
        return _from_text(tags, tags.split())
    if isinstance(tags, list) and export.tag:
        return [look_up(tag, export.tag) for tag in tags]
    return tags


def _get_entities(annotation: Any, export: Export) -> Any:
    """Return a list of entities, None if nobody has looked for them, or MISSING."""
    entities = look_up(annotation, export.entities)
    if isinstance(entities, str):
        entities = _from_text(entities, MISSING)
    if entities is MISSING and export.is_optional:
        return []
    if isinstance(entities, dict):
        entities = list(_flatten(entities))
    if isinstance(entities, list) and export.kind:
        return [entity for entity in entities if look_up(entity, "type") == export.kind]
    return entities if entities is None or isinstance(entities, list) else MISSING


def _get_points(entity: Any, export: Export) -> list[Any]:
    points = look_up(entity, export.points) if export.points else [entity]
    return points if isinstance(points, list) else [points]


def _from_text(text: str, default: Any) -> Any:
    """Return a list that is written as JSON or Python in a cell of a table."""
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return default


def _flatten(entities: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an object for each entity of {label: {text: [[start, end]]}} or {label: [text]}."""
    for label, places in entities.items():
        if not isinstance(places, dict | list):
            yield {"label": label, "text": places}
        elif isinstance(places, list):
            for place in places:
                yield {"label": label, "text": place, **_ends(place)}
        else:
            for text, places_of_text in places.items():
                for place in places_of_text if isinstance(places_of_text, list) else ():
                    yield {"label": label, "text": text, **_ends(place)}


def _ends(place: Any) -> dict[str, Any]:
    return {"start": look_up(place, "0"), "end": look_up(place, "1")}


def _document(record: Mapping[str, Any]) -> str:
    for key in DOCUMENT_KEYS:
        value = record.get(key)
        if isinstance(value, str | int) and len(str(value)) < 100:
            return str(value)
    return ""


def _reason_to_skip(record: Any, export: Export) -> str:
    """Return the reason to leave out a record; "" if there is none."""
    is_without_text = not export.words and not str(look_up(record, export.text) or "").strip()
    if is_without_text:
        return "no_text"
    if export.answer and look_up(record, export.answer) not in (MISSING, "accept"):
        return "rejected"
    if export.done and not look_up(record, export.done):
        return "unfinished"
    is_without_entities = not (export.tags or export.passes)
    if is_without_entities and _get_entities(record, export) is None:
        return "unfinished"
    return ""


def _read_record(record: Any, export: Export, origin: Origin, report: Report) -> Records:
    """Return a text, or one for each annotation of the text."""
    annotated = record.get("annotated")
    if isinstance(annotated, str):
        annotated = [annotated]
    labels = None if annotated is None else tuple(map(str, annotated))
    words = _get_words(record, export) or []
    if export.tags:
        tags = tuple(map(str, _get_tags(record, export)))
        report.words_read += sum(not word.isspace() for word in words)
        spaces = look_up(record, export.spaces)
        is_spaced = isinstance(spaces, list) and len(spaces) == len(words)
        known_spaces = tuple(map(bool, spaces)) if is_spaced else None
        return [TaggedWords(tuple(words), tags, known_spaces, labels, origin)]
    if any(look_up(record, path) == value for path, value in export.binary):
        labels = ()
    text = " ".join(words) if export.words else look_up(record, export.text)
    texts: Records = []
    for entities in _list_passes(record, export, origin, report):
        spans = _read_spans(entities, text, export, origin, report)
        texts.append(
            TextWithSpans(
                text,
                tuple(spans),
                labels,
                origin,
                words=_word_offsets(words) if export.words else None,
                is_joined=bool(export.words),
                unit=export.unit,
                end_inclusive=export.end_inclusive,
            )
        )
    return texts


def _list_passes(
    record: Any, export: Export, origin: Origin, report: Report
) -> list[Sequence[Any]]:
    """Return the entities of each annotation of a text. Each annotation counts as a row."""
    if export.passes:
        annotations = look_up(record, export.passes)
        finished = [one for one in annotations if not (one.get("was_cancelled"))]
        best = [one for one in finished if one.get("ground_truth")][:1] or finished
        passes = [_get_entities(annotation, export) or [] for annotation in best]
        n_passes = len(annotations)
        if len(finished) < n_passes:
            report.count("rejected", origin.place(), n_passes - len(finished))
        if len(best) < len(finished):
            report.count("other_annotation", origin.place(), len(finished) - len(best))
    else:
        entities = _get_entities(record, export) or []
        users: dict[str, list[Any]] = {}
        for entity in entities:
            users.setdefault(str(look_up(entity, export.user)), []).append(entity)
        passes = list(users.values()) or [[]]
        n_passes = len(passes)
    report.rows_read += n_passes - 1
    return passes


def _read_spans(
    entities: Iterable[Any], text: str, export: Export, origin: Origin, report: Report
) -> list[Span]:
    spans = []
    for entity in entities:
        labels = look_up(entity, export.label)
        if not isinstance(labels, list):
            labels = [labels]
        names = [str(label).strip() for label in labels if label not in (None, "")]
        points = _get_points(entity, export)
        n_spans = max(len(names), 1) * len(points)
        report.entities_read += n_spans
        place = f"{origin.place()}: {json.dumps(entity, ensure_ascii=False)[:60]}"
        if not names:
            report.count("no_label", place, n_spans)
        elif look_up(entity, "correct") is False:
            report.count("rejected", place, 0, entities=n_spans)
        else:
            for point in points:
                for label in names:
                    spans += _make_spans(point, label, text, export, place, report)
    return spans


def _make_spans(
    point: Any, label: str, text: str, export: Export, place: str, report: Report
) -> list[Span]:
    """Return the span of an entity, or its occurrences if it has no offsets."""
    own_text = look_up(point, export.own_text) if export.own_text else None
    if not isinstance(own_text, str):
        own_text = None
    if export.start:
        start, end = look_up(point, export.start), look_up(point, export.end)
        return [Span(int(float(start)), int(float(end)), label, own_text)]
    occurrences = _find_occurrences(text, (own_text or "").strip())
    if not occurrences:
        report.count("no_occurrence", place)
    if len(occurrences) > 1:
        report.count("occurrence", place, len(occurrences) - 1)
    return [Span(start, end, label, own_text) for start, end in occurrences]


def _find_occurrences(text: str, own_text: str) -> list[tuple[int, int]]:
    """Return the start and end of each occurrence that does not cut a word."""
    occurrences = []
    start = text.find(own_text) if own_text else -1
    while start >= 0:
        end = start + len(own_text)
        if not (cuts_word(text, start) or cuts_word(text, end)):
            occurrences.append((start, end))
        start = text.find(own_text, end)
    return occurrences


def _word_offsets(words: Sequence[str]) -> tuple[tuple[int, int], ...]:
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
            f"{name}: the first record is no object but {json.dumps(record)[:60]}. "
            'Expected {"text": "Mira left Oslo", "entities": [[0, 4, "PER"]]}.'
        )
    fields = {"text": "KEY", "entities": "KEY", "start": "KEY", "end": "KEY", "label": "KEY"}
    longest = ""
    for path, value in _members(record):
        if isinstance(value, str) and len(value) > len(longest):
            longest = value
            fields["text"] = path
        is_list = isinstance(value, list) and value and isinstance(value[0], dict | list)
        if is_list and fields["entities"] == "KEY":
            fields["entities"] = path
            fields |= _guess_fields(value[0])
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


def _guess_fields(entity: Any) -> dict[str, str]:
    """Return where an entity has its start, end and label, by the types of its values."""
    members = entity if isinstance(entity, dict) else dict(enumerate(entity))
    paths = dict(_members({str(key): value for key, value in members.items()}))
    numbers = [path for path, value in paths.items() if type(value) is int]
    strings = [path for path, value in paths.items() if isinstance(value, str)]
    fields = {}
    if len(numbers) == 2:
        fields["start"], fields["end"] = sorted(numbers, key=paths.__getitem__)
    if len(strings) == 1:
        fields["label"] = strings[0]
    return fields
