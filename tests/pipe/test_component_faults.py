"""A fault stays where it is: a rate that is too high, a very long Doc."""

import tracemalloc

import numpy as np
import pytest
import spacy
from numpy.testing import assert_array_equal
from spacy.tokens import Doc
from thinc.api import SGD, Adam

from spacy_bilstm_ner.network.parts import parts
from tests.util import blank, examples, texts, train, trained


def test_an_update_that_leaves_no_numbers_is_refused_and_the_checkpoint_stays(tmp_path, nlp):
    nlp.to_disk(tmp_path / "model-last")
    before = (tmp_path / "model-last" / "ner" / "model").read_bytes()
    with (
        np.errstate(all="ignore"),
        pytest.raises(ValueError, match="the loss is not finite"),
    ):
        train(nlp, steps=10, optimizer=Adam(1e38))
    with pytest.raises(ValueError, match="a weight is not finite"):
        nlp.to_disk(tmp_path / "model-last")
    assert (tmp_path / "model-last" / "ner" / "model").read_bytes() == before
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="a prediction is not finite"):
        nlp(texts()[0])
    # Anew, it is as good as any other.
    nlp.initialize(lambda: examples(nlp))
    train(nlp)
    assert len(nlp(texts()[0]).ents) == 3


def test_a_loss_that_is_no_number_is_refused_before_it_changes_a_weight(nlp, ner):
    output = parts(ner.model).output
    before = output.get_param("W").copy()
    output.get_param("b")[0] = np.nan
    with pytest.raises(ValueError, match="the loss is not finite"):
        train(nlp, steps=1, optimizer=SGD(0.1))
    assert_array_equal(output.get_param("W"), before)


@pytest.mark.parametrize("value", [7, -0.1])
def test_a_threshold_out_of_range_in_a_config(value, tmp_path):
    with pytest.raises(ValueError, match="threshold"):
        blank(threshold=value)
    trained().to_disk(tmp_path)
    with pytest.raises(ValueError, match="threshold"):
        spacy.load(tmp_path, config={"components.ner.threshold": value})


def peak_per_word(n_words: int) -> float:
    nlp = trained()
    doc = Doc(nlp.vocab, words=[f"Word{i}" if i % 23 else "." for i in range(n_words)])
    nlp("Word")
    tracemalloc.start()
    nlp.get_pipe("ner")(doc)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert doc.has_annotation("ENT_IOB", require_complete=True)
    return peak / n_words


def test_a_very_long_doc_takes_little_memory_beyond_its_own(monkeypatch):
    for bound in ("prediction.PART_WORDS", "prediction.MAX_KNOWN_WORDS"):
        monkeypatch.setattr(f"spacy_bilstm_ner.network.{bound}", 1000)
    # The gates of its words alone would take 1 kB each, and what leads to them as much again.
    assert peak_per_word(15_000) < 750


def test_a_pipe_that_was_never_initialized_says_so():
    nlp = blank()
    with pytest.raises(ValueError, match=r"\[E109\].*ner.*initialize"):
        nlp("Anna Smith flew to Lisbon.")
