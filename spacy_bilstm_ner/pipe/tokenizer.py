"""The default tokenizer of a language, for configs that work with any language."""

from collections.abc import Callable
from typing import Any

from spacy.language import Language
from spacy.util import registry


def own_tokenizer() -> Callable[[Language], Any]:
    """Make the default tokenizer of the pipeline's language.

    Registered as `spacy_bilstm_ner.own_tokenizer.v1`. `spacy.Tokenizer.v1` would be wrong for
    Chinese and Japanese, which have tokenizers of their own. `spacy debug config` rejects a config
    without a tokenizer.

    RETURNS (Callable[[Language], Any]): A function from the pipeline to its tokenizer.
    """

    def create(nlp: Language) -> Any:
        make = registry.resolve({"tokenizer": nlp.default_config["nlp"]["tokenizer"]})["tokenizer"]
        return make(nlp)

    return create
