"""Make Docs of sentences, and divide texts into words."""

import operator
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import spacy
from spacy.language import Language
from spacy.tokens import Doc, SpanGroup

from ..errors import UserError
from .offsets import cuts_word
from .records import UNKNOWN, Span, TaggedWords, TextWithSpans
from .report import Report
from .spacing import spaces_after

# An entity is widened by at most this many characters, and by less than half of a word.
MAX_CUT = 2


def blank_pipeline(lang: str) -> Language:
    """Make a pipeline that only has a tokenizer, for texts of any length.

    RAISES UserError: If spaCy has no language of this code, or it needs a package that is not
        installed.
    """
    try:
        nlp = spacy.blank(lang)
    except (ImportError, ValueError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"--lang {lang} cannot be used ({reason}). Give a code such as en, de, fr, or xx for "
            "any language, or install what is missing."
        ) from error
    nlp.max_length = sys.maxsize
    return nlp


def find_words(texts: Sequence[TextWithSpans], nlp: Language, report: Report) -> list[TaggedWords]:
    """Divide texts into words, with tags in BIO.

    If an entity begins or ends inside a token, such as after the hyphen in "ex-Oslo", the token is
    divided there. If it begins or ends inside a word, it is widened to whole words, or left out if
    that adds more than a few characters.

    texts (Sequence[TextWithSpans]): Texts after `offsets.to_characters`.
    nlp (Language): A pipeline, whose tokenizer finds the words.
    """
    sentences = []
    for text in texts:
        if not text.text.strip():
            report.count("no_text", text.origin.place())
            continue
        sentence = _find_words(text, nlp, report)
        report.words_read += sentence.n_words
        sentences.append(sentence)
    return sentences


def _find_words(text: TextWithSpans, nlp: Language, report: Report) -> TaggedWords:
    tokens = text.words
    if tokens is None:
        tokens = tuple((token.idx, token.idx + len(token)) for token in nlp.make_doc(text.text))
    starts = {start for start, _ in tokens}
    edges = {0, len(text.text)}.union(*tokens)
    tags = ["O"] * len(text.text)
    for span in text.spans:
        start, end = _widen(text.text, span, edges)
        place = f"{text.origin.place()}: {span.label} {text.text[span.start : span.end]!r}"
        n_added = end - start - (span.end - span.start)
        is_cut = n_added > MAX_CUT or 2 * n_added >= end - start
        if n_added and span.label != UNKNOWN:
            report.count("cut" if is_cut else "widened", place)
        if is_cut or span.label == UNKNOWN:
            tags[start:end] = [UNKNOWN if tag == "O" else tag for tag in tags[start:end]]
        elif any(tag[0] in "BI" for tag in tags[start:end]):
            report.count("nested", place)
        else:
            tags[start:end] = [f"B-{span.label}"] + [f"I-{span.label}"] * (end - start - 1)
            edges |= {start, end}
    words, tags_of_words, spaces = [], [], []
    for start, end in pairwise(sorted(edges)):
        word = text.text[start:end]
        if word != " " or start in starts:  # a blank after a word is not a word
            words.append(word)
            tags_of_words.append(tags[start])
            spaces.append(text.text[end : end + 1] == " " and end not in starts)
    return TaggedWords(
        tuple(words),
        tuple(tags_of_words),
        tuple(spaces) if text.words is None else None,
        text.annotated,
        text.origin,
        str(text.origin.line),
        text.rows,
    )


def _widen(text: str, span: Span, edges: set[int]) -> tuple[int, int]:
    """Return the start and end of a span, widened to whole words."""
    start, end = span.start, span.end
    while start not in edges and cuts_word(text, start):
        start -= 1
    while end not in edges and cuts_word(text, end):
        end += 1
    return start, end


def make_doc(nlp: Language, sentence: TaggedWords) -> tuple[Doc, Doc]:
    """Make a Doc, with spaces that let the tokenizer divide its text into the same words again.

    sentence (TaggedWords): A sentence with tags in BIO.
    RETURNS (tuple[Doc, Doc]): The gold Doc, and the tokenizer's reading of its text.
    """
    words = list(sentence.words)
    spaces = list(sentence.spaces or spaces_after(words))
    # spaCy writes an unknown tag as an empty one.
    tags = ["" if tag == UNKNOWN else tag for tag in sentence.tags]
    origin = {"origin": sentence.origin._asdict()}
    while True:
        gold = Doc(nlp.vocab, words=words, spaces=spaces, ents=tags, user_data=origin)
        tokenized = nlp.make_doc(gold.text)
        # The tokenizer reads two words as one token if there is no space between them, and no token
        # ends there.
        ends = {token.idx + len(token) for token in tokenized}
        is_merged = [not (token.whitespace_ or token.idx + len(token) in ends) for token in gold]
        if sentence.spaces or not any(is_merged):
            break
        spaces = list(map(operator.or_, spaces, is_merged))
    if sentence.annotated is not None:
        attributes = {"labels": list(sentence.annotated)}
        gold.spans["annotated"] = SpanGroup(gold, name="annotated", attrs=attributes)
    return gold, tokenized


def count_aligned(gold: Doc, tokenized: Doc) -> Counter[str]:
    """Count the entities of each label that consist of whole tokens of the tokenizer.

    `spacy train` sees only these, with `gold_preproc = false`.
    """
    starts = {token.idx for token in tokenized}
    ends = {token.idx + len(token) for token in tokenized}
    aligned = Counter[str]()
    for ent in gold.ents:
        aligned[ent.label_] += ent.start_char in starts and ent.end_char in ends
    return aligned
