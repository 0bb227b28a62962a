"""Read the shipped config, which has the default values of all settings."""

from importlib import resources
from pathlib import Path
from typing import Any

from thinc.api import Config


def read_config() -> str:
    """Return the text of the config.

    The file is in configs/ in a checkout, and in the installed package.
    """
    try:
        folder = resources.files("spacy_bilstm_ner.configs")
    except ModuleNotFoundError:
        folder = Path(__file__).parents[1] / "configs"
    return (folder / "bilstm.cfg").read_text(encoding="utf-8")


def default_model() -> dict[str, Any]:
    """Return the model of the config, without the parts that need data: vectors and n-grams.

    Settings that depend on the size of a corpus have the values for a large corpus.
    """
    model = Config().from_str(read_config(), interpolate=False)["components"]["ner"]["model"]
    sizes = {"feature_dropout": 0.2, "full_dropout_words": 0, "min_words": 0}
    return model | {"ngrams": False, "tok2vec": model["tok2vec"] | sizes | {"vector_width": 0}}
