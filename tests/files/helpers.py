"""Share what the tests of files need."""

from spacy.language import Language

from spacy_bilstm_ner.files.docs import blank_pipeline
from spacy_bilstm_ner.files.records import TaggedWords

HEADER = "Sentence #,Word,Tag\n"


def tokenizing(lang: str = "en") -> Language:
    """Return a pipeline that only tokenizes."""
    return blank_pipeline(lang)


def sentence(words: str, tags: str = "", number: str = "1") -> TaggedWords:
    """Make a sentence of words between blanks; without tags, all are outside."""
    split = tuple(words.split())
    return TaggedWords(split, tuple(tags.split()) or ("O",) * len(split), number=number)
