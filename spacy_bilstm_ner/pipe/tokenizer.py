"""The tokenizer that a language has by itself, for a config that is to serve any language."""

from collections.abc import Callable
from typing import Any

from spacy.language import Language
from spacy.util import registry


def own_tokenizer() -> Callable[[Language], Any]:
    """Make the tokenizer that spaCy gives the pipeline's language. Registered as `spacy_bilstm_ner.own_tokenizer.v1`.

    A config that names `spacy.Tokenizer.v1` would give it to Chinese or Japanese, too, and one that names none is not
    complete: `spacy debug config` refuses it.

    RETURNS (Callable[[Language], Any]): A function from the pipeline to its tokenizer.
    """

    def create(nlp: Language) -> Any:
        make = registry.resolve({"tokenizer": nlp.default_config["nlp"]["tokenizer"]})["tokenizer"]
        return make(nlp)

    return create
