"""Learning as people do it, with spaCy's own idioms and its default optimizer."""

import numpy as np
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.language import Language
from spacy.tokens import SpanGroup
from spacy.training import Example
from spacy.util import fix_random_seed, minibatch
from spacy.vocab import Vocab
from thinc.api import Adam, NumpyOps

from spacy_bilstm_ner.network.embedding import vector_table
from spacy_bilstm_ner.network.ngrams import score_docs
from spacy_bilstm_ner.network.output import NEW_TAG_SCORE
from spacy_bilstm_ner.pipe import learning
from spacy_bilstm_ner.sequences import tags
from spacy_bilstm_ner.sequences.gold import allowed_tags
from spacy_bilstm_ner.sequences.words import TagScores
from tests.util import (
    LABELS,
    SENTENCES,
    allow,
    blank,
    entities,
    examples,
    logits,
    marked_doc,
    small_model,
    spans_of,
    texts,
    train,
)

# Warnings that going on with a new label gives, see the tests of them
pytestmark = [
    pytest.mark.filterwarnings("ignore:added the labels"),
    pytest.mark.filterwarnings("ignore:the new examples only have the labels"),
]

NEW = (
    "She bought a [mango](FRUIT) at the market.",
    "He ate a ripe [banana](FRUIT).",
    "A [papaya](FRUIT) is sweet.",
)
CORRECTED = (
    "[Monday](per) met [Oslo](per).",
    "The prices in [Lisbon](org) fell.",
    "[Acme Corp](per) was told.",
)


def pipeline(*, ngrams: bool = False) -> Language:
    """A pipeline that has learnt SENTENCES, as a trained one is loaded."""
    nlp = blank(model=small_model(words=True, ngrams=ngrams))
    nlp.initialize(lambda: examples(nlp))
    train(nlp, optimizer=Adam(0.01))
    return blank(model=small_model(words=True, ngrams=ngrams)).from_bytes(nlp.to_bytes())


def predict_entities(nlp: Language, sentences=SENTENCES) -> list:
    return [entities(doc) for doc in nlp.pipe(texts(sentences))]


def gold_entities(nlp: Language, sentences=SENTENCES) -> list:
    return [entities(marked_doc(nlp, marked)) for marked in sentences]


def partly(docs: list[Example]) -> list[Example]:
    """The same examples with FRUIT as the only label that was looked for."""
    for example in docs:
        example.reference.set_ents(list(example.reference.ents), default="missing")
        group = SpanGroup(example.reference, name="annotated", attrs={"labels": ["FRUIT"]})
        example.reference.spans["annotated"] = group
    return docs


def go_on(nlp: Language, sentences, *, steps: int) -> None:
    fix_random_seed(0)
    optimizer = nlp.resume_training(sgd=Adam(0.001))
    for _ in range(steps):
        nlp.update(examples(nlp, sentences), sgd=optimizer)


def test_the_default_pipe_learns_twenty_examples_in_25_passes():
    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe("bilstm_ner", name="ner")
    sentences = [
        *SENTENCES,
        *NEW,
        *(marked.replace("Lisbon", "Cork").replace("Anna", "Ben") for marked in SENTENCES),
    ]
    data = examples(nlp, sentences)
    optimizer = nlp.initialize(lambda: data)
    for _ in range(25):
        for batch in minibatch(data, 4):
            nlp.update(batch, drop=0.1, sgd=optimizer)
    assert predict_entities(nlp, sentences) == gold_entities(nlp, sentences)


@pytest.mark.parametrize("ngrams", [False, True])
def test_a_new_label_is_learnt_in_five_updates_and_the_old_ones_stay(ngrams):
    nlp = pipeline(ngrams=ngrams)
    assert predict_entities(nlp) == gold_entities(nlp)
    nlp.get_pipe("ner").add_label("FRUIT")
    go_on(nlp, NEW, steps=5)
    assert predict_entities(nlp, NEW) == gold_entities(nlp, NEW)
    assert predict_entities(nlp) == gold_entities(nlp)


def test_two_labels_one_after_the_other():
    nlp = pipeline()
    go_on(nlp, NEW, steps=5)
    nlp.get_pipe("ner").from_bytes(nlp.get_pipe("ner").to_bytes())
    animals = ("A [horse](ANIMAL) ran away.", "He fed the [goose](ANIMAL).")
    go_on(nlp, animals, steps=5)
    for sentences in (SENTENCES, NEW, animals):
        assert predict_entities(nlp, sentences) == gold_entities(nlp, sentences)


def test_corrections_outvote_ngrams():
    nlp = pipeline(ngrams=True)
    assert predict_entities(nlp, CORRECTED) != gold_entities(nlp, CORRECTED)
    go_on(nlp, CORRECTED, steps=20)
    assert predict_entities(nlp, CORRECTED) == gold_entities(nlp, CORRECTED)


