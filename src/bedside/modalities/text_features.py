"""Hand-made features of texts, for checks of the audit and for classical peers.

Enters: prepared token numbers. Leaves: (B, F) float32 of fixed F, whatever the vocabulary:
how often the tokens of each of 512 groups occur (feature hashing, Weinberger 2009,
doi:10.1145/1553374.1553516), of length one, and the text's length. The peer `tfidf-logistic`
reads the words themselves.
"""

from __future__ import annotations

import numpy as np

from bedside.schema import Array

GROUPS = 512
_FACTOR, _BITS = np.uint64(0x9E3779B97F4A7C15), np.uint64(64 - 9)
"""Knuth's multiplicative hashing: the upper 9 bits say which of 512 groups."""


def describe_texts(tokens: Array, mask: Array) -> Array:
    """Describe a batch of token numbers (B, T), those valid where `mask` (B, T) is True.

    Returns:
        (B, 513) float32.
    """
    groups = ((tokens.astype(np.uint64) * _FACTOR) >> _BITS).astype(np.int64)
    rows = np.broadcast_to(np.arange(len(tokens))[:, None], tokens.shape)
    flat = (rows * GROUPS + groups)[mask]
    counts = np.bincount(flat, minlength=len(tokens) * GROUPS).reshape(len(tokens), GROUPS)
    weights = np.log1p(counts)
    norm = np.maximum(np.linalg.norm(weights, axis=1, keepdims=True), 1.0)
    length = np.log1p(mask.sum(axis=1, keepdims=True))
    return np.concatenate([weights / norm, length], axis=1).astype(np.float32)
