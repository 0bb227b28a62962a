"""The shipped config, where the numbers of the model stand."""

from importlib import resources
from pathlib import Path
from typing import Any

from thinc.api import Config


def read_config() -> str:
    """The config as it was written: a part of the installed package; in a checkout, it stands in configs/."""
    try:
        folder = resources.files("spacy_bilstm_ner.configs")
    except ModuleNotFoundError:
        folder = Path(__file__).parents[1] / "configs"
    return (folder / "bilstm.cfg").read_text(encoding="utf-8")


def default_model() -> dict[str, Any]:
    """Its model, but for what has to be given when the pipe is initialized: word vectors, and examples for n-grams. The
    words themselves, which the n-grams would know, are among the features instead."""
    model = Config().from_str(read_config(), interpolate=False)["components"]["ner"]["model"]
    embedding = model["tok2vec"] | {"vector_width": 0, "feature_dropout": 0.2, "full_dropout_words": 0}
    for name, value in (("features", "lower"), ("widths", 32), ("rows", 8000)):
        embedding[name] = [value, *embedding[name]]
    return model | {"ngrams": False, "tok2vec": embedding}
