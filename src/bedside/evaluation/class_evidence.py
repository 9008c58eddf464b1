"""What a test part says of a classification beyond single numbers.

Enters: the answers of all models, the deep one first, then the peer it is compared with.
Leaves: entries of ``metrics.json``: promises kept, the decision curve, DeLong's intervals.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.evaluation.decision_curve import decision_curves
from bedside.evaluation.delong import delong_areas
from bedside.evaluation.promises import kept

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers
    from bedside.schema import Array
    from bedside.study import EvaluationSection


def evidence_of_classes(
    models: Mapping[str, Answers], section: EvaluationSection, seed: int
) -> dict[str, Any]:
    """``promises``; of one question all three.

    Args:
        models: of one test part.
        section: the study's ``evaluation``.
        seed: of the resamples.
    """
    deep = next(iter(models.values()))
    confidence, replicates = section.confidence, section.bootstrap
    found = {
        "promises": kept(deep, confidence=confidence, replicates=replicates, seed=seed),
    }
    if deep.targets.kind != "binary":
        return found
    rows = np.flatnonzero(deep.targets.arrays["known"][:, 0])
    truth = deep.targets.arrays["truth"][rows, 0] > 0.5
    stated = {
        name: answers.prediction.arrays["probability"][rows, 0] for name, answers in models.items()
    }
    groups = deep.groups[rows]
    found["decision_curve"] = decision_curves(
        truth, dict(list(stated.items())[:2]), groups,
        confidence=confidence, replicates=replicates, seed=seed,
    )  # fmt: skip
    return found | _cross_check(truth, stated, groups, confidence=confidence)


def _cross_check(
    truth: Array, stated: Mapping[str, Array], groups: Array, *, confidence: float
) -> dict[str, Any]:
    """``delong``: each model's interval of the AUROC, and that of the first two's difference."""
    areas = delong_areas(truth, np.stack(list(stated.values()), axis=1), groups)
    if areas is None:
        return {}
    found: dict[str, Any] = {}
    for place, name in enumerate(stated):
        low, high = areas.interval(place, confidence)
        found[name] = {"low": low, "high": high}
    if len(stated) > 1:
        value, low, high = areas.difference(0, 1, confidence)
        found["difference"] = {"value": value, "low": low, "high": high}
    return {"delong": found}
