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

    Binary answers about one text become one partly labelled text. So do annotations of one text
    that have one entity each. Equal annotations of one record become one text. Sentences with
    tagged words are left out only with --conflicts, because the same few words may mean different
    things.

    records (Sequence[Union[TextWithSpans, TaggedWords]]): Texts after `offsets.to_characters`, or
        sentences with tags in BIO.
    RAISES UserError: If more than a tenth of the records contradict each other, and
        `options.conflicts` is None.
    """
    is_text = isinstance(next(iter(records), None), TextWithSpans)
    key = attrgetter("text" if is_text else "words")
    annotation = attrgetter("spans", "annotated") if is_text else attrgetter("tags")
    groups: dict[Any, list[Any]] = {}
    for record in records:
        if is_text or record.annotated is None:
            groups.setdefault(key(record), []).append(record)
    conflicts = []
    replacements: dict[int, Any] = {}  # id of a record -> the record to take instead, or None
    for group in groups.values():
        is_equal = len(set(map(annotation, group))) == 1
        # Two records with the same text stay two texts. Annotations of one record become one.
        is_record = len(set(map(attrgetter("origin"), group))) < len(group)
        if is_equal and not (is_text and is_record):
            continue
        united = _unite(group, is_equal, report) if is_text else None
        if united:
            replacements |= {**dict.fromkeys(map(id, group)), id(group[0]): united}
        else:
            conflicts.append(group)
    if conflicts and options.conflicts is None:
        first, second, *_ = conflicts[0]
        message = (
            f"{first.origin.file}: {count(len(conflicts), 'text')} with different annotations, as "
            f"in line {first.origin.line} and line {second.origin.line}. Say --conflicts first to "
            "take the first annotation, or --conflicts drop to leave these out."
        )
        if sum(map(len, conflicts)) > MAX_SHARE * len(records):
            raise UserError(message)
        report.warnings.append(message)
    for group in conflicts if options.conflicts or is_text else ():
        for record in group[options.conflicts == "first" :]:
            replacements[id(record)] = None
            numbers = {"entities": record.n_entities, "words": record.n_words}
            report.count("conflict", record.origin.place(), record.rows, **numbers)
    remaining = [replacements.get(id(record), record) for record in records]
    return list(filter(None, remaining))


def _unite(group: Sequence[TextWithSpans], is_equal: bool, report: Report) -> TextWithSpans | None:
    """Return one partly labelled text; None if the annotations are complete or overlap."""
    spans: set[Span] = set()
    labels: set[str] = set()
    n_spans = n_rows = 0
    for text in group:
        spans.update(text.spans)
        labels.update(text.annotated or ())
        n_spans += len(text.spans)
        n_rows += text.rows
    annotated = set(map(attrgetter("annotated"), group))
    have_one_entity = all(len(text.spans) == 1 for text in group)
    sorted_spans = sorted(spans)
    has_overlap = any(second.start < first.end for first, second in pairwise(sorted_spans))
    if has_overlap or not (is_equal or have_one_entity or None not in annotated):
        return None
    place = group[0].origin.place()
    report.count("united", place, len(group))
    report.count("repeated", place, n_spans - len(spans))
    united = group[0]._replace(spans=tuple(sorted_spans), rows=n_rows)
    if is_equal:
        return united
    return united._replace(annotated=tuple(sorted(labels)) if all(annotated) else ())
