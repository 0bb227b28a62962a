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
    """Its model, but for what has to be given when the pipe is initialized: word vectors, and examples for n-grams.
    What depends on the size of a corpus is as for a large one."""
    model = Config().from_str(read_config(), interpolate=False)["components"]["ner"]["model"]
    sizes = {"feature_dropout": 0.2, "full_dropout_words": 0, "min_words": 0}
    return model | {"ngrams": False, "tok2vec": model["tok2vec"] | sizes | {"vector_width": 0}}
