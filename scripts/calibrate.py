"""Fit a trained pipeline's decisions on dev, and store them in it: what its confidences are worth, and how sure it must
be of an entity, label by label.

Platt 1999, "Probabilistic outputs for support vector machines": a confidence's log-odds are stretched and shifted, so
that entities are right as often as their confidence says. And an F is not highest where all that is more probable than
not is taken: the rarer a label is recognised, the less it pays to wait for certainty (Lipton et al. 2014, "Optimal
Thresholding of Classifiers to Maximize F1 Measure").
"""

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import spacy
import srsly

from spacy_bilstm_ner.quality.reliability import BINS, Bools, Floats, bins, calibration_error, judge
from spacy_bilstm_ner.errors import UserError, run
from spacy_bilstm_ner.quality.mistakes import entities
from spacy_bilstm_ner.quality.evaluate import predict
from spacy_bilstm_ner.calibration import calibrated, log_odds

PIPE = "ner"
STEPS = 50
# A label that dev has fewer entities of keeps the threshold that it has
ENOUGH = 20
CLOSE = 1e-9


def fit(confidences: Floats, right: Bools) -> tuple[float, float]:
    """Find the slope and the offset that make right and wrong most probable, by Newton's method.

    confidences (Floats): n_entities, as the network gives them.
    right (Bools): n_entities.
    RETURNS (tuple[float, float]): Slope and offset. As a prior, both stay near 1 and 0, where few entities tell.
    """
    inputs = np.stack((log_odds(confidences), np.ones(len(confidences))), axis=1)
    prior = np.array([1.0, 0.0])

    def loss(values: Floats) -> float:
        odds = inputs @ values
        return float((np.logaddexp(0, odds) - odds * right).sum() + ((values - prior) ** 2).sum() / 2)

    found = prior
    for _ in range(STEPS):
        probable = calibrated(confidences, *found)
        gradient = inputs.T @ (probable - right) + (found - prior)
        curvature = (inputs * (probable * (1 - probable))[:, None]).T @ inputs + np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        # A full step can go too far where confidences are near 0 or 1
        while loss(found - step) > loss(found) and np.abs(step).max() > CLOSE:
            step = step / 2
        found = found - step
        if np.abs(step).max() <= CLOSE:
            break
    return float(found[0]), float(found[1])


def fit_thresholds(
    confidences: Floats, right: Bools, labels: Sequence[str], gold: Mapping[str, int]
) -> dict[str, float]:
    """Find the least confidence of each label's entities that makes its F highest.

    confidences (Floats): n_entities.
    right (Bools): n_entities.
    labels (Sequence[str]): n_entities.
    gold (Mapping[str, int]): How many entities of each label there are to find.
    RETURNS (dict[str, float]): The least confidences of the labels that have enough entities.
    """
    found = {}
    for label in sorted(label for label, number in gold.items() if number >= ENOUGH):
        mine = np.flatnonzero(np.array(labels) == label)
        mine = mine[np.argsort(-confidences[mine], kind="stable")]
        if len(mine):
            kept = np.arange(1, len(mine) + 1)
            scores = 2 * np.cumsum(right[mine]) / (kept + gold[label])
            last = int(scores.argmax())
            # Halfway to the first that is left out
            found[label] = float(confidences[mine[last : last + 2]].mean())
    return found


def calibrate_pipeline(pipeline: Path, dev: Path) -> str:
    """Fit a pipeline and store what was found in its pipe's cfg, as "calibration" and "thresholds".

    pipeline (Path): The pipeline's folder.
    dev (Path): The development set, a .spacy file.
    RETURNS (str): What was done.
    RAISES UserError: if there is no pipeline or no development set.
    """
    for needed in (pipeline / "meta.json", dev):
        if not needed.is_file():
            raise UserError(f"{needed} is missing: run `spacy project run train` first")
    nlp = spacy.load(pipeline)
    pipe = nlp.get_pipe(PIPE)
    if "calibration" not in getattr(pipe, "cfg", {}):
        return f"{pipeline}: its recogniser has no confidences to calibrate"
    # From the network's own figures, of all that may be an entity, also if it was calibrated before
    pipe.cfg |= {"calibration": [1.0, 0.0], "threshold": 0.0, "thresholds": dict.fromkeys(pipe.labels, 0.0)}
    examples = predict(nlp, dev, gold_tokens=False)
    judged = judge(examples)
    if judged is None or len(judged[0]) < BINS:
        return f"{pipeline}: too few entities on {dev} to calibrate confidences"
    confidences, right = judged
    slope, offset = fit(confidences, right)
    if slope <= 0:
        return f"{pipeline}: not calibrated, since on {dev} entities are the less often right the surer it is"
    after = calibrated(confidences, slope, offset)
    labels = [ent.label for example in examples for ent in entities(example.predicted)]
    gold = Counter(ent.label for example in examples for ent in entities(example.reference))
    thresholds = fit_thresholds(after, right, labels, gold)
    path = pipeline / PIPE / "cfg"
    srsly.write_json(path, {**srsly.read_json(path), "calibration": [slope, offset], "thresholds": thresholds})
    before_error, after_error = (calibration_error(bins(each, right)) for each in (confidences, after))
    errors = " → ".join(f"{error:.3f}" for error in (before_error, after_error))
    return (
        f"{pipeline}: log-odds × {slope:.3f} {offset:+.3f}, error of confidences {errors}\n"
        "Least confidences: " + ", ".join(f"{label} {least:.2f}" for label, least in thresholds.items())
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pipeline", type=Path, help="the trained pipeline's folder")
    parser.add_argument("dev", type=Path, help="the development set, a .spacy file")
    args = parser.parse_args()
    print(calibrate_pipeline(args.pipeline, args.dev))


if __name__ == "__main__":
    run(main)
