"""The recogniser among other components: frozen, annotated, shared embeddings."""

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Adam

from spacy_bilstm_ner.network.parts import parts
from tests.util import (
    blank,
    entities,
    examples,
    logits,
    small_model,
    texts,
    train,
    trained,
)

TOK2VEC = {
    "@architectures": "spacy.Tok2Vec.v2",
    "embed": {
        "@architectures": "spacy.MultiHashEmbed.v2",
        "width": 32,
        "attrs": ["NORM", "SUFFIX"],
        "rows": [300, 100],
        "include_static_vectors": False,
    },
    "encode": {
        "@architectures": "spacy.MaxoutWindowEncoder.v2",
        "width": 32,
        "depth": 1,
        "window_size": 1,
        "maxout_pieces": 2,
    },
}
LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "tok2vec"}


def shared() -> Language:
    """A tok2vec that a tagger and the recogniser listen to."""
    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": TOK2VEC})
    nlp.add_pipe("tagger", config={"model": {"tok2vec": LISTENER}})
    nlp.add_pipe("bilstm_ner", name="ner", config={"model": small_model(tok2vec=LISTENER)})
    return nlp


def tagged_examples(nlp: Language) -> list[Example]:
    data = examples(nlp)
    for eg in data:
        for token in eg.reference:
            token.tag_ = "Cap" if token.text[0].isupper() else "low"
    return data


@pytest.fixture(name="listening", scope="module")
def _listening() -> Language:
    nlp = shared()
    data = tagged_examples(nlp)
    nlp.initialize(lambda: data)
    optimizer = Adam(0.02)
    for _ in range(40):
        nlp.update(data, sgd=optimizer)
    return nlp


def test_it_learns_from_a_shared_tok2vec(listening):
    scores = listening.evaluate(tagged_examples(listening))
    assert scores["ents_f"] == 1.0
    assert scores["tag_acc"] == 1.0


def test_its_gradient_reaches_the_shared_tok2vec():
    nlp = shared()
    nlp.initialize(lambda: tagged_examples(nlp))
    model = nlp.get_pipe("tok2vec").model
    # The first update moves the output layer only: it begins with zeros.
    train(nlp, steps=1)
    data = examples(nlp)  # no tags: nothing for the tagger
    before = model.to_bytes()
    for _ in range(2):
        nlp.update(data, sgd=Adam(0.05))
    assert model.to_bytes() != before


def test_a_listening_pipeline_survives_a_round_trip(listening, tmp_path):
    listening.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    for text in ("", " ", *texts()):
        assert entities(loaded(text)) == entities(listening(text))
    mixed = ["", *texts(), "\n"]
    assert [entities(doc) for doc in loaded.pipe(mixed)] == [
        entities(listening(text)) for text in mixed
    ]


def test_replace_listeners(listening, tmp_path):
    listening.to_disk(tmp_path)
    nlp = spacy.load(tmp_path)
    nlp.replace_listeners("tok2vec", "ner", ["model.tok2vec"])
    expected = [entities(listening(text)) for text in texts()]
    with nlp.select_pipes(enable="ner"):
        assert [entities(nlp(text)) for text in texts()] == expected
    model = nlp.config["components"]["ner"]["model"]
    assert model["tok2vec"]["@architectures"] == "spacy.Tok2Vec.v2"
    nlp.to_disk(tmp_path / "replaced")
    again = spacy.load(tmp_path / "replaced", exclude=["tok2vec", "tagger"])
    assert [entities(again(text)) for text in texts()] == expected
    train(again, steps=2)


def test_spacys_tok2vec_as_a_part_of_its_own():
    nlp = blank(model=small_model(tok2vec=TOK2VEC))
    data = examples(nlp)
    nlp.initialize(lambda: data)
    train(nlp, optimizer=Adam(0.02))
    assert nlp.evaluate(data)["ents_f"] == 1.0
    assert [len(doc.ents) for doc in nlp.pipe(["", " ", texts()[0]])] == [0, 0, 3]


def test_whole_docs_as_sequences():
    nlp = blank(model=small_model(segment=None))
    nlp.initialize(lambda: examples(nlp))
    train(nlp)
    first, second = texts()[:2]
    assert parts(nlp.get_pipe("ner").model).output.get_param("W").any()
    # The second sentence is read in the light of the first.
    size = len(nlp.make_doc(second))
    assert not np.allclose(logits(nlp, f"{first} {second}")[-size:], logits(nlp, second), atol=1e-3)
    cut = trained()
    assert np.allclose(logits(cut, f"{first} {second}")[-size:], logits(cut, second), atol=1e-4)


def test_an_annotating_component_before_it_does_not_disturb_training(nlp):
    ruler = nlp.add_pipe("entity_ruler", before="ner")
    ruler.add_patterns([{"label": "geo", "pattern": "flew"}])
    nlp.add_pipe("sentencizer", first=True)
    losses: dict[str, float] = {}
    nlp.update(
        examples(nlp),
        sgd=Adam(0.0),
        losses=losses,
        annotates=["sentencizer", "entity_ruler"],
    )
    assert losses["ner"] < 0.2
