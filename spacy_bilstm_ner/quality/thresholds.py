"""Find the confidence from which the entities of each label reach a precision."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..errors import UserError
from ..files.options import Options
from ..pipe.decisions import min_confidences
from ..pipe.loading import load_pipeline
from ..pipe.saving import write_cfg
from ..system.whole import save
from .examples import (
    find_recognisers,
    predict_examples,
    read_labelled_docs,
    without_thresholds,
)
from .intervals import cases_needed, wilson_interval
from .pages import Section
from .plots import draw_curves
from .reliability import Curve, make_curves
from .result import Column, Result, number


class Threshold(NamedTuple):
    """The lowest confidence from which the entities of a label reach a precision.

    precision (float): The precision of these entities, with its 95 % interval "low" and "high".
    recall (float): The share of the gold entities that are among them.
    n_entities (int): Their number.
    """

    threshold: float
    precision: float
    low: float
    high: float
    recall: float
    n_entities: int


def _show(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


@dataclass(frozen=True)
class Thresholds(Result):
    """Thresholds of a pipeline.

    precision (float): The precision to reach.
    labels (dict[str, Threshold | None]): None if no threshold reaches the precision.
    curves (dict[str, Curve]): Precision and recall over the threshold, by label.
    uncertain (list[str]): Labels with too few entities to show that the precision is reached.
    """

    pipeline: str
    file: Path
    n_sentences: int
    precision: float
    labels: dict[str, Threshold | None]
    curves: dict[str, Curve]
    uncertain: list[str]
    warnings: list[str]

    columns: ClassVar = {
        "label": Column(""),
        "threshold": Column("from", _show),
        "precision": Column("precision", _show),
        "low": Column("95 % from", _show),
        "high": Column("to", _show),
        "recall": Column("recall", _show),
        "n_entities": Column("entities", number),
        "n_gold": Column("gold", number),
    }

    @property
    def title(self) -> str:
        return "Thresholds"

    def summary(self) -> list[str]:
        return [
            f"{self.file}: {self.n_sentences:,} sentences. From these confidences on, entities "
            f'have a precision of at least {self.precision:g} ("-": not reached).'
        ]

    def rows(self) -> list[dict[str, Any]]:
        rows = []
        for label, threshold in self.labels.items():
            values = threshold._asdict() if threshold else dict.fromkeys(Threshold._fields)
            rows.append({"label": label, **values, "n_gold": self.curves[label].n_gold})
        return rows

    def figures(self) -> dict[str, Any]:
        labels = {}
        for label, threshold in self.labels.items():
            labels[label] = threshold._asdict() if threshold else None
        return {
            "pipeline": self.pipeline,
            "file": str(self.file),
            "wanted": self.precision,
            "labels": labels,
            "warnings": self.warnings,
        }

    def sections(self) -> Iterator[Section]:
        yield Section("Precision and recall", pictures=[draw_curves(self.curves)])


class Change(NamedTuple):
    """The threshold of a label, before and after."""

    label: str
    old: float
    new: float


def find_thresholds(
    pipeline: str, file: Path, *, precision: float = 0.95, options: Options | None = None
) -> Thresholds:
    """Find the thresholds of a pipeline on a labelled file.

    pipeline (str): The folder or name of a pipeline.
    precision (float): The precision to reach, between 0 and 1.
    options (Optional[Options]): How to read the file.
    RAISES UserError: If the pipeline gives no confidences, or predicts no label of the file.
    """
    if not 0 < precision < 1:
        raise UserError(f"--precision must be between 0 and 1, but it is {precision:g}")
    nlp = load_pipeline(pipeline)
    docs = read_labelled_docs(nlp, file, options)
    with without_thresholds(nlp):
        curves = make_curves(predict_examples(nlp, docs))
    if not curves:
        raise UserError(
            f"{pipeline} predicts no entity in {file}, or gives no confidences: there is nothing "
            "to choose"
        )
    predicted_labels = [label for label, curve in curves.items() if len(curve.confidence)]
    if not any(curves[label].n_gold for label in predicted_labels):
        raise UserError(
            f"{file} has no entity with a label that {pipeline} predicts on it: "
            f"{', '.join(predicted_labels)}"
        )
    n_needed = cases_needed(precision)
    labels = {}
    uncertain = []
    for label, curve in curves.items():
        threshold = threshold_for_precision(curve, precision)
        labels[label] = threshold
        if threshold and threshold.n_entities < n_needed:
            uncertain.append(label)
    warnings = []
    if uncertain:
        warnings.append(
            f"too few entities to show a precision of {precision:g} (at least {n_needed:,} are "
            f"needed, all correct): {', '.join(uncertain)}. These thresholds are not stored"
        )
    return Thresholds(pipeline, file, len(docs), precision, labels, curves, uncertain, warnings)


def threshold_for_precision(curve: Curve, precision: float) -> Threshold | None:
    """Find the lowest threshold with a precision; None if no threshold has it."""
    # Entities with the same confidence stay together: only the last of them can be the limit.
    (limits,) = np.nonzero(np.diff(curve.confidence, append=-1.0))
    precise_limits = limits[curve.precision[limits] >= precision]
    if not len(precise_limits):
        return None
    limit = int(precise_limits[-1])
    n_entities = limit + 1
    low, high = wilson_interval(int(curve.is_correct[:n_entities].sum()), n_entities)
    # Halfway to the first entity that is left out
    next_confidence = np.append(curve.confidence, 0.0)[n_entities]
    return Threshold(
        threshold=float((curve.confidence[limit] + next_confidence) / 2),
        precision=float(curve.precision[limit]),
        low=low,
        high=high,
        recall=float(curve.recall[limit]),
        n_entities=n_entities,
    )


def store_thresholds(thresholds: Thresholds, *, loosen: bool = False) -> list[Change]:
    """Write thresholds to the settings in the folder of their pipeline.

    Labels without a threshold, and those with too few entities, keep what they have.

    loosen (bool): Whether a threshold may become lower than the stored one.
    RETURNS (list[Change]): Old and new threshold of each label of the result.
    RAISES UserError: If the pipeline is no folder, or has no bilstm_ner pipe.
    """
    folder = Path(thresholds.pipeline)
    check_folder(folder)
    nlp = load_pipeline(folder)
    recognisers = find_recognisers(nlp)
    if not recognisers:
        raise UserError(f"{folder} has no bilstm_ner pipe: only that one takes thresholds")
    changes = []
    for name, pipe in recognisers.items():
        changes += _store_in_pipe(folder, name, pipe, thresholds, loosen)
    return changes


def _store_in_pipe(
    folder: Path, name: str, pipe: Any, thresholds: Thresholds, loosen: bool
) -> list[Change]:
    stored = pipe.cfg["thresholds"]
    effective = dict(zip(pipe.labels, min_confidences(pipe.labels, 0.0, stored), strict=True))
    changes = []
    for label, threshold in thresholds.labels.items():
        if label not in effective:
            continue
        old = new = float(effective[label])
        if threshold and label not in thresholds.uncertain:
            new = threshold.threshold if loosen else max(old, threshold.threshold)
        changes.append(Change(label, old, new))
    changed = {change.label: change.new for change in changes if change.new != change.old}
    if changed:
        pipe.cfg["thresholds"] = {**stored, **changed}
        weights = (folder / name / "model").read_bytes()
        save(folder / name / "cfg", write_cfg(pipe.cfg, pipe.model, weights).decode())
    return changes


def check_folder(folder: Path) -> None:
    """Check that thresholds can be stored in a pipeline. RAISES UserError: If it is no folder."""
    if not folder.is_dir():
        raise UserError(
            f"--write changes a pipeline's folder, and {folder} is none: give the folder"
        )
