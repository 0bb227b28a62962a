"""Unite several annotations of one text, and settle those that contradict each other."""

from collections.abc import Sequence
from itertools import chain, pairwise
from operator import attrgetter
from typing import Any

from ..errors import UserError, count
from .options import Options
from .records import TextWithSpans
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
        # Different records may well have the same text, but two annotators of a record agree.
        is_repeated = is_text and len({record.origin for record in same}) < len(same)
        if len(set(map(annotation, same))) == 1 and not is_repeated:
            continue
        united = _unite(same, report) if is_text else None
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
    if options.conflicts or is_text:
        for record in chain.from_iterable(
            same[options.conflicts == "first" :] for same in conflicts
        ):
            replaced[id(record)] = None
            numbers = {"entities": record.n_entities, "words": record.n_words}
            report.count("conflict", record.origin.place(), record.rows, **numbers)
    settled = [replaced.get(id(record), record) for record in records]
    return list(filter(None, settled))


def _unite(same: Sequence[TextWithSpans], report: Report) -> TextWithSpans | None:
    """Return one partly labelled text; None if the annotations are complete or overlap."""
    is_equal = len({(text.spans, text.annotated) for text in same}) == 1
    is_partial = all(text.annotated is not None for text in same)
    is_passes = all(len(text.spans) == 1 for text in same)
    spans = sorted(set(chain.from_iterable(text.spans for text in same)))
    has_overlap = any(second.start < first.end for first, second in pairwise(spans))
    if has_overlap or not (is_equal or is_partial or is_passes):
        return None
    place = same[0].origin.place()
    report.count("united", place, len(same))
    report.count("repeated", place, sum(len(text.spans) for text in same) - len(spans))
    annotated = same[0].annotated
    if not is_equal:
        labels = set(chain.from_iterable(text.annotated or () for text in same))
        annotated = tuple(sorted(labels)) if all(text.annotated for text in same) else ()
    rows = sum(text.rows for text in same)
    return same[0]._replace(spans=tuple(spans), annotated=annotated, rows=rows)
