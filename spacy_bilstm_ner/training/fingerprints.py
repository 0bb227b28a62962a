"""Fingerprints of the training sentences in a pipeline's meta: who is tested on them can be told, and nobody can read
them there."""

import base64
import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

KEY = "fingerprints"
# The smallest of all fingerprints are a random sample of the distinct sentences (Bar-Yossef et al. 2002, "Counting
# Distinct Elements in a Data Stream"). Of up to so many sentences, all are kept.
KEPT = 5000


def fingerprints(texts: Iterable[str]) -> str:
    """Hash texts without regard to case and white space.

    RETURNS (str): The smallest KEPT of their 32-bit hashes, as base64.
    """
    return base64.b64encode(_hashes(texts)[:KEPT].tobytes()).decode("ascii")


def share_seen(texts: Iterable[str], kept: str) -> float:
    """Estimate how many distinct texts are among those that were hashed: a share from 0 to 1."""
    known = np.frombuffer(base64.b64decode(kept), dtype="<u4")
    asked = _hashes(texts)
    if len(known) >= KEPT:
        asked = asked[asked <= known[-1]]
    return float(np.isin(asked, known).mean()) if len(asked) else 0.0


def _hashes(texts: Iterable[str]) -> NDArray[np.uint32]:
    plain = {"".join(text.casefold().split()) for text in texts}
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=4).digest() for text in plain)
    return np.unique(np.frombuffer(digests, dtype="<u4"))
