"""Unite several annotations of one text, or refuse those that contradict each other."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

from ..errors import UserError, count
from .options import Options
from .records import Span, TaggedWords, TextWithSpans
from .report import Report

Record = TypeVar("Record", TaggedWords, TextWithSpans)
# A file of sentences is refused if more than this share of them contradict each other. Below, the
# same few words may well mean different things.
MAX_SHARE = 0.1


def unite_texts(
    texts: Sequence[TextWithSpans], options: Options
) -> tuple[list[TextWithSpans], Report]:
    """Unite binary answers, and passes that have one entity each, into partly labelled texts.

    texts (Sequence[TextWithSpans]): Texts after `offsets.to_characters`.
    RAISES UserError: If different complete annotations of a text exist and the user does not say
        what to do with them.
    """
    report = Report()
    united: dict[int, TextWithSpans] = {}  # id of the first of several passes -> all of them
    left_out: set[int] = set()
    contradicting: list[list[TextWithSpans]] = []
    for same in _group(texts, lambda text: text.text):
        annotations = {(frozenset(map(_place, text.spans)), text.annotated) for text in same}
        if len(annotations) == 1:
            continue
        is_partial = all(text.annotated is not None for text in same)
        is_passes = all(len(text.spans) == 1 for text in same)
        places = {_place(span): span for text in same for span in text.spans}
        spans = sorted(places.values(), key=_place)
        has_overlap = any(second.start < first.end for first, second in pairwise(spans))
        if (is_partial or is_passes) and not has_overlap:
            united[id(same[0])] = _unite(same, spans, report)
            left_out.update(map(id, same[1:]))
        else:
            contradicting.append(same)
    if contradicting and options.conflicts is None:
        raise UserError(_message(contradicting, "text"))
    remaining = [united.get(id(text), text) for text in texts if id(text) not in left_out]
    return _settle(remaining, contradicting, options.conflicts, report), report


def check_sentences(
    sentences: Sequence[TaggedWords], options: Options
) -> tuple[list[TaggedWords], Report]:
    """Refuse a file in which more than a tenth of the sentences occur with different tags.

    RAISES UserError: If so, and the user does not say what to do with them.
    """
    report = Report()
    contradicting = []
    for same in _group(sentences, lambda sentence: sentence.words):
        complete = {sentence.tags for sentence in same if sentence.annotated is None}
        if len(complete) > 1:
            contradicting.append(same)
    n_contradicting = sum(map(len, contradicting))
    if contradicting and options.conflicts is None:
        message = _message(contradicting, "sentence")
        if n_contradicting > max(2, MAX_SHARE * len(sentences)):
            raise UserError(message)
        report.warnings.append(message)
        contradicting = []
    return _settle(sentences, contradicting, options.conflicts, report), report


def _group(records: Iterable[Record], key: Callable[[Record], Hashable]) -> list[list[Record]]:
    groups: dict[Hashable, list[Record]] = {}
    for record in records:
        groups.setdefault(key(record), []).append(record)
    return list(groups.values())


def _place(span: Span) -> tuple[int, int, str]:
    return span.start, span.end, span.label


def _unite(same: Sequence[TextWithSpans], spans: Sequence[Span], report: Report) -> TextWithSpans:
    """Return one partly labelled text."""
    first = same[0]
    report.count("united", first.origin.place(), len(same))
    n_repeated = sum(len(text.spans) for text in same) - len(spans)
    report.count("repeated", first.origin.place(), n_repeated)
    labels: set[str] = set()
    for text in same:
        labels.update(text.annotated or ())
    is_known = all(text.annotated for text in same)
    return first._replace(
        spans=tuple(spans),
        annotated=tuple(sorted(labels)) if is_known else (),
        rows=sum(text.rows for text in same),
    )


def _message(contradicting: Sequence[Sequence[Record]], noun: str) -> str:
    first, second = contradicting[0][0], contradicting[0][1]
    number = count(len(contradicting), noun)
    return (
        f"{first.origin.file}: {number} with different annotations, such as those in line "
        f"{first.origin.line} and line {second.origin.line}. Say --conflicts first to take the "
        "first annotation, or --conflicts drop to leave these out."
    )


def _settle(
    records: Sequence[Record],
    contradicting: Sequence[Sequence[Record]],
    conflicts: str | None,
    report: Report,
) -> list[Record]:
    """Return the records without those that contradict others."""
    left_out = set()
    for same in contradicting:
        for record in same[1:] if conflicts == "first" else same:
            left_out.add(id(record))
            numbers = {"entities": record.n_entities, "words": record.n_words}
            report.count("conflict", record.origin.place(), record.rows, **numbers)
    return [record for record in records if id(record) not in left_out]
