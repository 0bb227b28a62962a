"""Fit the confidences of a trained pipeline to how often its entities are right on dev, and store it in the pipeline.

Platt 1999, "Probabilistic outputs for support vector machines": a confidence's log-odds are stretched and shifted.
Neither the entities nor their order change.
"""

import argparse
from pathlib import Path

import numpy as np
import spacy
import srsly

from scripts.calibration import BINS, Bools, Floats, bins, calibration_error, judge
from scripts.cli import UserError, run
from scripts.evaluate import predict
from spacy_bilstm_ner.calibration import calibrated, log_odds

PIPE = "ner"
STEPS = 50
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


def calibrate_pipeline(pipeline: Path, dev: Path) -> str:
    """Fit a pipeline and store what was found in its pipe's cfg, as "calibration".

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
    # From the network's own figures, of all entities, also if it was calibrated before
    pipe.cfg |= {"calibration": [1.0, 0.0], "threshold": 0.0}
    judged = judge(predict(nlp, dev, gold_tokens=False))
    if judged is None or len(judged[0]) < BINS:
        return f"{pipeline}: too few entities on {dev} to calibrate confidences"
    slope, offset = fit(*judged)
    if slope <= 0:
        return f"{pipeline}: not calibrated, since on {dev} entities are the less often right the surer it is"
    path = pipeline / PIPE / "cfg"
    srsly.write_json(path, {**srsly.read_json(path), "calibration": [slope, offset]})
    confidences, right = judged
    before = calibration_error(bins(confidences, right))
    after = calibration_error(bins(calibrated(confidences, slope, offset), right))
    return f"{pipeline}: log-odds × {slope:.3f} {offset:+.3f}: error of confidences {before:.3f} → {after:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pipeline", type=Path, help="the trained pipeline's folder")
    parser.add_argument("dev", type=Path, help="the development set, a .spacy file")
    args = parser.parse_args()
    print(calibrate_pipeline(args.pipeline, args.dev))


if __name__ == "__main__":
    run(main)