def drift(nlp: Language, sentences, *, steps: int) -> float:
    """How far the scores of SENTENCES move."""
    before = np.concatenate([logits(nlp, text) for text in texts()])
    go_on(nlp, sentences, steps=steps)
    after = np.concatenate([logits(nlp, text) for text in texts()])
    return float(np.abs(after - before).mean())


def test_made_up_sentences_keep_what_is_known(monkeypatch):
    drift_with_rehearsal = drift(pipeline(), CORRECTED, steps=12)
    monkeypatch.setattr(learning, "N_SENTENCES", 0)
    assert drift(pipeline(), CORRECTED, steps=12) > 1.15 * drift_with_rehearsal


def test_a_loaded_pipe_rehearses_and_one_that_is_initialized_does_not():
    nlp = pipeline()
    ner = nlp.get_pipe("ner")
    nlp.update(examples(nlp, CORRECTED), sgd=Adam(0.001))
    assert ner._rehearsal_model is not None
    nlp.initialize(lambda: examples(nlp))
    nlp.update(examples(nlp, CORRECTED), sgd=Adam(0.001))
    assert ner._rehearsal_model is None


def test_a_new_label_scores_nothing_until_a_word_has_it():
    nlp = pipeline()
    nlp.get_pipe("ner").add_label("FRUIT")
    go_on(nlp, CORRECTED, steps=2)
    column = tags.begin(len(LABELS))
    assert_allclose(logits(nlp, "A mango")[:, column], NEW_TAG_SCORE)
    nlp.update(examples(nlp, NEW), sgd=Adam(0.001))
    assert (logits(nlp, "A mango")[:, column] > NEW_TAG_SCORE / 2).all()


def test_made_up_sentences_have_no_new_labels_except_at_entities():
    nlp = blank()
    data = partly(examples(nlp, NEW))
    source = learning.WordSource(["dust"], np.ones(1))
    rng = np.random.default_rng(0)
    made_up = learning.make_sentences(data, ["FRUIT"], ["FRUIT"], source, rng)
    assert len(made_up) == learning.N_SENTENCES
    allowed = np.concatenate([allowed_tags(example, ["FRUIT"]) for example in made_up])
    assert allowed[:, tags.OUTSIDE].all()
    words = np.array([token.text for example in made_up for token in example.predicted])
    assert set(words) <= {"dust", *(token.text for eg in data for token in eg.predicted)}
    assert set(words[allowed.all(axis=1)]) <= {"dust", "mango", "banana", "papaya"}


def test_an_update_of_unlabelled_text_changes_nothing_by_itself():
    nlp = pipeline()
    before = logits(nlp, "Nobody left Oslo")
    nlp.update([Example.from_dict(nlp.make_doc("Nobody left Oslo"), {})], sgd=Adam(0.01))
    assert_allclose(logits(nlp, "Nobody left Oslo"), before, atol=1e-6)


@pytest.mark.parametrize("ngrams", [False, True])
def test_an_update_adds_the_labels_that_it_meets(ngrams):
    nlp = pipeline(ngrams=ngrams)
    data = partly(examples(nlp, NEW))
    fix_random_seed(0)
    optimizer = Adam(0.001)
    with pytest.warns(UserWarning, match="added the labels FRUIT.*--from"):
        nlp.update(data, sgd=optimizer)
    for _ in range(5):
        nlp.update(data, sgd=optimizer)
    assert nlp.get_pipe("ner").labels == (*LABELS, "FRUIT")
    assert predict_entities(nlp, NEW) == gold_entities(nlp, NEW)
    assert predict_entities(nlp) == gold_entities(nlp)


def test_words_that_count_as_outside_are_reported():
    nlp = pipeline()
    with pytest.warns(UserWarning, match="--annotated LABEL"):
        nlp.update(examples(nlp, NEW), sgd=Adam(0.001))


def test_partly_labelled_words_are_not_reported(recwarn):
    nlp = pipeline()
    nlp.get_pipe("ner").add_label("FRUIT")
    nlp.update(partly(examples(nlp, NEW)), sgd=Adam(0.001))
    nlp.update(examples(nlp, [*NEW, *SENTENCES]), sgd=Adam(0.001))
    assert not [warning for warning in recwarn if "--annotated" in str(warning.message)]


def test_a_new_label_of_old_entities_is_reported():
    nlp = pipeline()
    renamed = [marked.replace("(per)", "(PERSON)") for marked in SENTENCES]
    with pytest.warns(UserWarning, match="--label PERSON=per"):
        nlp.update(examples(nlp, renamed), sgd=Adam(0.001))


def test_a_new_label_of_other_entities_is_not_reported(recwarn, monkeypatch):
    monkeypatch.setattr(learning, "MIN_SAME_ENTITIES", 1)
    nlp = pipeline()
    nlp.update(examples(nlp, NEW), sgd=Adam(0.001))
    assert not [warning for warning in recwarn if "--label" in str(warning.message)]


