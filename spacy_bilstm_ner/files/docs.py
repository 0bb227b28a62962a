"""Sentence → Doc, and how many of a Doc's entities are left on spaCy's own tokens."""

import sys
from collections import Counter
from itertools import accumulate

import spacy
from spacy.language import Language
from spacy.tokens import Doc, SpanGroup
from spacy.training import Example

from ..errors import UserError
from .schemes import UNKNOWN
from .sentences import Sentence
from .spacing import spaces_after


def blank_pipeline(lang: str) -> Language:
    """Make a pipeline that only tokenizes, texts of any length.

    RAISES UserError: If spaCy has no language of this code, or it needs a package that is not installed.
    """
    try:
        spacy.util.get_lang_class(lang)
    except (ImportError, ValueError, AttributeError) as error:
        what = "spaCy has no such language. Give a code such as en, de, fr, or xx for any language."
        raise UserError(f"--lang {lang}: {what}") from error
    try:
        nlp = spacy.blank(lang)
    except ImportError as error:
        what = " ".join(str(error).split())
        raise UserError(f"--lang {lang} needs a package that is not installed. {what}") from error
    nlp.max_length = sys.maxsize
    return nlp


def make_doc(nlp: Language, sentence: Sentence) -> tuple[Doc, Doc]:
    """Write the sentence as a person would, as far as the tokenizer of `nlp` can take the words apart again.

    RETURNS (tuple[Doc, Doc]): The gold document, and the tokenizer's reading of its text.
    """
    words = list(sentence.words)
    spaces = list(sentence.spaces or spaces_after(words))
    while True:
        written = [word + " " * space for word, space in zip(words, spaces, strict=True)]
        tokenized = nlp.make_doc("".join(written))
        token_ends = {token.idx + len(token) for token in tokenized}
        # Where no space stands and no token ends, two words are one to the tokenizer.
        apart = [
            s or end in token_ends
            for s, end in zip(spaces, accumulate(map(len, written)), strict=True)
        ]
        if sentence.spaces or all(apart):
            break
        spaces = [space or not each for space, each in zip(spaces, apart, strict=True)]
    # spaCy's sign for an unknown tag is the empty one.
    tags = ["" if tag == UNKNOWN else tag for tag in sentence.tags]
    gold = Doc(
        nlp.vocab,
        words=words,
        spaces=spaces,
        ents=tags,
        user_data={"origin": sentence.origin._asdict()},
    )
    if sentence.annotated is not None:
        gold.spans["annotated"] = SpanGroup(
            gold, name="annotated", attrs={"labels": list(sentence.annotated)}
        )
    return gold, tokenized


def count_aligned(gold: Doc, tokenized: Doc) -> Counter[str]:
    """Count the entities, per label, whose edges are edges of the tokenizer's tokens, too: those that `spacy train` is
    left with when `gold_preproc = false`."""
    if [token.text for token in gold] == [token.text for token in tokenized]:
        return Counter(ent.label_ for ent in gold.ents)
    return Counter(
        span.label_ for span in Example(tokenized, gold).get_aligned_spans_y2x(gold.ents)
    )
