"""Unite several annotations of one text, and settle those that contradict each other."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from operator import attrgetter

from ..errors import UserError, count
from .options import Options
from .records import TaggedWords, TextWithSpans
from .report import Report

# A file is refused if more than this share of its sentences contradict each other.
MAX_CONFLICT_SHARE = 0.1


def unite(texts: Sequence[TextWithSpans], report: Report) -> list[TextWithSpans]:
    """Unite several annotations of the same text.

    1. Partly labelled copies of a text, such as binary answers, become one partly labelled text.
    2. If each annotation of a text has one entity, at different places, they become one partly
       labelled text.
    3. Equal annotations of one record become one text.
    """
    groups: dict[str, list[TextWithSpans]] = defaultdict(list)
    for text in texts:
        groups[text.text].append(text)
    united = []
    for group in groups.values():
        combined = _combine(group, report) if len(group) > 1 else None
        united += [combined] if combined else group
    return united


def _combine(group: Sequence[TextWithSpans], report: Report) -> TextWithSpans | None:
    """Return one text for several annotations; None if they stay separate."""
    annotations = set(map(attrgetter("spans"), group))
    label_sets = set(map(attrgetter("annotated"), group))
    is_one_record = len(annotations) == len(set(map(attrgetter("origin"), group))) == 1
    starts = {spans[0].start for spans in annotations if len(spans) == 1}
    have_one_entity = len(starts) == len(annotations) > 1
    if not (is_one_record or have_one_entity or None not in label_sets):
        return None
    report.count("united", group[0].origin.place(), len(group))
    spans = chain.from_iterable(map(attrgetter("spans"), group))
    annotated = group[0].annotated
    if not is_one_record:
        annotated = () if label_sets & {None, ()} else tuple(sorted(set().union(*label_sets)))
    return group[0]._replace(spans=tuple(spans), annotated=annotated, rows=len(group))


def settle_conflicts(
    sentences: Sequence[TaggedWords], options: Options, report: Report
) -> list[TaggedWords]:
    """Leave out sentences that contradict another annotation of the same text.

    Without --conflicts they stay, because the same few words may mean different things.

    sentences (Sequence[TaggedWords]): The sentences of one file, with tags in BIO.
    RAISES UserError: If more than a tenth of the sentences contradict each other, and
        `options.conflicts` is None.
    """
    groups: dict[str, list[TaggedWords]] = defaultdict(list)
    for sentence in sentences:
        if sentence.annotated is None:
            groups["".join(sentence.words)].append(sentence)
    conflicts = []
    for group in groups.values():
        if len(set(map(attrgetter("tags"), group))) > 1:
            conflicts.append(group)
    if conflicts and options.conflicts is None:
        first, *further = conflicts[0]
        second = next(sentence for sentence in further if sentence.tags != first.tags)
        message = (
            f"{first.origin.file}: {count(len(conflicts), 'text')} with different annotations, as "
            f"in line {first.origin.line} and line {second.origin.line}. Use --conflicts first to "
            "take the first annotation, or --conflicts drop to leave out these texts."
        )
        if sum(map(len, conflicts)) > MAX_CONFLICT_SHARE * len(sentences):
            raise UserError(message)
        report.warnings.append(message)
        return list(sentences)
    left_out = set()
    for group in conflicts:
        # "first": the first sentence of the group stays. "drop": none stays.
        for sentence in group[options.conflicts == "first" :]:
            left_out.add(id(sentence))
            report.count(
                "conflict",
                sentence.origin.place(),
                sentence.rows,
                words=sentence.n_words,
                entities=sentence.n_entities,
            )
    return [sentence for sentence in sentences if id(sentence) not in left_out]
