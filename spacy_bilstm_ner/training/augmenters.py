"""Variations of training examples: text in another case, and text as it is written online."""

import random
import string
from collections.abc import Callable, Iterator

import numpy as np
from spacy.attrs import ENT_IOB, ENT_TYPE, SENT_START
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..sequences.gold import ANNOTATED

Augmenter = Callable[[Language, Example], Iterator[Example]]

# The annotation that a varied sentence keeps.
KEPT_ATTRIBUTES = [ENT_IOB, ENT_TYPE, SENT_START]
MISSING_IOB, OUTSIDE_IOB = 0, 2
# An example gets from one to this many insertions.
MAX_INSERTIONS = 3
# The share of insertions that directly follow an entity, where the sentence has one.
AFTER_ENTITY_SHARE = 0.5
# The share of emoji that are written without a space before them.
GLUED_SHARE = 0.5
EMOJI_RANGES = ((0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x2600, 0x27BF))
TOP_LEVEL_DOMAINS = ("com", "org", "net", "co", "ly", "de", "uk")


def case_augmenter(lower: float, upper: float) -> Augmenter:
    """Write some examples in lower case and some in upper case.

    Registered as `spacy_bilstm_ner.case.v1`.

    The pipeline's tokenizer reads the new text. Entities and sentence starts are kept, other
    annotation is not. An example is not changed if the length of a word would change ("ß" → "SS").

    lower, upper (float): Shares of the examples.
    RETURNS (Callable): An augmenter for spaCy's corpus readers.
    """
    return online_text_augmenter(lower=lower, upper=upper, insertions=0.0)


def online_text_augmenter(lower: float, upper: float, insertions: float) -> Augmenter:
    """Write some examples as people write online.

    They are in lower case, in upper case, or have links, names of accounts, hashtags and emoji
    between the words. Registered as `spacy_bilstm_ner.online_text.v1`.

    Without such examples, a network that was trained on newspapers finds hardly any name next to a
    link or an emoji, because its training data has no links or emoji.

    lower, upper, insertions (float): Shares of the examples. Each example is changed in at most one
        way.
    RETURNS (Callable): An augmenter for spaCy's corpus readers.
    """

    def augment(nlp: Language, example: Example) -> Iterator[Example]:
        drawn = random.random()
        if drawn < lower:
            yield change_case(nlp, example, str.lower)
        elif drawn < lower + upper:
            yield change_case(nlp, example, str.upper)
        elif drawn < lower + upper + insertions:
            yield insert_online_tokens(nlp, example)
        else:
            yield example

    return augment


def change_case(nlp: Language, example: Example, change: Callable[[str], str]) -> Example:
    """Return the example in another case, or unchanged if the length of a word would change."""
    gold = example.reference
    words = []
    for token in gold:
        words.append(change(token.text))
        if len(words[-1]) != len(token):
            return example
    return _make_example(nlp, gold, words, _spaces(gold), gold.to_array(KEPT_ATTRIBUTES))


def insert_online_tokens(nlp: Language, example: Example) -> Example:
    """Insert one to MAX_INSERTIONS links, names of accounts, hashtags and emoji between words.

    Insertions are annotated as outside of entities, or not at all if the word before them is not
    annotated. They never split an entity.
    """
    gold = example.reference
    if not len(gold):
        return example
    words, spaces = [token.text for token in gold], _spaces(gold)
    annotation = gold.to_array(KEPT_ATTRIBUTES)
    entity_ends = [ent.end for ent in gold.ents]
    # Insertions are possible after each word, but not inside an entity.
    free_places = [token.i for token in gold if token.i and token.ent_iob_ != "I"] + [len(gold)]
    places = []
    for _ in range(random.randint(1, MAX_INSERTIONS)):
        follows_entity = bool(entity_ends) and random.random() < AFTER_ENTITY_SHARE
        places.append(random.choice(entity_ends if follows_entity else free_places))
    topics = [token.text for token in gold if token.is_alpha and not token.ent_type]
    # From the end, so that the earlier places stay valid.
    for place in sorted(places, reverse=True):
        word = make_online_token(random.choice(topics or ["news"]))
        # Only an emoji has one character.
        spaces[place - 1] = not (len(word) == 1 and random.random() < GLUED_SHARE)
        words.insert(place, word)
        spaces.insert(place, True)
        is_missing = annotation[place - 1, 0] == MISSING_IOB
        row = [MISSING_IOB if is_missing else OUTSIDE_IOB, 0, 0]
        annotation = np.insert(annotation, place, row, axis=0)
    return _make_example(nlp, gold, words, spaces, annotation)


def make_online_token(topic: str) -> str:
    """Draw a link, the name of an account, a hashtag of the topic, or an emoji."""
    name = "".join(random.choices(string.ascii_letters + string.digits, k=random.randint(4, 12)))
    domain = f"{name.lower()}.{random.choice(TOP_LEVEL_DOMAINS)}"
    link = random.choice((f"http://{domain}/{name}", f"https://{domain}", f"www.{domain}"))
    emoji = chr(random.randint(*random.choice(EMOJI_RANGES)))
    return random.choice((link, f"@{name}", f"#{topic}", emoji))


def _spaces(doc: Doc) -> list[bool]:
    return [bool(token.whitespace_) for token in doc]


def _make_example(
    nlp: Language, gold: Doc, words: list[str], spaces: list[bool], annotation: np.ndarray
) -> Example:
    reference = Doc(nlp.vocab, words=words, spaces=spaces)
    reference.from_array(KEPT_ATTRIBUTES, annotation)
    if ANNOTATED in gold.spans:
        # The group lists the labels that were annotated. Its spans are not used.
        reference.spans[ANNOTATED] = []
        reference.spans[ANNOTATED].attrs.update(gold.spans[ANNOTATED].attrs)
    return Example(nlp.make_doc(reference.text), reference)
