"""How one label, one of several classes, or several labels are judged.

Several classes or labels: the plain name is the macro mean, ``<metric>_<class>``
one class against the rest. A class that the sample does not hold is left out of
the mean; a metric that is undefined for another reason (a class that was never
called has no positive predictive value) makes the mean undefined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.errors import DataError, Problems
from bedside.evaluation import OF_CLASSES, PRIMARY, REGISTRY, metric_names
from bedside.evaluation.classification import Column, share
from bedside.evaluation.edge import ClassEvidence
from bedside.evaluation.predictions import write_predictions_table
from bedside.evaluation.promises import limit_of_familiar, promised
from bedside.evaluation.threshold import choose_thresholds
from bedside.schema import Array, Arrays, Prediction, State, Targets

if TYPE_CHECKING:
    from bedside.data.cohort import Cohort
    from bedside.evaluation.kinds import Answers, Evidence, Grouping, Measure, Place
    from bedside.schema import Task
    from bedside.study import EvaluationSection


@dataclass(frozen=True)
class Classification:
    """The three kinds of `classify`."""

    summary: tuple[str, ...] = (PRIMARY, "sensitivity", "specificity", "brier")

    def ready(self, targets: Targets, section: EvaluationSection) -> Targets:  # noqa: ARG002
        """The targets as they are: the truth is all that is needed."""
        return targets

    def check(self, answers: Answers) -> None:
        """Refuse what cannot be scored.

        Raises:
            DataError: shapes disagree, there is no case, or a probability is not in [0, 1].
        """
        problems = Problems(DataError)
        targets, prediction = answers.targets, answers.prediction
        shape = targets.arrays["truth"].shape
        cases, width = shape if len(shape) == 2 else (0, 0)
        wanted = {"binary": width == 1, "classes": width >= 2, "labels": width >= 1}
        if not cases or not wanted[targets.kind]:
            problems.add(
                "scoring",
                expected=f"truth of shape (cases, columns) for kind '{targets.kind}'",
                got=f"shape {shape}",
                remedy="Check the target and that the part holds cases",
            )
        shapes = {
            "known": targets.arrays["known"].shape,
            "probability": prediction.arrays["probability"].shape,
            "decision": prediction.arrays["decision"].shape,
            "groups": (*np.shape(answers.groups), *shape[1:]),
        }
        for name, got in shapes.items():
            if got != shape:
                problems.add(
                    f"scoring, {name}",
                    expected=f"one entry for each of truth's, shape {shape}",
                    got=f"shape {got}",
                    remedy="Score the same cases that were predicted",
                )
        probability = prediction.arrays["probability"]
        wrong = int((~((probability >= 0) & (probability <= 1))).sum())
        if wrong:
            problems.add(
                "scoring, probability",
                expected="numbers from 0 to 1",
                got=f"{wrong} entries that are not",
                remedy="Check the model's outputs for NaN and its calibration",
            )
        problems.raise_if_any()

    def measurer(
        self, answers: Answers, *, metrics: Sequence[str] | None = None, brief: bool = False
    ) -> Measure:
        """Metrics of the registry, of each class alone and as their mean; units are cases."""
        targets, prediction = answers.targets, answers.prediction
        columns = _columns(targets, prediction)
        names = metric_names() if metrics is None else metrics
        functions = {name: REGISTRY.load(name) for name in names}
        several = targets.kind == "classes"
        together = _of_classes(targets, prediction, metrics=functions) if several else {}
        plain_alone = brief or targets.kind == "binary"

        def measure(weights: Array) -> Arrays:
            plain: Arrays = {}
            single: Arrays = {}
            views = [(column, weights[:, rows]) for column, rows in columns]
            there = np.stack([column.has_both(view) for column, view in views])
            for name, function in functions.items():
                if name in together and brief:
                    plain[name] = together[name](weights)
                    continue
                values = np.stack([function(column, view) for column, view in views])
                plain[name] = together[name](weights) if name in together else _macro(values, there)
                single |= {f"{name}_{c}": v for c, v in zip(targets.names, values, strict=False)}
            return plain if plain_alone else plain | single

        return measure

    def evidence(self, answers: Answers) -> Evidence:
        """Cases, and how far the truth may be from an estimate of 0 or 1."""
        return ClassEvidence(answers)

    def truth(self, targets: Targets) -> Sequence[Array]:
        """Which classes are true, and where that is known."""
        return targets.arrays["truth"] > 0.5, targets.arrays["known"]

    def refuse_unjudgeable(self, validation: Targets, section: EvaluationSection) -> None:
        """Refuse a label of one answer only, on which no threshold can be chosen.

        Raises:
            DataError: all such labels are named.
        """
        if validation.kind != "classes":
            any_scores = np.full(validation.arrays["truth"].shape, 0.5)
            choose_thresholds(validation, any_scores, section.threshold)

    def decided(self, validation: Answers, section: EvaluationSection) -> State:
        """The state with thresholds, which several classes do not need, and what is promised."""
        state = validation.state
        if validation.targets.kind != "classes":
            probability = validation.prediction.arrays["probability"]
            chosen = choose_thresholds(validation.targets, probability, section.threshold)
            state = {**state, "thresholds": chosen}
        state = {**state, **limit_of_familiar(validation)}
        return {**state, **promised(replace(validation, state=state), section)}

    def tells_apart(self, prediction: Prediction) -> bool:
        """Whether two cases have two probabilities.

        On a small validation part a fair peer can fall below one half by chance; a
        constant answer must not then stand in as the one to beat.
        """
        return bool((np.ptp(prediction.arrays["probability"], axis=0) > 0).any())

    def counts(self, targets: Targets) -> dict[str, Any]:
        """``positives``: a number for one yes-or-no question, else class -> number."""
        positive = (targets.arrays["truth"] > 0.5) & targets.arrays["known"]
        each = {n: int(c) for n, c in zip(targets.names, positive.sum(axis=0), strict=False)}
        return {"positives": int(positive.sum()) if targets.kind == "binary" else each}

    def measurable(self, targets: Targets) -> bool:
        """Whether any column holds both positives and negatives."""
        known, truth = targets.arrays["known"], targets.arrays["truth"] > 0.5
        return bool(((truth & known).any(axis=0) & (~truth & known).any(axis=0)).any())

    def groupings(self, targets: Targets, state: State) -> Mapping[str, Grouping]:  # noqa: ARG002
        """None beside those that the study names."""
        return {}

    def facts(self, targets: Targets, state: State, section: EvaluationSection) -> dict[str, Any]:
        """Names of classes, thresholds, the rule that chose them, the temperature."""
        return {
            "classes": list(targets.names),
            "thresholds": state["thresholds"],
            "threshold_rule": section.threshold,
            "calibration": {"temperature": state["temperature"]},
        }

    def names(self, ids: Array, targets: Targets) -> Array:  # noqa: ARG002
        """The case ids."""
        return ids

    def write(self, place: Place, answers: Answers, *, task: Task, cohort: Cohort) -> None:
        """A CSV of each model and part, the same for the deep model's test part on top."""
        paths = [place.folder / f"{place.model}-{place.part}.csv", place.table]
        for path in paths:
            if path is not None:
                write_predictions_table(path, answers, task=task, cohort=cohort)