def test_ngrams_learn_a_new_label_and_keep_the_scores_of_the_others():
    nlp = pipeline(ngrams=True)
    ner = nlp.get_pipe("ner")
    teacher = ner.model.copy()
    nlp.resume_training()
    ner.prepare(partly(examples(nlp, [NEW[0]] * 3 + [SENTENCES[0]])))
    docs = [nlp.make_doc(text) for text in texts(NEW)]
    words = ner.model.attrs["segment"](docs)
    before, after = (
        score_docs(model.attrs["ngrams"], docs, words, vector_table(model))
        for model in (teacher, ner.model)
    )
    assert_allclose(after[:, : tags.n_tags(len(LABELS))], before)
    mango = [token.text for doc in docs for token in doc].index("mango")
    assert after[:, tags.begin(len(LABELS))].argmax() == mango


def test_words_are_drawn_in_the_same_order_from_any_vocabulary():
    model = pipeline().get_pipe("ner").model
    vocabs = Vocab(strings=["Oslo", "Porto"]), Vocab(strings=["Porto", "Oslo"])
    sources = [learning.word_source(vocab, model, [], ()).words for vocab in vocabs]
    assert sources[0] == sources[1]


def test_new_tags_are_fitted_again_when_memory_has_doubled_and_after_the_first_pass():
    nlp = blank()
    data = [Example(nlp.make_doc(str(n)), nlp.make_doc(str(n))) for n in range(7)]
    memory = learning.Memory()
    batches = (data[:2], data[2:3], data[3:5], data[5:7], data[:2], data[2:4])
    assert [memory.add(batch) for batch in batches] == [True, False, True, False, True, False]


def test_a_correction_replaces_the_remembered_annotation():
    doc = spacy.blank("en")("Zork called.")
    wrong, right = (
        Example.from_dict(doc, {"entities": [(0, 4, label)]}) for label in ("org", "per")
    )
    memory = learning.Memory()
    memory.add([wrong])
    memory.add([right])
    assert memory.fill_up([], np.random.default_rng(0)) == [right]


def test_memory_fills_up_small_batches(monkeypatch):
    monkeypatch.setattr(learning, "MIN_EXAMPLES", 3)
    nlp = blank()
    data = [Example(nlp.make_doc(str(n)), nlp.make_doc(str(n))) for n in range(5)]
    memory = learning.Memory()
    memory.add(data)
    filled = memory.fill_up(data[:1], np.random.default_rng(0))
    assert len({example.reference.text for example in filled}) == 3
    assert filled[0] is data[0]
    assert memory.fill_up(data, np.random.default_rng(0)) == data


def test_only_old_tags_are_compared_and_only_where_they_are_open():
    nlp = blank()
    words = nlp.get_pipe("ner").model.attrs["segment"]([nlp.make_doc("a"), nlp.make_doc("b")])
    # Tags O, B-old, I-old and B-new, I-new. Both models think the same of old tags.
    logits_of_old = np.array([[0.0, 1.0, -9.0]] * 2, dtype="float32")
    logits_of_new = np.array([[2.0, -9.0]] * 2, dtype="float32")
    scores = TagScores(words, np.concatenate((logits_of_old, logits_of_new), axis=1), None)
    exponentials = np.exp(logits_of_old)
    probabilities_of_old = exponentials / exponentials.sum(axis=1, keepdims=True)
    is_open = np.ones((2, 5), dtype=bool)
    ops = NumpyOps()
    distance, gradient = learning.rehearsal_loss(scores, probabilities_of_old, is_open, ops)
    assert distance == pytest.approx(0, abs=1e-4)
    assert_allclose(gradient, 0, atol=1e-4)
    swapped = probabilities_of_old[:, [1, 0, 2]]
    distance, gradient = learning.rehearsal_loss(scores, swapped, is_open, ops)
    assert distance > 0
    assert gradient[0, 0] < 0 < gradient[0, 1]
    annotated = allow([tags.begin(0), tags.begin(0)], 5)
    assert learning.rehearsal_loss(scores, swapped, annotated, ops)[0] == 0


def test_an_update_takes_more_steps_while_few_examples_are_known(monkeypatch):
    nlp = blank()
    data = [Example(nlp.make_doc(str(n)), nlp.make_doc(str(n))) for n in range(400)]
    memory = learning.Memory()
    steps = []
    for n_known in (10, 100, 400):
        memory.add(data[:n_known])
        steps.append(1 + memory.n_more_steps)
    assert steps == [learning.MAX_STEPS, 6, 2]


def test_labels_that_were_not_looked_for_do_not_count():
    nlp = pipeline()
    (example,) = partly(examples(nlp, ["Anna ate a [mango](FRUIT)."]))
    predicted = nlp.make_doc(example.text)
    predicted.set_ents(spans_of(predicted, (0, 1, "per"), (2, 3, "FRUIT"), (3, 4, "FRUIT")))
    scores = nlp.get_pipe("ner").score([Example(predicted, example.reference)])
    assert (scores["ents_p"], scores["ents_r"]) == (0.5, 1.0)
