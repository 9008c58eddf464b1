"""How entities are judged: all together, and each label alone.

Each metric stands under its plain name for all labels, and as ``<metric>_<label>`` for one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.errors import DataError, Problems
from bedside.evaluation import OF_ENTITIES, metric_names
from bedside.evaluation.entities import Tagged
from bedside.evaluation.predictions import write_predictions_table
from bedside.schema import Array, Arrays, Prediction, State, Targets
from bedside.tasks.tag import entities_of

if TYPE_CHECKING:
    from bedside.data.cohort import Cohort
    from bedside.evaluation.kinds import Answers, Evidence, Grouping, Measure, Place
    from bedside.schema import Task
    from bedside.study import EvaluationSection

COUNTED = {"entity_recall": 0, "relaxed_recall": 0, "entity_precision": 1, "relaxed_precision": 1}
"""Shares of entities -> the column of `Tagged.counts` they are shares of."""


@dataclass(frozen=True)
class Cases:
    """Cases, each the case of a patient; an estimate of 0 or 1 proves as much as they are many."""

    answers: Answers

    @property
    def groups(self) -> Array:
        """(N,) patient of each case."""
        return self.answers.groups

    def far_end(self, name: str, *, edge: float, tail: float) -> float | None:
        """Clopper and Pearson's bound with patients as its n, as `edge.far_end` has it.

        Patients without an entity prove nothing of how many are found.
        """
        metric = next((m for m in COUNTED if name == m or name.startswith(f"{m}_")), None)
        if metric is None:
            return None
        counts = Tagged.of(self.answers).counts[:, :, COUNTED[metric]]
        label = name.removeprefix(metric).removeprefix("_")
        names = list(self.answers.targets.names)
        own = counts[:, names.index(label)] if label in names else counts.sum(axis=1)
        patients = len(np.unique(self.groups[own > 0]))
        if not patients:
            return None
        low = float(tail ** (1 / patients))
        return low if edge == 1 else 1 - low


@dataclass(frozen=True)
class Entities:
    """The kind of `tag`."""

    summary: tuple[str, ...] = ("entity_f1", "entity_precision", "entity_recall", "relaxed_f1")

    def ready(self, targets: Targets, section: EvaluationSection) -> Targets:  # noqa: ARG002
        """The targets as they are: the truth is all that is needed."""
        return targets

    def check(self, answers: Answers) -> None:
        """Refuse what cannot be scored.

        Raises:
            DataError: lengths disagree, or no case has an entity.
        """
        problems = Problems(DataError)
        truth = answers.targets.arrays["truth"]
        if not any(entities_of(truth)):
            problems.add(
                "scoring",
                expected="cases with entities",
                got=f"{len(truth)} cases without any",
                remedy="Check the target and the split",
            )
        lengths = (answers.prediction.arrays["entities"], answers.groups)
        for name, got in zip(("entities", "groups"), map(len, lengths), strict=True):
            if got != len(truth):
                problems.add(
                    f"scoring, {name}",
                    expected=f"one entry for each of {len(truth)} cases",
                    got=str(got),
                    remedy="Score the same cases that were predicted",
                )
        problems.raise_if_any()

    def measurer(
        self, answers: Answers, *, metrics: Sequence[str] | None = None, brief: bool = False
    ) -> Measure:
        """Metrics of the registry, of all labels together and of each alone; units are cases."""
        own = Tagged.of(answers)
        names = metric_names(OF_ENTITIES) if metrics is None else metrics
        functions = {name: OF_ENTITIES.load(name) for name in names}
        measured = {name: partial(function, own) for name, function in functions.items()}
        if not brief and len(own.names) > 1:
            for place, label in enumerate(own.names):
                alone = own.alone(place)
                for name in (n for n in names if n in self.summary):
                    measured[f"{name}_{label}"] = partial(functions[name], alone)

        def measure(weights: Array) -> Arrays:
            return {name: function(weights) for name, function in measured.items()}

        return measure

    def evidence(self, answers: Answers) -> Evidence:
        """Cases, and how far the truth may be from an estimate of 0 or 1."""
        return Cases(answers)

    def truth(self, targets: Targets) -> Sequence[Array]:
        """A hash of each case's entities, and that they are known."""
        cells = targets.arrays["truth"]
        digests = b"".join(hashlib.sha256(cell.encode()).digest() for cell in cells)
        return np.frombuffer(digests, dtype=np.uint8), targets.arrays["known"]

    def refuse_unjudgeable(self, validation: Targets, section: EvaluationSection) -> None:  # noqa: ARG002
        """Refuse a validation part without an entity, on which no model can be chosen.

        Raises:
            DataError: it has none.
        """
        if not any(entities_of(validation.arrays["truth"])):
            raise DataError(
                "validation part: expected texts with entities, got none. Split otherwise, or "
                "add annotated texts."
            )

    def decided(self, validation: Answers, section: EvaluationSection) -> State:  # noqa: ARG002
        """The state as it is: the likeliest entities need no threshold."""
        return validation.state

    def tells_apart(self, prediction: Prediction) -> bool:
        """Whether any entity was given."""
        return any(entities_of(prediction.arrays["entities"]))

    def counts(self, targets: Targets) -> dict[str, Any]:
        """``entities``: how many there are."""
        return {"entities": sum(map(len, entities_of(targets.arrays["truth"])))}

    def measurable(self, targets: Targets) -> bool:
        """Whether there is any entity."""
        return any(entities_of(targets.arrays["truth"]))

    def groupings(self, targets: Targets, state: State) -> Mapping[str, Grouping]:  # noqa: ARG002
        """None beside those that the study names."""
        return {}

    def facts(self, targets: Targets, state: State, section: EvaluationSection) -> dict[str, Any]:  # noqa: ARG002
        """Labels with how many test entities each has, the input, the temperature."""
        counted = Counter(e.label for own in entities_of(targets.arrays["truth"]) for e in own)
        return {
            "labels": {name: counted[name] for name in targets.names},
            "source": state["source"],
            "calibration": {"temperature": [state["temperature"]]},
        }

    def names(self, ids: Array, targets: Targets) -> Array:  # noqa: ARG002
        """The case ids."""
        return ids

    def write(self, place: Place, answers: Answers, *, task: Task, cohort: Cohort) -> None:
        """A CSV of each model and part, the same for the deep model's test part on top."""
        for path in (place.folder / f"{place.model}-{place.part}.csv", place.table):
            if path is not None:
                write_predictions_table(path, answers, task=task, cohort=cohort)


ENTITIES = Entities()
