"""Save and load the pipe `bilstm_ner`.

A saved pipe has three parts: `cfg`, its settings and a digest, as JSON; `model`, the weights as
thinc writes them; and `fingerprints`, see `training.fingerprints`. The digest covers all that
predictions depend on: the settings, the weights, and the layers as the config makes them. It is
compared before anything is loaded.
"""

import hashlib
import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from spacy.util import from_bytes
from thinc.api import Model
from thinc.types import FloatsXd

# The parts of a saved pipe, in addition to the vocabulary
PARTS = ("cfg", "model", "fingerprints")
DIGEST = "digest"
# Attributes of layers that are set by the config and that predictions depend on
FIXED_SETTINGS = ("column", "directions", "features", "seed", "words")
# The product of two larger weights exceeds single precision.
MAX_WEIGHT = 1e18


def write_cfg(cfg: dict[str, Any], model: Model, weights: bytes) -> bytes:
    """Write the settings, with a digest of the settings, the layers and the weights.

    weights (bytes): What `model.to_bytes` returns.
    """
    saved = {**cfg, DIGEST: _digest(cfg, model, weights)}
    return json.dumps(saved, indent=2, default=float).encode()


def read_cfg(data: bytes, model: Model, weights: bytes | None, where: str) -> dict[str, Any]:
    """Read the settings of a pipe and compare the digest.

    model (Model): The model as the config makes it.
    weights (bytes | None): The saved weights; None if they are not loaded.
    where (str): The folder of the pipe, for messages.
    RAISES ValueError: If there is no digest, or another one.
    """
    try:
        cfg = dict(json.loads(data))
    except (ValueError, TypeError) as error:
        raise damaged(f"{where}/cfg", error) from error
    digest = cfg.pop(DIGEST, None)
    if digest is None:
        raise ValueError(
            f"{where} was saved by spacy-bilstm-ner 0.1: train the pipeline again, or install "
            '"spacy-bilstm-ner<0.2"'
        )
    if weights is not None and digest != _digest(cfg, model, weights):
        raise _not_as_saved(where)
    return cfg


def load_weights(model: Model, weights: bytes, labels: list[str], where: str) -> None:
    """Load weights into a model as the config makes it.

    labels (list[str]): The labels of the pipe.
    RAISES ValueError: If they are weights of another model or for other labels, or not finite.
    """
    try:
        model.from_bytes(weights)
    # thinc and the parsers that it calls raise errors of many types.
    except Exception as error:
        raise _not_as_saved(where) from error
    if names := not_finite_weights(model):
        raise damaged(f"{where}/model", f"numbers are not finite in {', '.join(names)}")
    if model.attrs["labels"] != labels:
        raise damaged(where, f"it has the labels {labels}, but its model {model.attrs['labels']}")


def _digest(cfg: dict[str, Any], model: Model, weights: bytes) -> str:
    layers = []
    for node in model.walk():
        settings = {name: node.attrs[name] for name in FIXED_SETTINGS if name in node.attrs}
        layers.append([node.name, sorted(node.param_names), settings])
    text = json.dumps([cfg, layers], sort_keys=True, default=float)
    return hashlib.sha256(text.encode() + weights).hexdigest()


def read_folder(path: Path, exclude: Iterable[str]) -> dict[str, bytes]:
    """Read the parts of a pipe that was saved to a folder.

    RAISES ValueError: If a part is missing.
    """
    parts = {}
    for name in PARTS:
        if (path / name).is_file():
            parts[name] = (path / name).read_bytes()
    return included(parts, exclude, str(path))


def read_bytes(data: bytes, exclude: Iterable[str], where: str) -> dict[str, bytes]:
    """Read the parts of a pipe that was saved as bytes.

    RAISES ValueError: If a part is missing, or the data is damaged.
    """
    parts: dict[str, bytes] = {}
    try:
        from_bytes(data, {name: partial(parts.__setitem__, name) for name in PARTS}, [])
    # msgpack raises errors of many types.
    except Exception as error:
        raise damaged(where, repr(error)) from error
    return included(parts, exclude, where)


def included(parts: dict[str, bytes], exclude: Iterable[str], where: str) -> dict[str, bytes]:
    """Return the parts without those to exclude.

    RAISES ValueError: If a part is missing.
    """
    for name in ("cfg", "model"):
        if name not in parts and name not in exclude:
            raise damaged(where, f"it has no {name}")
    return {name: data for name, data in parts.items() if name not in exclude}


def not_finite_weights(model: Model) -> list[str]:
    """Return the names of the weights that are NaN, infinite, or too large to compute with."""
    names = []
    for node in model.walk():
        for name in node.param_names:
            if node.has_param(name) and not _is_finite(node.get_param(name)):
                names.append(f"{node.name}.{name}")
    return names


def _is_finite(weights: FloatsXd) -> bool:
    # Comparisons with NaN are false, so this also rejects NaN. It runs at each update and therefore
    # avoids temporary arrays.
    return not weights.size or bool(weights.min() > -MAX_WEIGHT and weights.max() < MAX_WEIGHT)


def damaged(where: str, problem: Any) -> ValueError:
    """Return the error for a file that cannot be read."""
    reason = " ".join(str(problem).split())
    return ValueError(f"{where} is damaged: {reason}. Train or install the pipeline again")


def _not_as_saved(where: str) -> ValueError:
    return ValueError(
        f"{where} was saved with another model than this pipe has, or is damaged: load the whole "
        "pipeline with spacy.load, or use nlp.add_pipe(name, source=pipeline); if that fails, "
        "train or install the pipeline again"
    )
