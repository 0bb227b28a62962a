"""Continue the training of a pipe: learn from new examples without forgetting.

A few new sentences say nothing about other text. Each update therefore adds made-up sentences, on
which the pipe is trained to predict the same as before (Li & Hoiem 2016, "Learning without
Forgetting"; Robins 1995, "Catastrophic Forgetting, Rehearsal and Pseudorehearsal"). No old text has
to be stored. Half of the made-up sentences are new sentences in which half of the words are
replaced. The other half are words drawn at random. They make no sense, but they cover most of what
the network knows about words and their neighbours.

If new sentences are not annotated with the old labels, the pipe learns the old labels on them from
its own earlier predictions (Monaikul et al. 2021, "Continual Learning for Named Entity
Recognition").
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Model, Ops

from ..network import tagger
from ..network.embedding import vector_table
from ..sequences import tags
from ..sequences.crf import crf_loss, marginals
from ..sequences.gold import ANNOTATED, allowed_tags
from ..sequences.words import TagScores

# A batch of fewer examples is filled up with remembered examples.
MIN_EXAMPLES = 32
# Maximum number of remembered examples
MAX_REMEMBERED = 2000
# While fewer examples than ENOUGH_EXAMPLES are remembered, an update takes up to MAX_STEPS steps.
ENOUGH_EXAMPLES = 600
MAX_STEPS = 8
# Number of made-up sentences in an update
N_SENTENCES = 16
# Share of made-up sentences that are made from new sentences, and share of words that stay in them
NEW_SHARE = 0.5
KEPT_SHARE = 0.5
# Minimum and maximum number of words of the other made-up sentences
MIN_LENGTH, MAX_LENGTH = 4, 20
# Probability of drawing a word without a static vector, if the model has vectors
UNKNOWN_SHARE = 0.2
# Words are not drawn if their static vector has a larger cosine similarity to that of a word with a
# new label.
MAX_SIMILARITY = 0.7
# Weight of the new annotation in the loss. Rehearsal has the weight 1.
ANNOTATION_WEIGHT = 30.0
EPSILON = 1e-9
# A label that no pipe has. Words with an unknown label may have any tag.
ANY_TAG = "<any tag>"
LABELS_ADDED = (
    "added the labels {}. `python -m spacy_bilstm_ner init CONFIG --from PIPELINE` writes a config "
    "that also fits the length of training and the thresholds to new data"
)
OLD_LABELS_MISSING = (
    "the new examples only have the labels {}, and all other words are annotated as outside of "
    "entities. The pipe may forget its other labels. If these were not annotated, use "
    "`python -m spacy_bilstm_ner convert --annotated LABEL`"
)
SAME_ENTITIES = (
    "the pipe already labels many entities of {new} as {old}. The two labels compete, and the pipe "
    "may forget {old}. If they mean the same, use `python -m spacy_bilstm_ner convert --label "
    "{new}={old}`"
)
# For the warning SAME_ENTITIES: minimum number and minimum share of the entities of the new label
# to which the pipe gives the old label
MIN_SAME_ENTITIES = 5
SAME_SHARE = 0.3

Bools = NDArray[np.bool_]


class WordSource(NamedTuple):
    """Words to make sentences of, and the probability to draw each of them."""

    words: list[str]
    cumulative: NDArray[np.float64]  # n_words: the sums of the probabilities up to each word


class Memory:
    """The new examples of a pipe whose training continues. They are not saved with the pipe."""

    def __init__(self) -> None:
        self.examples: dict[str, Example] = {}
        # The words of made-up sentences
        self.source = WordSource([], np.empty(0))
        self._n_at_last_fit = 0
        # Whether `prepare` was called. Later examples are augmented copies of the given ones.
        self.is_complete = False

    @property
    def n_more_steps(self) -> int:
        """Return the number of additional steps of an update: more if there are fewer examples.

        After `prepare` it is 0, because `fit_length`, which calls `prepare`, also computes the
        length of training.
        """
        if self.is_complete or not self.examples:
            return 0
        return min(MAX_STEPS, math.ceil(ENOUGH_EXAMPLES / len(self.examples))) - 1

    def add(self, examples: Iterable[Example]) -> bool:
        """Remember examples. A new annotation of a text replaces the old one.

        RETURNS (bool): Whether to fit new tags again. This is the case if there are twice as many
            examples as at the last fit, or if there are 10 % more and no given example is new.
        """
        if self.is_complete:
            return False
        n_before = len(self.examples)
        for example in examples:
            text = example.reference.text
            has_room = len(self.examples) < MAX_REMEMBERED
            if len(example.predicted) and (has_room or text in self.examples):
                self.examples[text] = example
        n_examples = len(self.examples)
        # With 0.5, the first examples are always twice as many, so they are fitted at once.
        growth = n_examples / (self._n_at_last_fit or 0.5)
        is_due = growth >= 2 or (growth >= 1.1 and n_examples == n_before)
        if is_due:
            self._n_at_last_fit = n_examples
        return is_due

    def fill_up(self, examples: list[Example], rng: np.random.Generator) -> list[Example]:
        """Add remembered examples to a batch of fewer than MIN_EXAMPLES."""
        texts = {example.reference.text for example in examples}
        absent = [text for text in self.examples if text not in texts]
        n_drawn = max(0, MIN_EXAMPLES - len(examples))
        for index in rng.permutation(len(absent))[:n_drawn].tolist():
            examples = [*examples, self.examples[absent[index]]]
        return examples


def word_source(
    vocab: Vocab, model: Model, examples: Iterable[Example], new_labels: Sequence[str]
) -> WordSource:
    """Return the words of the vocabulary that consist of letters and are probably not entities.

    Words of entities of the examples, and words that are similar to entities of a new label, are
    left out. Otherwise, after training on mangoes and apples, a randomly drawn "papaya" would be
    learned as a word that is not a fruit.

    The probability of a word with a static vector is in inverse proportion to its rank among the
    vectors. This is an estimate of its frequency in any text (Zipf 1935). The other words, mostly
    rare names, have a probability of UNKNOWN_SHARE together.
    """
    entity_words: set[str] = set()
    new_words: set[str] = set()
    for example in examples:
        for ent in example.reference.ents:
            words = {token.text for token in ent}
            entity_words |= words
            if ent.label_ in new_labels:
                new_words |= words
    candidates = []
    # Sorted, since `DocBin` adds strings in the order of a set, which differs between processes
    for word in sorted(vocab.strings):
        if word.isalpha() and word not in entity_words:
            candidates.append(word)
    vectors = vector_table(model)
    candidate_rows = vectors.find_words(candidates)
    similarities = vectors.similarities(candidate_rows, vectors.find_words(list(new_words)))
    may_be_drawn = similarities <= MAX_SIMILARITY
    if not may_be_drawn.any():
        may_be_drawn[:] = True
    drawn_words = list(compress(candidates, may_be_drawn))
    rows = candidate_rows[may_be_drawn]
    is_unknown = rows == 0
    by_rank = np.where(is_unknown, 0.0, 1.0 / np.maximum(1, rows))
    share = UNKNOWN_SHARE if by_rank.any() else 1.0
    probabilities = (1 - share) * by_rank / max(by_rank.sum(), EPSILON)
    probabilities += share * is_unknown / max(1, is_unknown.sum())
    return WordSource(drawn_words, probabilities.cumsum())


def make_sentences(
    examples: list[Example],
    labels: Sequence[str],
    new_labels: Sequence[str],
    source: WordSource,
    rng: np.random.Generator,
) -> list[Example]:
    """Make N_SENTENCES sentences, some of them from the given examples.

    In made-up sentences, O and all tags of old labels are allowed. Tags of new labels are allowed
    only where the example has an entity.

    examples (list[Example]): At least one example.
    """
    vocab = examples[0].reference.vocab
    made_up = []
    for _ in range(N_SENTENCES):
        if rng.random() < NEW_SHARE:
            example = examples[int(rng.integers(len(examples)))]
            words = [token.text for token in example.predicted]
            is_replaced = rng.random(len(words)) > KEPT_SHARE
            is_entity = ~allowed_tags(example, labels)[:, tags.OUTSIDE]
        else:
            words = [""] * int(rng.integers(MIN_LENGTH, MAX_LENGTH + 1))
            is_replaced = np.ones(len(words), dtype=bool)
            is_entity = ~is_replaced
        (places,) = is_replaced.nonzero()
        drawn = source.cumulative.searchsorted(rng.random(len(places)) * source.cumulative[-1])
        for place, index in zip(places.tolist(), drawn.tolist(), strict=True):
            words[place] = source.words[index]
        doc = Doc(vocab, words=words)
        doc.spans[ANNOTATED] = SpanGroup(doc, attrs={"labels": list(new_labels)})
        any_tag = [Span(doc, place, place + 1, ANY_TAG) for place in is_entity.nonzero()[0]]
        doc.set_ents(any_tag, default="missing")
        made_up.append(Example(doc, doc))
    return made_up


def as_scored(example: Example) -> Example:
    """Return a copy of a partly annotated example, in which only the annotated labels are scored.

    Words without annotation count as outside of entities. spaCy's scorer would ignore predictions
    on them.
    """
    reference = example.reference
    group = reference.spans.get(ANNOTATED)
    if group is None or "labels" not in group.attrs:
        return example
    labels = group.attrs["labels"]
    predicted, gold = example.predicted.copy(), reference.copy()
    predicted.set_ents([ent for ent in predicted.ents if ent.label_ in labels])
    gold.set_ents(gold.ents, default="outside")
    return Example(predicted, gold)


def lacks_old_labels(allowed: Bools, n_old: int) -> bool:
    """Return whether most tokens are annotated as outside of entities, and none has an old label.

    allowed (Bools): n_tokens × n_tags, see `gold.allowed_tags`.
    n_old (int): The number of old tags.
    """
    is_annotated = allowed.sum(axis=1) == 1
    n_tokens_by_tag = allowed[is_annotated].sum(axis=0)
    most_are_outside = n_tokens_by_tag[tags.OUTSIDE] > len(allowed) / 2
    return bool(most_are_outside and not n_tokens_by_tag[1:n_old].any())


def labels_of_same_entities(
    teacher: Model[list[Doc], TagScores], docs: list[Doc], allowed: Bools
) -> Iterator[tuple[int, int]]:
    """Find new labels whose entities often get an old label from the teacher.

    teacher (Model): The model from before training was continued.
    allowed (Bools): n_tokens × n_tags, see `gold.allowed_tags`.
    YIELDS (tuple[int, int]): The index of a new label, and the index of the old label that the
        teacher gives to at least SAME_SHARE of the entities of the new label.
    """
    scores: TagScores = teacher.predict(docs)
    probabilities = _probabilities(scores, teacher.ops)
    n_old_labels = probabilities.shape[1] // 2
    # 0 is for words outside of entities, and 1 for the first label.
    old_labels = (probabilities.argmax(axis=1) + 1) // 2
    allowed = allowed[scores.words.tokens]
    is_annotated = allowed.sum(axis=1) == 1
    for new_label in range(n_old_labels, allowed.shape[1] // 2):
        is_begin = is_annotated & allowed[:, tags.begin(new_label)]
        counts = np.bincount(old_labels[is_begin], minlength=1 + n_old_labels)[1:]
        if counts.max() >= max(MIN_SAME_ENTITIES, SAME_SHARE * is_begin.sum()):
            yield new_label, int(counts.argmax())


def can_rehearse(model: Model) -> bool:
    """Return whether a model can rehearse.

    It cannot if it shares its embedding with other pipes, because a shared embedding is trained on
    the examples only, not on made-up sentences.
    """
    return not any(isinstance(node, Tok2VecListener) for node in model.walk())


def annotation_loss(scores: TagScores, allowed: Bools, ops: Ops) -> tuple[float, TagScores]:
    """Compute the negative log-likelihood of the annotation, and its gradient.

    See `crf_loss`.

    allowed (Bools): n_words × n_tags, see `gold.allowed_tags`.
    RETURNS (tuple[float, TagScores]): The loss in nats per labelled word, and its gradient.
    """
    words = scores.words
    logits = ops.to_numpy(scores.scores)
    transitions = None
    if scores.transitions is not None:
        transitions = ops.to_numpy(scores.transitions)
    loss, d_logits, d_transitions = crf_loss(logits, transitions, allowed, words.per_doc)
    return loss, TagScores(words, ops.asarray(d_logits), ops.asarray(d_transitions))


def loss_with_rehearsal(
    teacher: Model[list[Doc], TagScores], docs: list[Doc], allowed: Bools, scores: TagScores
) -> tuple[float, TagScores]:
    """Compute the loss of a pipe whose training continues, and its gradient.

    If there are no new tags, the n-grams are not fitted again. The loss is then computed from the
    combined scores of network and n-grams. If there are new tags, the n-grams were fitted to the
    same sentences, and the network would rely on them. The loss is then that of the network alone.

    teacher (Model): The model from before training was continued.
    allowed (Bools): n_words × n_tags, see `gold.allowed_tags`.
    """
    words, ops = scores.words, teacher.ops
    n_old = tagger.n_trained_tags(teacher)
    if allowed.shape[1] > n_old:
        teacher = tagger.without_ngrams(teacher)
    mixed, backprop_mixture = tagger.mix_with_ngrams(teacher, docs, scores)
    loss, d_mixed = annotation_loss(mixed, allowed, ops)
    teacher_probabilities = _probabilities(teacher.predict(docs), ops)[:, :n_old]
    divergence, d_logits = rehearsal_loss(mixed, teacher_probabilities, allowed, ops)
    d_transitions = d_mixed.transitions
    if d_transitions is not None:
        d_transitions = d_transitions * ANNOTATION_WEIGHT
    d_logits = d_mixed.scores * ANNOTATION_WEIGHT + ops.asarray(d_logits)
    d_scores = backprop_mixture(TagScores(words, d_logits, d_transitions))
    return loss * ANNOTATION_WEIGHT + divergence, d_scores


def rehearsal_loss(
    scores: TagScores, teacher_probabilities: NDArray[np.floating], allowed: Bools, ops: Ops
) -> tuple[float, NDArray]:
    """Compute the Kullback-Leibler divergence of the predictions from those of the teacher.

    Only the probabilities of old tags count, for words for which the annotation allows more than
    one old tag. New tags are learned from the annotation. Transitions get no gradient.

    teacher_probabilities (NDArray): n_words × n_old_tags.
    allowed (Bools): n_words × n_tags, see `gold.allowed_tags`.
    RETURNS (tuple[float, NDArray]): The mean divergence of these words in nats, and an
        approximation of its gradient with respect to the scores, n_words × n_tags. The gradient
        treats words as independent and targets as constant.
    """
    probabilities = _probabilities(scores, ops)
    n_old = teacher_probabilities.shape[1]
    targets = probabilities.copy()
    old_share = 1 - probabilities[:, n_old:].sum(axis=1, keepdims=True)
    targets[:, :n_old] = teacher_probabilities * old_share
    is_open = allowed[:, :n_old].sum(axis=1) > 1
    probabilities[~is_open], targets[~is_open] = 0.0, 0.0
    n_open = max(1, int(is_open.sum()))
    ratios = (targets + EPSILON) / (probabilities + EPSILON)
    divergence = (targets * np.log(ratios)).sum() / n_open
    return float(divergence), ((probabilities - targets) / n_open).astype("float32")


def _probabilities(scores: TagScores, ops: Ops) -> NDArray[np.floating]:
    logits = ops.to_numpy(scores.scores)
    n_tags = logits.shape[1]
    if scores.transitions is None:
        transitions = np.zeros((n_tags, n_tags))
    else:
        transitions = ops.to_numpy(scores.transitions)
    return marginals(logits, transitions, scores.words.per_doc)
