"""The recurrent part: a bidirectional LSTM, then an LSTM."""

from thinc.api import Model, chain
from thinc.types import Floats2d

from .dropout import locked_dropout
from .lstm import lstm
from .packed import with_packed


def BiLSTMEncoder(
    hidden_width: int,
    *,
    width: int,
    input_dropout: float | None = None,
    hidden_dropout: float | None = None,
    dropout: float | None = None,
) -> Model[list[Floats2d], list[Floats2d]]:
    """Encode each token in the light of the whole sequence: a bidirectional LSTM, then a forward LSTM.
    Registered as `spacy_bilstm_ner.BiLSTMEncoder.v1`; fits `spacy.Tok2Vec.v2` as `encode`.

    A sequence's result does not depend on what else is in the batch. The input width is found out at
    initialization. Each dropout is locked: one mask per sequence. A rate of None follows `[training] dropout`.

    hidden_width (int): Width of the bidirectional LSTM, per direction.
    width (int): Width of the LSTM on top, and so of the output.
    input_dropout (Optional[float]): Rate on the input vectors.
    hidden_dropout (Optional[float]): Rate between the two LSTMs.
    dropout (Optional[float]): Rate on the output vectors.
    RETURNS (Model[list[Floats2d], list[Floats2d]]): Per sequence, n_tokens × nI → n_tokens × width.
    """
    layers = chain(
        locked_dropout(input_dropout),
        lstm(hidden_width, bidirectional=True),
        locked_dropout(hidden_dropout),
        lstm(width),
        locked_dropout(dropout),
    )
    return with_packed(layers, width, name="bilstm_encoder")
