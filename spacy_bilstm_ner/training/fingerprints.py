"""Fingerprints of training sentences.

They are stored in the pipe, so that `evaluate` can warn if a pipeline is tested on sentences that
it was trained on. The sentences cannot be read from them.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

# The smallest fingerprints are a random sample of the distinct sentences (Bar-Yossef et al. 2002,
# "Counting Distinct Elements in a Data Stream"). They take 20 kB.
MAX_FINGERPRINTS = 5000


def make_fingerprints(texts: Iterable[str]) -> bytes:
    """Make fingerprints of texts. Case and white space are ignored.

    RETURNS (bytes): The smallest MAX_FINGERPRINTS of their hashes of 32 bits.
    """
    return _hashes(texts)[:MAX_FINGERPRINTS].tobytes()


def share_seen(texts: Iterable[str], fingerprints: bytes) -> float:
    """Estimate the share of distinct texts that have fingerprints, from 0 to 1."""
    seen = np.frombuffer(fingerprints, dtype="<u4")
    hashes = _hashes(texts)
    if len(seen) >= MAX_FINGERPRINTS:
        hashes = hashes[hashes <= seen[-1]]
    return float(np.isin(hashes, seen).mean()) if len(hashes) else 0.0


def _hashes(texts: Iterable[str]) -> NDArray[np.uint32]:
    digests = set()
    for text in texts:
        characters = "".join(text.casefold().split())
        digests.add(hashlib.blake2b(characters.encode(), digest_size=4).digest())
    return np.unique(np.frombuffer(b"".join(digests), dtype="<u4"))
