"""The recurrent part alone, and as `encode` of spaCy's Tok2Vec."""

import numpy as np
import pytest
import spacy
from numpy.testing import assert_allclose, assert_array_equal
from spacy.training import Example
from thinc.api import Adam, Model, set_dropout_rate

from spacy_bilstm_ner.network.encoder import BiLSTMEncoder


def sequences(*lengths: int, width: int = 6) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=(length, width)).astype("float32") for length in lengths]


def encoder(**dropouts) -> Model:
    model = BiLSTMEncoder(hidden_width=5, width=7, **dropouts)
    model.initialize(X=sequences(2))
    return model


@pytest.mark.parametrize("lengths", [(), (0,), (0, 0)])
def test_batches_without_tokens(lengths):
    model = encoder()
    outputs, backprop = model(sequences(*lengths), True)
    assert [y.shape for y in outputs] == [(0, 7)] * len(lengths)
    assert [d.shape for d in backprop(outputs)] == [(0, 6)] * len(lengths)


def test_a_sequence_is_the_same_alone_and_in_any_batch():
    model = encoder()
    batch = sequences(5, 1, 50, 0, 13, 2)
    together = model.predict(batch)
    backwards = model.predict(batch[::-1])[::-1]
    for i, x in enumerate(batch):
        (alone,) = model.predict([x])
        assert_allclose(together[i], alone, atol=1e-6)
        assert_allclose(backwards[i], alone, atol=1e-6)


def test_it_reads_in_both_directions():
    model = encoder()
    (x,) = sequences(6)
    (before,) = model.predict([x])
    for place in (0, 5):
        changed_x = x.copy()
        changed_x[place] += 1.0
        (after,) = model.predict([changed_x])
        assert (np.abs(after - before).max(axis=1) > 1e-6).all()


def test_the_layer_on_top_reads_forward():
    # Without the lower layer's backward half, no token knows of those to its right.
    model = encoder()
    lower = next(node for node in model.walk() if node.name == "bilstm")
    for name in ("W_backward", "R_backward", "b_backward"):
        lower.set_param(name, lower.get_param(name) * 0)
    (x,) = sequences(6)
    changed_x = x.copy()
    changed_x[3] += 1.0
    (before,), (after,) = model.predict([x]), model.predict([changed_x])
    differs = np.abs(after - before).max(axis=1) > 1e-7
    assert_array_equal(differs, [False, False, False, True, True, True])


@pytest.mark.parametrize("place", ["input_dropout", "hidden_dropout", "dropout"])
def test_each_dropout_is_where_its_name_says(place):
    off = {"input_dropout": 0.0, "hidden_dropout": 0.0, "dropout": 0.0}
    model = encoder(**{**off, place: 0.5})
    batch = sequences(4, 3)
    expected = model.predict(batch)
    output, _ = model(batch, True)
    zeros = np.concatenate(output) == 0
    assert not np.allclose(np.concatenate(output), np.concatenate(expected))
    assert zeros.any() == (place == "dropout")


@pytest.mark.parametrize(("rate", "expected"), [(None, 0.3), (0.0, 0.0), (0.5, 0.5)])
def test_a_rate_of_none_follows_the_training_rate(rate, expected):
    model = encoder(dropout=rate)
    set_dropout_rate(model, 0.3)
    outputs, _ = model(sequences(*[2] * 2000), True)
    assert (np.concatenate(outputs) == 0).mean() == pytest.approx(expected, abs=0.02)


def test_one_mask_per_sequence_which_gradients_pass():
    model = encoder(input_dropout=0.5, hidden_dropout=0.0, dropout=0.5)
    batch = sequences(2, 4, 3)
    outputs, backprop = model(batch, True)
    d_inputs = backprop([np.ones_like(output) for output in outputs])
    for vectors in (outputs, d_inputs):
        masks = [sequence == 0 for sequence in vectors]
        for mask in masks:
            assert_array_equal(mask, np.broadcast_to(mask[0], mask.shape))
        assert len({mask[0].tobytes() for mask in masks}) > 1


@pytest.mark.parametrize("rate", [-0.1, 1.1, 2])
def test_a_rate_out_of_range(rate):
    with pytest.raises(ValueError, match=rf"at least 0 and at most 1, but is {rate}.*null"):
        encoder(dropout=rate)


def test_dropout_is_off_in_prediction():
    model = encoder(input_dropout=0.5, hidden_dropout=None, dropout=None)
    expected = encoder_copy_without_dropout(model).predict(sequences(4, 2))
    set_dropout_rate(model, 0.5)
    for output, expected_output in zip(model.predict(sequences(4, 2)), expected, strict=True):
        assert_array_equal(output, expected_output)


def encoder_copy_without_dropout(model: Model) -> Model:
    copy = encoder(input_dropout=0.0, hidden_dropout=0.0, dropout=0.0)
    pairs = zip(model.walk(), copy.walk(), strict=True)
    for node, twin in pairs:
        for name in node.param_names:
            twin.set_param(name, node.get_param(name))
    return copy


def test_as_encode_of_spacys_tok2vec():
    nlp = spacy.blank("en")
    tok2vec = {
        "@architectures": "spacy.Tok2Vec.v2",
        "embed": {
            "@architectures": "spacy.MultiHashEmbed.v2",
            "width": 16,
            "attrs": ["NORM"],
            "rows": [200],
            "include_static_vectors": False,
        },
        "encode": {
            "@architectures": "spacy_bilstm_ner.BiLSTMEncoder.v1",
            "hidden_width": 8,
            "width": 12,
        },
    }
    model = {"@architectures": "spacy.Tagger.v2", "tok2vec": tok2vec}
    nlp.add_pipe("tagger", config={"model": model})
    words = ["we", "saw", "the", "saw"]
    gold = {"words": words, "tags": ["P", "V", "D", "N"]}
    data = [Example.from_dict(spacy.tokens.Doc(nlp.vocab, words=words), gold)]
    nlp.initialize(lambda: data)
    optimizer = Adam(0.02)
    for _ in range(30):
        nlp.update(data, sgd=optimizer)
    # The same form twice: only the context tells the two apart.
    assert [token.tag_ for token in nlp("we saw the saw")] == ["P", "V", "D", "N"]
    again = spacy.blank("en")
    again.add_pipe("tagger", config={"model": model})
    again.from_bytes(nlp.to_bytes())
    assert [token.tag_ for token in again("we saw the saw")] == ["P", "V", "D", "N"]
    assert len(nlp("")) == 0
