"""Find the threshold at which the entities of each label reach a precision."""

from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import UserError
from ..files.reading import read_docs
from ..pipe.decisions import min_confidences
from ..pipe.loading import load_pipeline
from ..pipe.saving import write_cfg
from ..system.atomic import save_text
from .curves import make_curves
from .examples import find_recognisers, find_warnings, predict_examples, remove_thresholds
from .intervals import cases_needed
from .result import Result
from .scores import judge_entities

COLUMNS = ["label", "threshold", "precision", "recall", "entities"]


def find_thresholds(pipeline: str, file: Path, *, precision: float = 0.95) -> Result:
    """Find the thresholds of a pipeline on a labelled file.

    pipeline (str): The folder or name of a pipeline.
    precision (float): The precision to reach, between 0 and 1.
    RETURNS (Result): `table` has a row for each label. "threshold" is NaN if no threshold reaches
        the precision. "entities", "precision" and "recall" describe the entities above the
        threshold.
    RAISES UserError: If the pipeline gives no confidences.
    """
    nlp = load_pipeline(pipeline)
    docs = read_docs(file, nlp)
    remove_thresholds(nlp)
    examples = predict_examples(nlp, docs)
    judged = judge_entities(examples)
    if judged["confidence"].isna().all():
        raise UserError(
            f"{pipeline} gives no confidences: give a pipeline with a pipe bilstm_ner, which finds "
            "entities in the file"
        )
    rows = []
    for label, curve in make_curves(judged).items():
        rows.append({"label": label} | threshold_for_precision(curve, precision))
    table = pd.DataFrame(rows, columns=COLUMNS)
    n_needed = cases_needed(precision)
    uncertain = table["label"][table["threshold"].notna() & (table["entities"] < n_needed)]
    warnings = find_warnings(pipeline, nlp, examples)
    if len(uncertain):
        warnings.append(
            f"too few entities to show a precision of {precision:g} (at least {n_needed:,} are "
            f"needed, even if all are correct): {', '.join(uncertain)}. Their thresholds are not "
            "stored"
        )
    return Result(
        summary=[
            f"{file}: {len(docs):,} sentences. Entities with at least these confidences have a "
            f'precision of at least {precision:g} ("-": not reached).'
        ],
        table=table,
        share_format="{:.3f}",
        warnings=warnings,
    )


def threshold_for_precision(curve: pd.DataFrame, precision: float) -> dict[str, Any]:
    """Find the lowest threshold that gives a precision.

    curve (pd.DataFrame): See `make_curves`.
    RETURNS (dict[str, Any]): The "threshold", and figures of the entities above it. If no threshold
        reaches the precision, "entities" is 0, and the other keys are missing.
    """
    # Entities with the same confidence cannot be separated, so a threshold lies after the last one.
    limits = curve.drop_duplicates("confidence", keep="last")
    precise = limits[limits["precision"] >= precision]
    if precise.empty:
        return {"entities": 0}
    last = precise.iloc[-1]
    n_entities = precise.index[-1] + 1
    # Halfway between the last entity above the threshold and the first one below it
    next_confidence = curve["confidence"].get(n_entities, 0.0)
    threshold = (last["confidence"] + next_confidence) / 2
    return {"threshold": threshold, "entities": n_entities, **last[["precision", "recall"]]}


def store_thresholds(folder: Path, table: pd.DataFrame, *, precision: float) -> list[str]:
    """Write thresholds that are higher than before into the folder of a pipeline.

    folder (Path): The folder of the pipeline.
    table (pd.DataFrame): The table of `find_thresholds` for this precision. Labels with too few
        entities to show the precision are left out.
    RETURNS (list[str]): Old and new threshold of each label that has changed.
    RAISES UserError: If the pipeline cannot be loaded.
    """
    certain = table[table["entities"] >= cases_needed(precision)]
    thresholds = certain.set_index("label")["threshold"].to_dict()
    changes = []
    for name, pipe in find_recognisers(load_pipeline(folder)).items():
        minima = min_confidences(pipe.labels, 0.0, pipe.cfg["thresholds"]).tolist()
        stored = dict(zip(pipe.labels, minima, strict=True))
        new_thresholds = {}
        for label, old in stored.items():
            new = thresholds.get(label, old)
            if new > old:
                new_thresholds[label] = new
                changes.append(f"{label}: {old:.3f} -> {new:.3f}")
        if new_thresholds:
            cfg = pipe.cfg | {"thresholds": stored | new_thresholds}
            weights = (folder / name / "model").read_bytes()
            save_text(folder / name / "cfg", write_cfg(cfg, pipe.model, weights).decode())
    return changes
