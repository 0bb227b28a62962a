"""Find, for each label, the confidence from which on a pipeline's entities are as precise as wanted on a labelled
file, and how many of all entities are left."""

import argparse
from pathlib import Path

import numpy as np
from spacy.language import Language

from ..errors import UserError
from ..pipe.loading import load_pipeline
from ..pipe.saving import write_cfg
from ..system.whole import save
from .intervals import wilson
from .pages import check_outputs, present
from .plots import draw_curves
from .reading import everything, labelled_docs, predict_docs, recognisers
from .reliability import Curve, curves


def execute(args: argparse.Namespace) -> None:
    """Run `thresholds`: print and write what is found, and store it in the pipeline if asked."""
    if not 0 < args.precision < 1:
        raise UserError(f"--precision must lie between 0 and 1, but is {args.precision:g}")
    if args.write and not Path(args.pipeline).is_dir():
        raise UserError(
            f"--write changes a pipeline's folder, and {args.pipeline} is none: give the folder"
        )
    check_outputs(args)
    nlp = load_pipeline(args.pipeline)
    docs = labelled_docs(nlp, args.file)
    with everything(nlp):
        examples = predict_docs(nlp, docs)
    known = curves(examples)
    if not known:
        raise UserError(
            f"{args.pipeline} finds no entity here, or gives no confidences: there is nothing to choose"
        )
    if not any(curve.gold and len(curve.right) for curve in known.values()):
        names = ", ".join(label for label, curve in known.items() if len(curve.right))
        raise UserError(
            f"{args.file} has no entity with a label that {args.pipeline} predicts on it: {names}"
        )
    found = {label: reach(curve, args.precision) for label, curve in known.items()}
    rows = []
    for label, each in found.items():
        cells = [f"{value:.3f}" for value in each.values()] if each else ["out of reach", *[""] * 4]
        rows.append([label, *cells, f"{known[label].gold:,}"])
    present(
        "Thresholds",
        [f"{args.file}: {len(examples):,} sentences; a precision of {args.precision:g} is wanted"],
        ["", "from", "precision", "95 % from", "to", "recall", "entities"],
        rows,
        {
            "pipeline": args.pipeline,
            "file": str(args.file),
            "wanted": args.precision,
            "labels": found,
        },
        parts=map(draw_curves, [known]),
        out=args.out,
        report=args.report,
    )
    if args.write:
        store(
            nlp,
            Path(args.pipeline),
            {label: each["threshold"] for label, each in found.items() if each},
        )


def reach(curve: Curve, wanted: float) -> dict[str, float] | None:
    """Find the lowest confidence that gives the wanted precision: "threshold", "precision" with its interval "low" and
    "high", "recall"; None if none gives it."""
    # The last entity of each confidence, since those of one confidence are taken together.
    (last,) = np.nonzero(np.diff(curve.confidence, append=-1.0))
    good = last[curve.precision[last] >= wanted]
    if not len(good):
        return None
    i = int(good[-1])
    low, high = wilson(int(curve.right[: i + 1].sum()), i + 1)
    return {
        # Halfway to the first that is left out.
        "threshold": float(np.append(curve.confidence, 0.0)[i : i + 2].mean()),
        "precision": float(curve.precision[i]),
        "low": low,
        "high": high,
        "recall": float(curve.recall[i]),
    }


def store(nlp: Language, folder: Path, found: dict[str, float]) -> None:
    """Write thresholds to the settings of the recogniser in a pipeline's folder; labels without keep theirs."""
    pipes = recognisers(nlp)
    if not pipes:
        raise UserError(f"{folder} has no bilstm_ner pipe: only that one takes thresholds")
    for name, pipe in pipes:
        pipe.cfg["thresholds"] = {**pipe.cfg["thresholds"], **found}
        model = (folder / name / "model").read_bytes()
        save(folder / name / "cfg", write_cfg(pipe.cfg, model).decode())
    print(f"Stored in {folder}: {len(found)} thresholds")
