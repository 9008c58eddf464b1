"""Similar training cases: found by the tokens of their texts, carried with their summaries.

Enters: tokens of training texts and their summaries. Leaves: plain JSON that a package can
carry, and for a new text the nearest cases with their similarity. Pairs of neighbouring tokens
count as well; each is weighed by how few cases have it (Salton and Buckley 1988,
doi:10.1016/0306-4573(88)90021-0). What a single training case has is left out, so that neither
a name nor a number that stands in one report alone is carried.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from bedside.modalities.opened import Opened
from bedside.schema import Array, State

IN_CASES = 2
"""A token or pair must stand in so many training texts."""
SAME = 0.9999
"""From this similarity on two texts are the same."""


def carry(tokens: Array, summaries: Sequence[Sequence[int]], *, size: int) -> State:
    """What a package carries of N training cases, plain JSON.

    Args:
        tokens: (N, T) of their texts, 0 where there is none.
        summaries: the tokens of each case's summary.
        size: V of the vocabulary.

    Returns:
        ``terms`` (F numbers of tokens and pairs, rising), ``rarity`` (F), ``rows`` and
        ``counts`` (per case, which terms and how often), ``summaries``, ``size``, ``name``.
    """
    each = [_terms(text, size) for text in tokens]
    every, cases = np.unique(np.concatenate([terms for terms, _ in each]), return_counts=True)
    terms = every[cases >= IN_CASES]
    rarity = np.log((1 + len(each)) / (1 + cases[cases >= IN_CASES])) + 1
    rows, counts = [], []
    for own, often in each:
        place, there = _places(own, terms)
        rows.append(place[there].tolist())
        counts.append(often[there].tolist())
    words: dict[str, Any] = {
        "terms": terms.tolist(),
        "rarity": np.round(rarity, 5).tolist(),
        "rows": rows,
        "counts": counts,
        "summaries": [list(map(int, summary)) for summary in summaries],
        "size": size,
    }
    digest = hashlib.blake2b(json.dumps(words).encode(), digest_size=16)
    return {**words, "name": digest.hexdigest()}


class Carried:
    """N training cases, ready to be compared with.

    Args:
        state: as `carry` made it.
    """

    def __init__(self, state: State) -> None:
        self.summaries: list[list[int]] = state["summaries"]
        self._size = int(state["size"])
        self._terms = np.asarray(state["terms"], dtype=np.int64)
        self._rarity = np.asarray(state["rarity"], dtype=np.float64)
        self._matrix = self._weighed(
            [np.asarray(row, dtype=np.int64) for row in state["rows"]],
            [np.asarray(count, dtype=np.float64) for count in state["counts"]],
        )

    @classmethod
    def of(cls, state: State) -> Carried:
        """The cases of a state; those that were opened before are not opened again."""
        return _OPENED.of(state)

    def __len__(self) -> int:
        return len(self.summaries)

    def similarity(self, tokens: Array) -> Array:
        """Texts (B, T) -> (B, N) in [0, 1], the cosine of their weighed terms."""
        rows, counts = [], []
        for text in tokens:
            own, often = _terms(text, self._size)
            place, there = _places(own, self._terms)
            rows.append(place[there])
            counts.append(often[there].astype(np.float64))
        found = self._weighed(rows, counts) @ self._matrix.T
        return np.asarray(found.toarray())

    def nearest(self, tokens: Array, count: int) -> tuple[Array, Array]:
        """Texts (B, T) -> the nearest cases (B, K) and their similarity (B, K), nearest first.

        Where there are fewer cases than `count`, K is their number.
        """
        similar = self.similarity(tokens)
        count = min(count, similar.shape[1])
        # of equal ones the first case counts, on every machine
        order = np.argsort(-np.round(similar, 9), axis=1, kind="stable")[:, :count]
        return order, np.take_along_axis(similar, order, axis=1)

    def _weighed(self, rows: Sequence[Array], counts: Sequence[Array]) -> sparse.csr_array:
        begins = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
        places = np.concatenate([*rows, np.zeros(0, dtype=np.int64)])
        often = np.concatenate([*counts, np.zeros(0)])
        values = (1 + np.log(often)) * self._rarity[places]
        matrix = sparse.csr_array((values, places, begins), shape=(len(rows), len(self._terms)))
        norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).reshape(-1))
        scale = np.repeat(1 / np.maximum(norms, 1e-12), np.diff(begins))
        return sparse.csr_array((matrix.data * scale, places, begins), shape=matrix.shape)


_OPENED = Opened(Carried, most=8)


def _terms(text: Array, size: int) -> tuple[Array, Array]:
    """Tokens and pairs of neighbouring tokens of one text, as numbers, and how often each is."""
    own = text[text > 0].astype(np.int64)
    pairs = (own[:-1] + 1) * size + own[1:]
    terms, counts = np.unique(np.concatenate([own, pairs]), return_counts=True)
    return terms, counts


def _places(own: Array, terms: Array) -> tuple[Array, Array]:
    """Where each number stands among rising `terms`, and whether it does."""
    place = np.searchsorted(terms, own)
    there = place < len(terms)
    there[there] = terms[place[there]] == own[there]
    return place, there
