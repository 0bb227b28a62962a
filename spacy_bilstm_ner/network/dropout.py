"""Dropout rates of two kinds, and locked dropout over packed sequences.

spaCy hands `[training] dropout` to every layer by writing it over the attribute `dropout_rate`. A rate that
the config fixes must therefore live under another name.
"""

from collections.abc import Callable

from thinc.api import Model

from .packed import Packed


def rate_attrs(rate: float | None) -> dict[str, float]:
    """Attributes of a layer for a configured rate.

    rate (Optional[float]): None follows `[training] dropout`; a number is fixed.
    RETURNS (dict[str, float]): To be put into the layer's `attrs` and read back by `current_rate`.
    RAISES ValueError: If the rate is not in [0, 1).
    """
    if rate is None:
        return {"dropout_rate": 0.0}
    if not 0.0 <= rate < 1.0:
        raise ValueError(
            f"a dropout rate must be at least 0 and below 1, but is {rate}; use null to follow [training] dropout"
        )
    return {"fixed_dropout_rate": rate}


def current_rate(model: Model, is_train: bool) -> float:
    """The rate that a layer with `rate_attrs` applies now: 0 outside training."""
    if not is_train:
        return 0.0
    return model.attrs.get("fixed_dropout_rate", model.attrs.get("dropout_rate", 0.0))


def locked_dropout(rate: float | None) -> Model[Packed, Packed]:
    """Dropout with one mask per sequence: a unit is off for all of its tokens (Merity et al. 2017, "Regularizing
    and Optimizing LSTM Language Models"; Gal & Ghahramani 2016).

    rate (Optional[float]): None follows `[training] dropout`; a number is fixed.
    RETURNS (Model[Packed, Packed]): The layer.
    """
    return Model("locked_dropout", _forward, attrs=rate_attrs(rate))


def _forward(model: Model, X: Packed, is_train: bool) -> tuple[Packed, Callable]:
    rate = current_rate(model, is_train)
    if rate == 0.0:
        return X, lambda dY: dY
    masks = model.ops.get_dropout_mask((int(X.packing.sizes[0]), X.data.shape[1]), rate)
    mask = masks[model.ops.asarray(X.packing.sequence)]
    return X.replace(X.data * mask), lambda dY: dY.replace(dY.data * mask)
