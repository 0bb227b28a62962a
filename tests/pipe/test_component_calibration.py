"""The pipe applies its calibration to confidences, and to nothing else."""

import numpy as np
import pytest
import spacy

from spacy_bilstm_ner.pipe.decisions import calibrated
from tests.util import confidences, entities, trained

TEXT = "Anna Smith flew to Lisbon on Monday"


def test_confidences_change_and_entities_stay():
    nlp = trained()
    plain = nlp(TEXT)
    nlp.get_pipe("ner").cfg["calibration"] = [0.5, -1.0]
    doc = nlp(TEXT)
    assert entities(doc) == entities(plain) != []
    expected = calibrated(np.array(confidences(plain), dtype="float32"), 0.5, -1.0)
    assert confidences(doc) == pytest.approx(expected.tolist())


def test_it_is_saved(tmp_path):
    nlp = trained()
    nlp.get_pipe("ner").cfg["calibration"] = [0.5, -1.0]
    nlp.to_disk(tmp_path)
    assert confidences(spacy.load(tmp_path)(TEXT)) == confidences(nlp(TEXT))


def test_the_threshold_is_of_calibrated_confidences():
    nlp = trained()
    nlp.get_pipe("ner").cfg |= {"calibration": [1.0, -30.0], "threshold": 0.5}
    assert not nlp(TEXT).ents
