"""The verdict of a study: every model under one protocol.

Enters: each model's raw outputs on validation and test, and the truth. On
validation: temperature, thresholds, which deep model and which baseline count.
On test, once: metrics with intervals, the paired difference, subgroups.
Leaves: a `Judgement`, whose `metrics` is the body of ``metrics.json``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.errors import DataError
from bedside.evaluation import lower_is_better
from bedside.evaluation.comparison import compare, verdict
from bedside.evaluation.scoring import Scores, measurer, score
from bedside.evaluation.subgroups import score_subgroups
from bedside.evaluation.threshold import choose_thresholds
from bedside.schema import Array, Arrays, Prediction, State, Targets, Task

if TYPE_CHECKING:
    from bedside.study import EvaluationSection

Outputs = Mapping[str, Arrays]
"""Part (``validation``, ``test``) -> a model's raw outputs."""


@dataclass(frozen=True)
class Exam:
    """What all models are judged on.

    Args:
        task: the study's task.
        state: its state as fitted on training targets.
        targets: part -> targets, of validation and test.
        rows: part -> rows of the cohort.
        ids: (N,) case ids of the test part.
        groups: (N,) integers of the test cases, equal for cases of one patient.
        attributes: name -> (N,) values of the test cases, for subgroups.
        section: the study's ``evaluation``.
        seed: of the resamples.
    """

    task: Task
    state: State
    targets: Mapping[str, Targets]
    rows: Mapping[str, Array]
    ids: Array
    groups: Array
    attributes: Mapping[str, Array]
    section: EvaluationSection
    seed: int


@dataclass(frozen=True)
class Judged:
    """One model: its calibrated state, its predictions by part, its test scores."""

    state: State
    predictions: Mapping[str, Prediction]
    scores: Scores
    validation: float


@dataclass(frozen=True)
class Judgement:
    """All models, and which two the verdict compares."""

    models: Mapping[str, Judged]
    deep: str
    best_baseline: str
    metrics: dict[str, Any]


def refuse_unjudgeable(exam: Exam) -> None:
    """Refuse a validation part on which the study's rule can choose no threshold.

    Raises:
        DataError: a label has one answer only there; all such labels are named.
    """
    validation = exam.targets["validation"]
    if validation.kind != "classes":
        any_scores = np.full(validation.arrays["truth"].shape, 0.5)
        choose_thresholds(validation, any_scores, exam.section.threshold)


def judge_models(
    exam: Exam, deep: Mapping[str, Outputs], baselines: Mapping[str, Outputs]
) -> Judgement:
    """Judge every model, then compare the best deep one with the best baseline.

    Args:
        exam: the protocol.
        deep: name -> outputs of the deep candidates.
        baselines: name -> outputs of the classical peers.

    Raises:
        DataError: validation or test holds too little to judge by.
    """
    models = {name: judge_model(exam, outputs) for name, outputs in {**deep, **baselines}.items()}
    chosen = best_on_validation(models, among=list(deep), primary=exam.task.primary)
    peers = [name for name in baselines if _tells_cases_apart(models[name])]
    peer = best_on_validation(models, among=peers or list(baselines), primary=exam.task.primary)
    difference = compare(
        models[chosen].scores,
        models[peer].scores,
        metric=exam.task.primary,
        confidence=exam.section.confidence,
    )
    test, state = exam.targets["test"], models[chosen].state
    metrics = {
        "kind": test.kind,
        "part": "test",
        "cases": len(exam.groups),
        "primary": exam.task.primary,
        "confidence": exam.section.confidence,
        "bootstrap": exam.section.bootstrap,
        "classes": list(test.names),
        "thresholds": state["thresholds"],
        "threshold_rule": exam.section.threshold,
        "calibration": {"temperature": state["temperature"]},
        "models": {name: model.scores.table for name, model in models.items()},
        "validation": {name: _number(model.validation) for name, model in models.items()},
        "deep": chosen,
        "best_baseline": peer,
        "difference": difference,
        "verdict": verdict(difference),
        "subgroups": _subgroups(exam, models[chosen].predictions["test"]),
        "other_parts": {},
    }
    return Judgement(models, chosen, peer, metrics)


def judge_model(exam: Exam, outputs: Outputs) -> Judged:
    """Calibrate and set thresholds on validation, then score the test part."""
    validation = exam.targets["validation"]
    state = exam.task.calibrate(outputs["validation"], validation, exam.state)
    predictions: dict[str, Prediction] = {}
    for part in ("validation", "test"):
        calibrated = exam.task.calibrated(outputs[part], state)
        predictions[part] = _inferred(exam.task, calibrated, state)
        if part == "validation" and validation.kind != "classes":
            probability = predictions[part].arrays["probability"]
            rule = exam.section.threshold
            state = {**state, "thresholds": choose_thresholds(validation, probability, rule)}
            predictions[part] = _inferred(exam.task, calibrated, state)
    scores = score(
        exam.targets["test"],
        predictions["test"],
        kind=validation.kind,
        groups=exam.groups,
        confidence=exam.section.confidence,
        replicates=exam.section.bootstrap,
        seed=exam.seed,
    )
    return Judged(state, predictions, scores, _on_validation(exam, predictions["validation"]))


def _inferred(task: Task, calibrated: Arrays, state: State) -> Prediction:
    """Run the task's own inference over outputs that are there already."""
    return task.infer({"network": lambda _: calibrated}, {}, state)


def _tells_cases_apart(model: Judged) -> bool:
    """Whether a model says anything of a case.

    On a small validation part a fair peer can fall below one half by chance; a
    constant answer must not then stand in as the one to beat.
    """
    probability = model.predictions["validation"].arrays["probability"]
    return bool((np.ptp(probability, axis=0) > 0).any())


def best_on_validation(models: Mapping[str, Judged], *, among: list[str], primary: str) -> str:
    """The model with the best primary metric on validation; of equal ones the first named.

    A model whose metric is undefined loses to every other.

    Raises:
        DataError: there is none to choose from.
    """
    if not among:
        raise DataError("models: expected at least one, got none. Name a baseline.")
    sign = -1 if lower_is_better(primary) else 1
    marks = {name: sign * models[name].validation for name in among}
    return max(among, key=lambda name: marks[name] if np.isfinite(marks[name]) else -np.inf)


def _number(value: float) -> float | None:
    """A metric as JSON holds it: null where undefined."""
    return round(value, 6) if np.isfinite(value) else None


def _subgroups(exam: Exam, prediction: Prediction) -> dict[str, Any]:
    """The deep model's scores by attribute."""
    if not exam.attributes:
        return {}
    test = exam.targets["test"]
    return score_subgroups(
        test,
        prediction,
        kind=test.kind,
        groups=exam.groups,
        attributes=exam.attributes,
        confidence=exam.section.confidence,
        replicates=exam.section.bootstrap,
        seed=exam.seed,
    )


def _on_validation(exam: Exam, prediction: Prediction) -> float:
    targets = exam.targets["validation"]
    measure = measurer(targets, prediction, kind=targets.kind, metrics=(exam.task.primary,))
    weights = np.ones((1, len(targets.arrays["known"])))
    return float(measure(weights)[exam.task.primary][0])
