"""Unite several annotations of one text, and settle those that contradict each other."""

from collections.abc import Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Any

from ..errors import UserError, count
from .options import Options
from .records import Span, TextWithSpans
from .report import Report

# A file is refused if more than this share of its records contradict each other.
MAX_SHARE = 0.1


def settle_conflicts(records: Sequence[Any], options: Options, report: Report) -> list[Any]:
    """Return records without those that contradict another annotation of the same text.

    Binary answers, and passes that have one entity each, become one partly labelled text. Equal
    annotations of one record become one text. Sentences of words are left out only if the user says
    so: the same few words may mean different things.

    records (Sequence[Union[TextWithSpans, TaggedWords]]): Texts after `offsets.to_characters`, or
        sentences with tags in BIO.
    RAISES UserError: If more than a tenth of the records contradict each other, and the user does
        not say what to do with them.
    """
    is_text = isinstance(next(iter(records), None), TextWithSpans)
    key = attrgetter("text" if is_text else "words")
    annotation = attrgetter("spans", "annotated") if is_text else attrgetter("tags")
    groups: dict[Any, list[Any]] = {}
    for record in records:
        if is_text or record.annotated is None:
            groups.setdefault(key(record), []).append(record)
    conflicts = []
    replaced: dict[int, Any] = {}  # id of a record -> the record to take instead, or None
    for same in groups.values():
        is_equal = len(set(map(annotation, same))) == 1
        # Different records may well have the same text, but annotators of one record agree.
        is_record = len(set(map(attrgetter("origin"), same))) < len(same)
        if is_equal and not (is_text and is_record):
            continue
        united = _unite(same, is_equal, report) if is_text else None
        if united:
            replaced |= {**dict.fromkeys(map(id, same)), id(same[0]): united}
        else:
            conflicts.append(same)
    if conflicts and options.conflicts is None:
        first, second, *_ = conflicts[0]
        first, second, *_ = conflicts[0]
        message = (
            f"{first.origin.file}: {count(len(conflicts), 'text')} with different annotations, as "
            f"in line {first.origin.line} and line {second.origin.line}. Say --conflicts first to "
            "take the first annotation, or --conflicts drop to leave these out."
        )
        if sum(map(len, conflicts)) > MAX_SHARE * len(records):
            raise UserError(message)
        report.warnings.append(message)
    for same in conflicts if options.conflicts or is_text else ():
        for record in same[options.conflicts == "first" :]:
            replaced[id(record)] = None
            numbers = {"entities": record.n_entities, "words": record.n_words}
            report.count("conflict", record.origin.place(), record.rows, **numbers)
    settled = [replaced.get(id(record), record) for record in records]
    return list(filter(None, settled))


def _unite(same: Sequence[TextWithSpans], is_equal: bool, report: Report) -> TextWithSpans | None:
    """Return one partly labelled text; None if the annotations are complete or overlap."""
    spans: set[Span] = set()
    labels: set[str] = set()
    n_spans = n_rows = 0
    for text in same:
        spans.update(text.spans)
        labels.update(text.annotated or ())
        n_spans += len(text.spans)
        n_rows += text.rows
    annotated = set(map(attrgetter("annotated"), same))
    is_passes = all(len(text.spans) == 1 for text in same)
    in_order = sorted(spans)
    has_overlap = any(second.start < first.end for first, second in pairwise(in_order))
    if has_overlap or not (is_equal or is_passes or None not in annotated):
        return None
    place = same[0].origin.place()
    report.count("united", place, len(same))
    report.count("repeated", place, n_spans - len(spans))
    united = same[0]._replace(spans=tuple(in_order), rows=n_rows)
    if is_equal:
        return united
    return united._replace(annotated=tuple(sorted(labels)) if all(annotated) else ())
