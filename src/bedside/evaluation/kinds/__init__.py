"""The kinds of target, each with its own way of being judged.

Judge, scoring, subgroups and record ask a `JudgedKind` for all that hangs on what a
task predicts, and are blind to which it is. A further kind is one file here and one
line of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from bedside.registry import Registry
from bedside.schema import Array, Arrays, Prediction, State, Targets

if TYPE_CHECKING:
    from pathlib import Path

    from bedside.data.cohort import Cohort
    from bedside.schema import Task
    from bedside.study import EvaluationSection

Measure: TypeAlias = Callable[[Array], Arrays]
"""Weights (R, U) of U units -> name of a metric -> (R,)."""


@dataclass(frozen=True)
class Answers:
    """What one model answered on one part.

    Args:
        targets: the truth of N cases.
        prediction: of the same cases.
        groups: (N,) integers, equal for cases of one patient.
        rows: (N,) rows of the cohort; cases of one row are parts of one series.
        state: the task's state that the prediction was made under.
    """

    targets: Targets
    prediction: Prediction
    groups: Array
    rows: Array = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    state: State = field(default_factory=dict)

    def take(self, cases: Array) -> Answers:
        """The same for some cases, in that order."""
        return Answers(
            self.targets.take(cases),
            Prediction(
                {key: value[cases] for key, value in self.prediction.arrays.items()},
                self.prediction.names,
            ),
            self.groups[cases],
            self.rows[cases] if self.rows.size else self.rows,
            self.state,
        )


class Evidence(Protocol):
    """The units that are drawn anew in each resample, and what they can prove."""

    @property
    def groups(self) -> Array:
        """(U,) patient of each unit: a case, or a patient taken whole."""
        ...

    def far_end(self, name: str, *, edge: float, tail: float) -> float | None:
        """The other end of the interval of a metric that was estimated as exactly `edge`.

        Args:
            name: of a row of the table.
            edge: 0 or 1.
            tail: chance of missing the truth on that side, such as 0.025.

        Returns:
            A number from 0 to 1, or None for a metric without such a bound.
        """
        ...


@dataclass(frozen=True)
class Grouping:
    """A division of N cases: `labels` (N,) str, and the labels in the order to show."""

    labels: Array
    order: Sequence[str]


class JudgedKind(Protocol):
    """All that hangs on the kind of target when models are judged.

    Args:
        summary: names of the metrics that subgroups are given.
    """

    @property
    def summary(self) -> Sequence[str]: ...

    def ready(self, targets: Targets, section: EvaluationSection) -> Targets:
        """Targets with all that measuring needs of the study beside the truth.

        Raises:
            StudyError: a file that the study names is not as it should be.
        """
        ...

    def check(self, answers: Answers) -> None:
        """Refuse what cannot be scored.

        Raises:
            DataError: with every fault.
        """
        ...

    def measurer(
        self, answers: Answers, *, metrics: Sequence[str] | None = None, brief: bool = False
    ) -> Measure:
        """Prepare cases once, so that many weightings of them can be measured.

        Args:
            answers: what was checked.
            metrics: plain names; all of the kind where not given.
            brief: plain names alone, without one class or one step at a time.
        """
        ...

    def evidence(self, answers: Answers) -> Evidence:
        """The units that the weights of `measurer` belong to."""
        ...

    def truth(self, targets: Targets) -> Sequence[Array]:
        """The arrays that make two parts the same to score."""
        ...

    def refuse_unjudgeable(self, validation: Targets, section: EvaluationSection) -> None:
        """Refuse a validation part on which the study's rules can choose nothing.

        Raises:
            DataError: with every fault.
        """
        ...

    def decided(self, validation: Answers, section: EvaluationSection) -> State:
        """The state with all that is chosen on validation answers (thresholds)."""
        ...

    def tells_apart(self, prediction: Prediction) -> bool:
        """Whether a model says anything of a case; a constant answer does not."""
        ...

    def counts(self, targets: Targets) -> dict[str, Any]:
        """What a subgroup holds, beside its cases and patients."""
        ...

    def measurable(self, targets: Targets) -> bool:
        """Whether the metrics of a subgroup are defined at all."""
        ...

    def groupings(self, targets: Targets, state: State) -> Mapping[str, Grouping]:
        """Subgroups that follow from the targets themselves, whatever the study names."""
        ...

    def facts(self, targets: Targets, state: State, section: EvaluationSection) -> dict[str, Any]:
        """Entries of ``metrics.json`` that this kind alone has, of the chosen deep model."""
        ...

    def names(self, ids: Array, targets: Targets) -> Array:
        """What tells this test part from another in the count of looks.

        Args:
            ids: (N,) case ids of the cohort's rows.
            targets: of the same N cases.
        """
        ...

    def write(self, place: Place, answers: Answers, *, task: Task, cohort: Cohort) -> None:
        """Keep one model's answers on one part, for whoever draws or checks them later."""
        ...


@dataclass(frozen=True)
class Place:
    """Where a model's answers on a part go.

    Args:
        folder: ``predictions/`` of the run.
        model, part: whose, on what.
        table: a CSV that people open as well; None but for the deep model's test part.
    """

    folder: Path
    model: str
    part: str
    table: Path | None = None


REGISTRY: Registry[JudgedKind] = Registry(
    "kind_of_target",
    {
        "binary": "bedside.evaluation.kinds.classification:CLASSIFICATION",
        "classes": "bedside.evaluation.kinds.classification:CLASSIFICATION",
        "labels": "bedside.evaluation.kinds.classification:CLASSIFICATION",
        "forecast": "bedside.evaluation.kinds.forecast:FORECAST",
        "summary": "bedside.evaluation.kinds.summary:SUMMARY",
        "mask": "bedside.evaluation.kinds.mask:MASK",
        "mask in plane": "bedside.evaluation.kinds.mask:IN_PLANE",
        "mask in pixels": "bedside.evaluation.kinds.mask:IN_PIXELS",
        "entities": "bedside.evaluation.kinds.entities:ENTITIES",
        "language": "bedside.evaluation.kinds.language:LANGUAGE",
    },
)


class Beyond(Protocol):
    """What a test part says of a kind beyond single numbers: curves, promises, cross-checks."""

    def __call__(
        self, models: Mapping[str, Answers], section: EvaluationSection, seed: int
    ) -> dict[str, Any]:
        """Entries of ``metrics.json``; the deep model comes first, then its peer."""
        ...


_CLASSES = "bedside.evaluation.class_evidence:evidence_of_classes"
_OUTSIDE = "bedside.evaluation.promises:outside_of_training"
BEYOND: Registry[Beyond] = Registry(
    "evidence_of_kind",
    {
        "binary": _CLASSES,
        "classes": _CLASSES,
        "labels": _CLASSES,
        "forecast": _OUTSIDE,
        "mask": _OUTSIDE,
    },
)
"""Kinds that have such entries; of others metrics say it all."""


def kind_of(targets: Targets) -> JudgedKind:
    """How targets are judged: as their kind is, unless their facts name a finer one."""
    return REGISTRY.load(str(targets.facts.get("judged_as", targets.kind)))