CLASSIFICATION = Classification()


def _columns(targets: Targets, prediction: Prediction) -> list[tuple[Column, Array]]:
    """The known cases of each class or label by rising score, and their rows."""
    columns = []
    for k in range(targets.arrays["truth"].shape[1]):
        rows = np.flatnonzero(targets.arrays["known"][:, k])
        rows = rows[np.argsort(prediction.arrays["probability"][rows, k], kind="stable")]
        column = Column.of(
            targets.arrays["truth"][rows, k],
            prediction.arrays["probability"][rows, k],
            prediction.arrays["decision"][rows, k],
        )
        columns.append((column, rows))
    return columns


def _of_classes(
    targets: Targets, prediction: Prediction, *, metrics: Iterable[str]
) -> dict[str, Callable[[Array], Array]]:
    """Metrics that look at all classes of a case; a case counts where all are known."""
    rows = np.flatnonzero(targets.arrays["known"].all(axis=1))
    known = targets.take(rows)
    answers = Prediction({k: v[rows] for k, v in prediction.arrays.items()}, prediction.names)

    def over_rows(name: str) -> Callable[[Array], Array]:
        function = OF_CLASSES.load(name)
        return lambda weights: function(known, answers, weights[:, rows])

    table = OF_CLASSES.names()
    return {name: over_rows(name) for name in metrics if name in table}


def _macro(values: Array, there: Array) -> Array:
    """Mean over classes (K, R) -> (R,), without those that the sample does not hold."""
    left_out = np.isnan(values) & ~there
    total = np.where(left_out, 0.0, values).sum(axis=0)
    return share(total, (~left_out).sum(axis=0))
