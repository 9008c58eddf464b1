"""Did an aid against scarce labels help? Validation answers, with its interval.

Enters: judged networks, and which was trained plainly beside which. Leaves: for each aided
network the paired difference from the plain one, and whether it may be chosen: only where the
whole interval is above zero. Intervals hold together for all aids that were tried (Bonferroni),
so that trying more of them keeps none by luck.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from bedside.evaluation.comparison import compare
from bedside.evaluation.scoring import score

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedside.evaluation.judge import Exam, Judged


def judge_aids(
    exam: Exam, models: Mapping[str, Judged], against: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Compare every aided network with its plain one, on the same resamples of validation.

    Args:
        exam: the protocol.
        models: all judged models.
        against: aided network -> the plain one.

    Returns:
        Aided network -> ``against``, ``difference`` (aided minus plain, positive where better,
        as `compare` tells it), ``confidence`` of its interval and ``kept``.
    """
    if not against:
        return {}
    confidence = 1 - (1 - exam.section.confidence) / len(against)
    scores = {
        name: score(
            models[name].answers["validation"],
            confidence=confidence,
            replicates=exam.section.bootstrap,
            seed=exam.seed,
        )
        for name in {*against, *against.values()}
    }
    found = {}
    for name, plain in against.items():
        difference = compare(
            scores[name], scores[plain], metric=exam.task.primary, confidence=confidence
        )
        low = cast("float | None", difference["low"])
        found[name] = {
            "against": plain,
            "difference": difference,
            "confidence": confidence,
            "kept": low is not None and low > 0,
        }
    return found
