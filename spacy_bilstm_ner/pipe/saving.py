"""What a saved recogniser must be: a cfg of the right types and ranges, and a model that belongs to it."""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from spacy.util import from_bytes
from thinc.api import Model
from thinc.types import FloatsXd

from ..network.stored import check_weights
from ..ranges import is_number
from ..sequences import tags


def check_settings(cfg: dict[str, Any]) -> None:
    """RAISES ValueError: If a setting of a recogniser is missing, or of another type or range than it must be."""
    for name, (is_right, expected) in SETTINGS.items():
        if name not in cfg:
            raise ValueError(f"it has no {name!r}")
        if not is_right(cfg[name]):
            raise ValueError(f"{name!r} must be {expected}, but is {cfg[name]!r}")


def write_cfg(cfg: dict[str, Any], model: bytes) -> bytes:
    """What is to be saved of a recogniser's settings, besides its model: with a fingerprint of both."""
    return json.dumps(
        {**cfg, FINGERPRINT: _fingerprint(cfg, model)}, indent=2, default=float
    ).encode()


def read_cfg(data: bytes, where: str) -> dict[str, Any]:
    """Read and check what a saved recogniser's `cfg` holds.

    where (str): The pipe's folder, for messages.
    RAISES ValueError: If it is no JSON, or `check_settings` finds something.
    """
    where = f"{where}/cfg"
    try:
        cfg = json.loads(data)
    except ValueError as error:
        raise damaged(where, error) from error
    if not isinstance(cfg, dict):
        raise damaged(where, f"it must hold an object, but holds {type(cfg).__name__}")
    try:
        check_settings(cfg)
    except ValueError as error:
        raise damaged(where, error) from error
    return cfg


def check_fingerprint(fingerprint: str, cfg: dict[str, Any], model: bytes, where: str) -> None:
    """RAISES ValueError: If the settings and the model are not those of which `write_cfg` took the fingerprint."""
    if fingerprint != _fingerprint(cfg, model):
        raise damaged(
            where,
            f"its cfg and model are not as they were saved (if you changed cfg, drop {FINGERPRINT!r})",
        )


def _fingerprint(cfg: dict[str, Any], model: bytes) -> str:
    return hashlib.sha256(
        json.dumps(cfg, sort_keys=True, default=float).encode() + model
    ).hexdigest()


def read_file(path: Path) -> bytes:
    """RAISES ValueError: If there is no such file."""
    if not path.is_file():
        raise damaged(str(path), "it is missing")
    return path.read_bytes()


def read_parts(data: bytes, where: str, names: Sequence[str]) -> dict[str, bytes]:
    """Read some of the parts of what a pipe's `to_bytes` returned.

    RAISES ValueError: If the data are damaged, or a part is missing.
    """
    parts: dict[str, bytes] = {}
    try:
        from_bytes(data, {name: partial(parts.__setitem__, name) for name in names}, [])
    # msgpack raises errors of many kinds.
    except Exception as error:
        raise damaged(where, repr(error)) from error
    for name in names:
        if name not in parts:
            raise damaged(where, f"it has no {name}")
    return parts


def load_model(model: Model, data: bytes, labels: Sequence[str], where: str) -> None:
    """Load the weights of a model as its config makes it.

    labels (Sequence[str]): The labels of its `cfg`.
    where (str): The pipe's folder, for messages.
    RAISES ValueError: If it is damaged, was made with another config, or holds numbers that are not finite, or has
        learnt other labels, or in another order.
    """
    made = [(node.name, dict(node.attrs)) for node in model.walk()]
    model.attrs["labels"] = None
    try:
        model.from_bytes(data)
        for (name, attrs), node in zip(made, model.walk(), strict=True):
            _check_node(name, attrs, node)
        check_weights(model)
    # What thinc and the parsers below it raise for a damaged file is of any kind.
    except Exception as error:
        raise damaged(
            f"{where}/model", f"{error}. Or it was made with another config.cfg"
        ) from error
    if bad := not_finite_weights(model):
        raise damaged(
            f"{where}/model",
            f"there are numbers that are not finite, NaN or infinite, in {', '.join(bad)}",
        )
    n_tags, learnt = model.maybe_get_dim("nO"), model.attrs["labels"]
    if n_tags is not None and n_tags != tags.n_tags(len(labels)):
        raise damaged(
            where,
            f"its cfg has {len(labels)} labels, but its model has {n_tags} tags, two a label and O",
        )
    if learnt is not None and list(learnt) != list(labels):
        raise damaged(
            where,
            f"the labels of its cfg must be those of its model, {learnt}, but are {list(labels)}",
        )


def not_finite_weights(model: Model) -> list[str]:
    """The parameters that hold numbers that are NaN, infinite, or too large to compute with."""
    params = [
        (node, name) for node in model.walk() for name in node.param_names if node.has_param(name)
    ]
    return [f"{node.name}.{name}" for node, name in params if not _is_finite(node.get_param(name))]


def _is_finite(numbers: FloatsXd) -> bool:
    # Also what is NaN is neither above nor below. Without arrays in between: each update asks.
    return not numbers.size or bool(numbers.min() > -TOO_LARGE and numbers.max() < TOO_LARGE)


def _check_node(name: str, attrs: dict[str, Any], node: Model) -> None:
    """A file may not make another layer out of one, nor exchange functions or what the config has fixed."""
    if node.name != name:
        raise ValueError(f"a layer must be {name}, but is {node.name}")
    for key, made in attrs.items():
        loaded = node.attrs[key]
        if key in RATES and not 0 <= loaded < 1:
            raise ValueError(f"{name}.{key} must be at least 0 and below 1, but is {loaded}")
        if (callable(made) and loaded is not made) or (key in FIXED_ATTRS and loaded != made):
            raise ValueError(f"{name}.{key} must be {made}, but is {loaded}")


def damaged(where: str, problem: Any) -> ValueError:
    what = " ".join(str(problem).split())
    return ValueError(
        f"{where} is damaged: {what}. Delete it and train or install the pipeline again"
    )


def _are_labels(value: Any) -> bool:
    are_names = isinstance(value, list) and all(isinstance(label, str) and label for label in value)
    return are_names and len(set(value)) == len(value)


def _is_calibration(value: Any) -> bool:
    is_pair = isinstance(value, list) and len(value) == 2
    return is_pair and is_number(value[0], 1e-9, 1e9) and is_number(value[1], -1e9, 1e9)


def _are_thresholds(value: Any) -> bool:
    return isinstance(value, dict) and all(is_number(each, high=1e9) for each in value.values())


# Where `cfg` says what was saved
FINGERPRINT = "fingerprint"
# Each setting: what tells whether it is right, and what it must be.
SETTINGS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "labels": (_are_labels, "a list of different labels"),
    "threshold": (is_number, "a number from 0 to 1"),
    "configured_threshold": (is_number, "a number from 0 to 1"),
    "calibration": (_is_calibration, "two numbers, the first above 0, neither beyond 1e9"),
    "thresholds": (_are_thresholds, "a number from 0 to 1 for each label, or above 1 for never"),
}
# Two weights that are so large give a product that single precision does not hold.
TOO_LARGE = 1e18
# Attributes of layers that the config decides.
RATES = ("fixed_dropout_rate", "feature_dropout")
FIXED_ATTRS = ("features", "directions", "column")
