"""What a baseline is: the two protocols that registry entries fulfil.

Enters and leaves: nothing but types.
"""

from __future__ import annotations

from typing import Protocol, TypeAlias

from bedside.schema import Array, Arrays, Kind

Labelled: TypeAlias = tuple[Array, Array, Array]
"""Features (n, F) float32, truth (n, K) float32 0/1, known (n, K) bool."""


class FittedBaseline(Protocol):
    """A fitted baseline; answers like a network does."""

    def outputs(self, features: Array) -> Arrays:
        """Features (n, F) -> ``{"logits": (n, K) float32}``.

        Binary and labels: log-odds of each label. Classes: log-probabilities.

        Raises:
            DataError: a feature is not finite, or there are not F of them.
        """
        ...


class Baseline(Protocol):
    """A classical method that learns from features; built without arguments."""

    name: str

    def fit(
        self,
        features: Array,
        truth: Array,
        known: Array,
        *,
        kind: Kind,
        validation: Labelled,
        seed: int,
        threads: int,
    ) -> FittedBaseline:
        """Learn from training cases; validation cases only choose settings.

        Args:
            features: (n, F) float32.
            truth: (n, K) float32, 0 or 1; binary K=1, classes one-hot, labels multi-hot.
            known: (n, K) bool; truth that is not known changes nothing.
            kind: which of the three forms `truth` has.
            validation: features, truth and known of the validation cases.
            seed: the same seed gives the same result.
            threads: how many may be used.

        Raises:
            DataError: shapes do not agree, or a feature is not finite.
        """
        ...
