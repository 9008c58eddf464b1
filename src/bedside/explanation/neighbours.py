"""The training cases that a network finds most like a case.

Enters: a network and prepared cases. Leaves: which training cases lie nearest by the pooled
features, those that the head reads, and how near. Training cases alone are looked at.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bedside.errors import RunError
from bedside.models.network import pooled_features
from bedside.run_folder import atomic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bedside.models.network import StudyNetwork
    from bedside.schema import Array, Rows

NEAREST = 3
MOST_KEPT = 20_000
"""Training cases that are looked at; of more, so many are drawn by lot."""


@dataclass(frozen=True)
class Memory:
    """Training cases as a network sees them.

    Args:
        rows: (M,) rows of the cohort.
        features: (M, F) float32, of length 1.
    """

    rows: Array
    features: Array

    def nearest(
        self, features: Array, *, count: int = NEAREST, but: int = -1
    ) -> tuple[Array, Array]:
        """(B, F) -> rows of the cohort (B, k) and cosines (B, k), nearest first.

        Row `but` is passed over: the case itself, where it is one of them.
        """
        likeness = normal(features) @ self.features.T
        likeness[:, self.rows == but] = -np.inf
        order = np.argsort(-likeness, axis=1, kind="stable")[:, :count]
        return self.rows[order], np.take_along_axis(likeness, order, axis=1)


def remember(
    network: StudyNetwork, arrays: Mapping[str, Rows], rows: Array, *, seed: int
) -> Memory:
    """What the network makes of training cases.

    Args:
        network: trained.
        arrays: of N training cases.
        rows: (N,) rows of the cohort.
        seed: draws those that are looked at, where there are very many.
    """
    places = np.arange(len(rows))
    if len(places) > MOST_KEPT:
        drawn = np.random.default_rng(seed).choice(len(rows), MOST_KEPT, replace=False)
        places = np.sort(drawn)
    return Memory(rows[places], normal(pooled_features(network, arrays, places)))


def keep(memory: Memory, path: Path) -> None:
    """Write it as plain arrays, in half precision; it is made of patients' data."""
    with atomic(path) as partial, partial.open("wb") as stream:
        np.savez(stream, rows=memory.rows, features=memory.features.astype(np.float16))


def recall(path: Path) -> Memory:
    """Read what `keep` wrote.

    Raises:
        RunError: the file is damaged.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as found:
            return Memory(found["rows"], normal(found["features"].astype(np.float32)))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        raise RunError(f"{path.name}: damaged. Run the study again.") from None


def normal(features: Array) -> Array:
    """Each of length 1; what is all zero stays."""
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features / np.maximum(length, 1e-12), dtype=np.float32)
