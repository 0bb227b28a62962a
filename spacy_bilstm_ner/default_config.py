"""Read the shipped config, and make the default model of the pipe from it."""

from pathlib import Path
from typing import Any

from thinc.api import Config


def read_config() -> str:
    """Return the text of the config.

    In a checkout, the file is in configs/. In an installed package, it is part of the package.
    """
    package = Path(__file__).parent
    folder = package / "configs"
    if not folder.is_dir():
        folder = package.parent / "configs"
    return (folder / "bilstm.cfg").read_text(encoding="utf-8")


def default_model() -> dict[str, Any]:
    """Return the model of the config, without vectors and n-grams, which need data.

    Settings that adapt to the size of the corpus are replaced by constants for a large corpus.
    """
    model = Config().from_str(read_config(), interpolate=False)["components"]["ner"]["model"]
    constants = {"feature_dropout": 0.2, "full_dropout_words": 0, "min_words": 0}
    return model | {"ngrams": False, "tok2vec": model["tok2vec"] | constants | {"vector_width": 0}}
