"""How outlined structures are judged: by overlap, by distance, and by volume.

A metric stands under its plain name as the mean over structures, and as
``<metric>_<structure>``. Each case counts once, however large it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.errors import DataError, Problems
from bedside.evaluation import OF_MASKS, metric_names
from bedside.evaluation.kinds import Grouping
from bedside.evaluation.outlines import NUMBERS, OF_SPACE, PER_ML, Outlines
from bedside.evaluation.predictions import write_predictions_table
from bedside.evaluation.promises import limit_of_familiar
from bedside.schema import Array, Arrays, Prediction, State, Targets
from bedside.tasks.mask_sizes import Space

if TYPE_CHECKING:
    from bedside.data.cohort import Cohort
    from bedside.evaluation.kinds import Answers, Evidence, Measure, Place
    from bedside.schema import Task
    from bedside.study import EvaluationSection


@dataclass(frozen=True)
class Cases:
    """Cases, each the case of a patient."""

    answers: Answers

    @property
    def groups(self) -> Array:
        """(N,) patient of each case."""
        return self.answers.groups

    def far_end(self, name: str, *, edge: float, tail: float) -> float | None:
        """Clopper and Pearson's bound with patients as its n, of Dice and surface Dice.

        It holds for means of scores from 0 to 1, too: where all of n score 1, the share of
        ones is above the bound, and so is the mean.
        """
        if not name.startswith(("dice", "surface_dice")):
            return None
        known = self.answers.targets.arrays["known"][:, 0]
        patients = len(np.unique(self.answers.groups[known]))
        low = float(tail ** (1 / max(patients, 1)))
        return low if edge == 1 else 1 - low


@dataclass(frozen=True)
class Mask:
    """The kind of `segment`.

    Args:
        space: what masks lie in, which says the unit of distances and sizes.
    """

    space: Space = "volume"

    @property
    def summary(self) -> tuple[str, ...]:
        """Overlap and the two distances."""
        return ("dice", *OF_SPACE[self.space][:2])

    @property
    def metrics(self) -> list[str]:
        """All that can be measured there."""
        others = set(chain(*OF_SPACE.values())) - set(OF_SPACE[self.space])
        return [name for name in metric_names(OF_MASKS) if name not in others]

    def ready(self, targets: Targets, section: EvaluationSection) -> Targets:
        """The targets as they are."""
        del section
        return targets

    def check(self, answers: Answers) -> None:
        """Refuse what cannot be scored.

        Raises:
            DataError: lengths disagree, there is no case, or a mask lies on another grid.
        """
        problems = Problems(DataError)
        truth, answered = answers.targets.arrays["truth"], answers.prediction.arrays["mask"]
        known = answers.targets.arrays["known"][:, 0]
        if not known.any():
            problems.add(
                "scoring",
                expected="cases with a mask",
                got=f"{len(truth)} cases, none of them with one",
                remedy="Check the target and that the part holds cases",
            )
        for name, got in (("mask", len(answered)), ("groups", len(answers.groups))):
            if got != len(truth):
                problems.add(
                    f"scoring, {name}",
                    expected=f"one entry for each of {len(truth)} cases",
                    got=str(got),
                    remedy="Score the same cases that were predicted",
                )
        problems.raise_if_any()
        wrong = sum(
            own.shape != other.shape
            for own, other in zip(truth[known], answered[known], strict=True)
        )
        if wrong:
            problems.add(
                "scoring, mask",
                expected="masks on the grids of their volumes",
                got=f"{wrong} on another",
                remedy="Check the model's outputs",
            )
        problems.raise_if_any()

    def measurer(
        self, answers: Answers, *, metrics: Sequence[str] | None = None, brief: bool = False
    ) -> Measure:
        """Means over cases of every metric, of all structures together and of each."""
        own = Outlines.of(answers)
        measured = {}
        for name in self.metrics if metrics is None else metrics:
            function = OF_MASKS.load(name)
            measured[name] = partial(function, own)
            for place, structure in enumerate(() if brief else own.names):
                measured[f"{name}_{structure}"] = partial(function, own, structure=place)

        def measure(weights: Array) -> Arrays:
            weights = weights[:, own.rows]
            return {name: function(weights) for name, function in measured.items()}

        return measure

    def evidence(self, answers: Answers) -> Evidence:
        """Cases, and how far the truth may be from an estimate of 0 or 1."""
        return Cases(answers)

    def truth(self, targets: Targets) -> Sequence[Array]:
        """A hash of each mask, and where there is one."""
        digests = [hashlib.sha256(mask.content).digest() for mask in targets.arrays["truth"]]
        return np.frombuffer(b"".join(digests), dtype=np.uint8), targets.arrays["known"]

    def refuse_unjudgeable(self, validation: Targets, section: EvaluationSection) -> None:
        """Nothing is chosen by a rule that could fail."""

    def decided(self, validation: Answers, section: EvaluationSection) -> State:  # noqa: ARG002
        """The state, and from where on a case is foreign; the largest probability decides."""
        return {**validation.state, **limit_of_familiar(validation)}

    def tells_apart(self, prediction: Prediction) -> bool:
        """Whether a model outlines anything at all."""
        return any(mask.voxels().any() for mask in prediction.arrays["mask"])

    def counts(self, targets: Targets) -> dict[str, Any]:  # noqa: ARG002
        """Nothing beside cases and patients."""
        return {}

    def measurable(self, targets: Targets) -> bool:
        """Whether any mask is known."""
        return bool(targets.arrays["known"].any())

    def groupings(self, targets: Targets, state: State) -> Mapping[str, Grouping]:  # noqa: ARG002
        """None that follows from the masks."""
        return {}

    def facts(self, targets: Targets, state: State, section: EvaluationSection) -> dict[str, Any]:  # noqa: ARG002
        """The structures, the plan of the deep model, and of what it keeps one piece alone."""
        pieces = [targets.names[k - 1] for k in state.get("in_one_piece", [])]
        return {
            "structures": list(targets.names),
            "space": self.space,
            "plan": state.get("plan"),
            "in_one_piece": pieces,
        }

    def names(self, ids: Array, targets: Targets) -> Array:  # noqa: ARG002
        """The case ids."""
        return ids

    def write(self, place: Place, answers: Answers, *, task: Task, cohort: Cohort) -> None:
        """A CSV of each model and part, the same for the deep model's test part on top."""
        further = numbers_of(answers, self.space)
        for path in (place.folder / f"{place.model}-{place.part}.csv", place.table):
            if path is not None:
                write_predictions_table(path, answers, task=task, cohort=cohort, further=further)


MASK, IN_PLANE, IN_PIXELS = Mask(), Mask("plane"), Mask("pixels")


def numbers_of(answers: Answers, space: Space) -> dict[str, Array]:
    """Columns (N,) of what was measured of each case, blank where its mask is unknown."""
    own = Outlines.of(answers)
    columns = {}
    for metric, name in zip(NUMBERS, (*NUMBERS[:2], *OF_SPACE[space]), strict=True):
        scale = PER_ML if name.startswith("area") else 1
        for place, structure in enumerate(own.names):
            column = np.full(len(answers.groups), "", dtype=object)
            values = scale * own.column(metric, place)
            column[own.rows] = [f"{value:.4f}" if np.isfinite(value) else "" for value in values]
            columns[f"{name}_{structure}"] = column
    return columns
