"""Locked dropout over packed sequences."""

from collections.abc import Callable

from thinc.api import Model

from .packed import Packed


def locked_dropout(rate: float | None) -> Model[Packed, Packed]:
    """Dropout with one mask per sequence: a unit is off for all of its tokens (Merity et al. 2017, "Regularizing
    and Optimizing LSTM Language Models"; Gal & Ghahramani 2016).

    rate (float | None): None follows `[training] dropout`; a number is fixed.
    RAISES ValueError: If the rate is not in [0, 1).
    """
    if rate is None:
        # spaCy writes `[training] dropout` over this attribute of every layer, so a fixed rate has another.
        return Model("locked_dropout", _forward, attrs={"dropout_rate": 0.0})
    if not 0.0 <= rate < 1.0:
        raise ValueError(
            f"a dropout rate must be at least 0 and below 1, but is {rate}; use null to follow [training] dropout"
        )
    return Model("locked_dropout", _forward, attrs={"fixed_dropout_rate": rate})


def _forward(model: Model, X: Packed, is_train: bool) -> tuple[Packed, Callable]:
    rate = model.attrs.get("fixed_dropout_rate", model.attrs.get("dropout_rate", 0.0))
    if not is_train or rate == 0.0:
        return X, lambda dY: dY
    masks = model.ops.get_dropout_mask((int(X.packing.sizes[0]), X.data.shape[1]), rate)
    mask = masks[model.ops.asarray(X.packing.sequence)]
    return X.replace(X.data * mask), lambda dY: dY.replace(dY.data * mask)
