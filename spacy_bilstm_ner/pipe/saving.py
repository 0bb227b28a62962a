"""Save and load the pipe `bilstm_ner`.

A saved pipe has three parts: `cfg`, its settings and a digest, as JSON; `model`, the weights as
thinc writes them; and `fingerprints`, see `training.fingerprints`. The digest covers FORMAT, the
settings, the weights, and the names and FIXED_SETTINGS of the layers. It is compared before
anything is loaded.
"""

import hashlib
import json
from typing import Any

import numpy as np
from thinc.api import Model

PARTS = ("cfg", "model", "fingerprints")
DIGEST = "digest"
# Raise this number if arrays of the same names are stored in another way.
FORMAT = 2
# Attributes of layers that are set by the config and that must fit the weights
FIXED_SETTINGS = ("both_layers", "directions", "features", "seed", "words")
# With larger weights, sums of products may exceed the range of single precision.
MAX_WEIGHT = 1e18


def write_cfg(cfg: dict[str, Any], model: Model, weights: bytes) -> bytes:
    """Write the settings, with a digest of the settings, the layers and the weights.

    weights (bytes): The result of `model.to_bytes`.
    """
    saved = {**cfg, DIGEST: _digest(cfg, model, weights)}
    return json.dumps(saved, indent=2, default=float).encode()


def load_cfg_and_weights(parts: dict[str, bytes], model: Model, where: str) -> dict[str, Any]:
    """Compare the digest, and load the weights into the model.

    model (Model): The model as the config makes it.
    where (str): What is loaded, such as the folder of the pipe, for messages.
    RETURNS (dict[str, Any]): The settings.
    RAISES ValueError: If the settings or the weights are damaged, or were saved with another model.
    """
    try:
        cfg = json.loads(parts["cfg"])
        matches_digest = cfg.pop(DIGEST, None) == _digest(cfg, model, parts["model"])
        if matches_digest:
            model.from_bytes(parts["model"])
    # thinc and the parsers raise errors of many types.
    except Exception as error:
        raise _not_as_saved(where) from error
    if not matches_digest:
        raise _not_as_saved(where)
    return cfg


def _digest(cfg: dict[str, Any], model: Model, weights: bytes) -> str:
    layers = []
    for node in model.walk():
        settings = {name: node.attrs[name] for name in FIXED_SETTINGS if name in node.attrs}
        layers.append([node.name, sorted(node.param_names), settings])
    text = json.dumps([FORMAT, cfg, layers], sort_keys=True, default=float)
    return hashlib.sha256(text.encode() + weights).hexdigest()


def has_finite_weights(model: Model) -> bool:
    """Return whether no weight is NaN, infinite, or too large to compute with."""
    for node in model.walk():
        for name in node.param_names:
            # Comparisons with NaN are false.
            if node.has_param(name) and not (np.abs(node.get_param(name)) < MAX_WEIGHT).all():
                return False
    return True


def _not_as_saved(where: str) -> ValueError:
    return ValueError(
        f"{where} is damaged, or was saved by another version or with other layers than those of "
        "this pipe: train it again, load the whole pipeline with spacy.load, or use "
        "nlp.add_pipe(name, source=pipeline)"
    )
