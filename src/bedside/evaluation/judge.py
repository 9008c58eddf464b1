"""The verdict of a study: every model under one protocol, whatever is predicted.

Enters: each model's raw outputs on validation and the test parts, and the truth. On
validation: calibration, thresholds, which deep model and which baseline count.
On test, once: metrics with intervals, the paired difference, subgroups.
Leaves: a `Judgement`, whose `metrics` is the body of ``metrics.json``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.errors import DataError
from bedside.evaluation import lower_is_better
from bedside.evaluation.aids import judge_aids
from bedside.evaluation.comparison import compare, verdict
from bedside.evaluation.follows import answers_that_follow
from bedside.evaluation.kinds import BEYOND, Answers, JudgedKind, kind_of
from bedside.evaluation.scoring import Scores, score
from bedside.evaluation.subgroups import score_subgroups
from bedside.schema import PARTS, Array, Arrays, State, Targets, Task

if TYPE_CHECKING:
    from bedside.study import EvaluationSection

Outputs = Mapping[str, Arrays]
"""Part (``validation``, ``test``, further test parts) -> a model's raw outputs."""


@dataclass(frozen=True)
class Exam:
    """What all models are judged on.

    Args:
        task: the study's task.
        state: its state as fitted on training targets.
        targets: part -> targets, of validation, test and further test parts.
        rows: part -> (N,) rows of the cohort.
        groups: part -> (N,) integers, equal for cases of one patient.
        attributes: test part -> name -> (N,) values, for subgroups.
        beside: test part -> name -> (N,) values that no input reads, which answers may follow.
        ids: what tells these test cases from others, for the count of looks.
        section: the study's ``evaluation``.
        seed: of the resamples.
    """

    task: Task
    state: State
    targets: Mapping[str, Targets]
    rows: Mapping[str, Array]
    groups: Mapping[str, Array]
    attributes: Mapping[str, Mapping[str, Array]]
    ids: Array
    section: EvaluationSection
    seed: int
    beside: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)

    @property
    def kind(self) -> JudgedKind:
        """How this kind of target is judged."""
        return kind_of(self.targets["test"])

    @property
    def tests(self) -> list[str]:
        """The test parts: ``test``, then any further ones."""
        return ["test", *(part for part in self.targets if part not in PARTS)]


@dataclass(frozen=True)
class Judged:
    """One model.

    Args:
        state: the task's state, calibrated for it.
        answers: part -> what it answered, on validation and every test part.
        scores: test part -> what it scored.
        validation: its primary metric on validation.
    """

    state: State
    answers: Mapping[str, Answers]
    scores: Mapping[str, Scores]
    validation: float


@dataclass(frozen=True)
class Judgement:
    """All models, and which two the verdict compares."""

    models: Mapping[str, Judged]
    deep: str
    best_baseline: str
    metrics: dict[str, Any]


def refuse_unjudgeable(exam: Exam) -> None:
    """Refuse a validation part on which the study's rules can choose nothing.

    Raises:
        DataError: a label has one answer only there; all such labels are named.
    """
    exam.kind.refuse_unjudgeable(exam.targets["validation"], exam.section)


