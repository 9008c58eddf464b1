"""The baseline that looks at nothing: every case gets the training prevalence.

Enters: truth of the training cases. Leaves: constant logits. A model that does
not beat it has learned nothing.
"""

from __future__ import annotations

from bedside.baselines.contract import FittedBaseline, Labelled
from bedside.baselines.questions import Constant, answer_each, prevalence_score
from bedside.schema import Array, Kind


class Majority:
    """Constant log-odds of the training prevalence."""

    name = "majority"

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
        """Count; the arguments and errors are those of `Baseline.fit`."""
        del seed, threads  # nothing random, nothing to share out
        return answer_each(
            (features, truth, known),
            validation,
            kind=kind,
            learn=lambda question: Constant(prevalence_score(question)),
        )