def judge_models(
    exam: Exam,
    deep: Mapping[str, Outputs],
    baselines: Mapping[str, Outputs],
    *,
    against: Mapping[str, str] | None = None,
) -> Judgement:
    """Judge every model, then compare the best deep one with the best baseline.

    Args:
        exam: the protocol.
        deep: name -> outputs of the deep candidates.
        baselines: name -> outputs of the classical peers.
        against: deep candidate trained with an aid -> the one it must beat on validation to
            be chosen.

    Raises:
        DataError: validation or test holds too little to judge by.
    """
    models = {name: judge_model(exam, outputs) for name, outputs in {**deep, **baselines}.items()}
    primary, kind = exam.task.primary, exam.kind
    aids = judge_aids(exam, models, against or {})
    among = [name for name in deep if name not in aids or aids[name]["kept"]]
    chosen = best_on_validation(models, among=among, primary=primary)
    peers = [m for m in baselines if kind.tells_apart(models[m].answers["validation"].prediction)]
    peer = best_on_validation(models, among=peers or list(baselines), primary=primary)
    test = {part: _of_part(exam, models, part, pair=(chosen, peer)) for part in exam.tests}
    metrics = {
        "kind": exam.targets["test"].kind,
        "part": "test",
        "cases": test["test"]["cases"],
        "primary": primary,
        "confidence": exam.section.confidence,
        "bootstrap": exam.section.bootstrap,
        **kind.facts(exam.targets["test"], models[chosen].state, exam.section),
        "models": test["test"]["models"],
        "validation": {name: _number(model.validation) for name, model in models.items()},
        "candidates": list(deep),
        "aids": aids,
        "deep": chosen,
        "best_baseline": peer,
        **{key: found for key, found in test["test"].items() if key not in ("cases", "models")},
        "other_parts": {part: found for part, found in test.items() if part != "test"},
    }
    return Judgement(models, chosen, peer, metrics)


def judge_model(exam: Exam, outputs: Outputs) -> Judged:
    """Calibrate and choose thresholds on validation, then score the test parts."""
    validation = exam.targets["validation"]
    state = exam.task.calibrate(outputs["validation"], validation, exam.state)
    state = exam.kind.decided(_answers(exam, outputs, "validation", state=state), exam.section)
    answers = {
        part: _answers(exam, outputs, part, state=state) for part in ("validation", *exam.tests)
    }
    scores = {
        part: score(
            answers[part],
            confidence=exam.section.confidence,
            replicates=exam.section.bootstrap,
            seed=exam.seed,
        )
        for part in exam.tests
    }
    return Judged(state, answers, scores, _on_validation(exam, answers["validation"]))


def _answers(exam: Exam, outputs: Outputs, part: str, *, state: State) -> Answers:
    """The task's own inference over outputs that are there already."""
    calibrated = exam.task.calibrated(outputs[part], state)
    prediction = exam.task.infer({"network": lambda _: calibrated}, {}, state)
    return Answers(exam.targets[part], prediction, exam.groups[part], exam.rows[part], state)


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


def _of_part(
    exam: Exam, models: Mapping[str, Judged], part: str, *, pair: tuple[str, str]
) -> dict[str, Any]:
    """What one test part says: all models, the two that are compared, the deep one in groups."""
    deep, peer = pair
    difference = compare(
        models[deep].scores[part],
        models[peer].scores[part],
        metric=exam.task.primary,
        confidence=exam.section.confidence,
    )
    subgroups = score_subgroups(
        models[deep].answers[part],
        exam.attributes[part],
        confidence=exam.section.confidence,
        replicates=exam.section.bootstrap,
        seed=exam.seed,
    )
    follows = answers_that_follow(
        models[deep].answers[part],
        exam.beside.get(part, {}),
        confidence=exam.section.confidence,
        replicates=exam.section.bootstrap,
        seed=exam.seed,
    )
    order = [deep, peer, *(name for name in models if name not in pair)]
    answers = {name: models[name].answers[part] for name in order}
    named = exam.targets[part].kind
    return {
        "cases": len(exam.groups[part]),
        "models": {name: model.scores[part].table for name, model in models.items()},
        "difference": difference,
        "verdict": verdict(difference),
        "subgroups": subgroups,
        "follows": follows,
        **(BEYOND.load(named)(answers, exam.section, exam.seed) if named in BEYOND.names() else {}),
    }


def _number(value: float) -> float | None:
    """A metric as JSON holds it: null where undefined."""
    return round(value, 6) if np.isfinite(value) else None


def _on_validation(exam: Exam, answers: Answers) -> float:
    primary = exam.task.primary
    units = exam.kind.evidence(answers).groups
    measure = exam.kind.measurer(answers, metrics=(primary,), brief=True)
    return float(measure(np.ones((1, len(units))))[primary][0])
