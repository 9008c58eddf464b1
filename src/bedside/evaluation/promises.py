"""What a model promises beside its probabilities: sets of classes, and when to ask a human.

Enters: validation answers, then those of a test part. Leaves: what the package carries,
and how far it was kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.evaluation.bootstrap import interval, leave_out_weights, patient_weights
from bedside.evaluation.classification import share
from bedside.evaluation.edge import exact_bound
from bedside.evaluation.kinds import Answers
from bedside.schema import Array, Prediction, State, Targets
from bedside.tasks.sets import confidence_of, every_class, sets_of

if TYPE_CHECKING:
    from bedside.study import EvaluationSection

STEPS = 100
OF_EACH = {"sets": ("largest", "own"), "abstain": ("below",)}
"""What each label has of its own."""
UNKNOWN: Mapping[str, Any] = {"largest": [1.0, 1.0], "own": [False, False], "below": 1.0}
"""The same of a label of which no case is known."""
STRANGE = 0.01
"""Share of validation that lies beyond what a package calls familiar."""


def promised(validation: Answers, section: EvaluationSection) -> State:
    """Choose on validation what is promised: sets of classes, and when a human is asked.

    A class with too few patients for its own promise shares that of all. The cases of one
    patient count as one together, so that the promise is about a new patient.

    Args:
        validation: one question, several classes, or several labels: as many questions.
        section: the study's ``evaluation``.

    Returns:
        ``sets``: ``coverage``, ``largest`` (C,), ``own``: whether each class has a promise of
        its own; ``abstain``: ``share`` and ``below``, the confidence under which a human is
        asked. Of labels ``largest``, ``own`` and ``below`` have one entry each. An entry that the
        study sets to null is left out.
    """
    if validation.targets.kind == "labels":
        return _promised_of_labels([promised(own, section) for own in _as_questions(validation)])
    kind, known, label = _known(validation)
    probability = validation.prediction.arrays["probability"][known]
    groups = validation.groups[known]
    found: State = {}
    if section.coverage is not None and len(label):
        each = every_class(probability, kind=kind)
        score = 1 - each[np.arange(len(label)), label]
        together = _quantile(score, groups, section.coverage)
        own = [_quantile(score[label == c], groups[label == c], section.coverage)
               for c in range(each.shape[1])]  # fmt: skip
        largest = [together if q is None else q for q in own]
        found["sets"] = {
            "coverage": section.coverage,
            "largest": [1.0 if q is None else q for q in largest],
            "own": [q is not None for q in own],
        }
    if section.abstain is not None and len(label):
        thresholds = validation.state.get("thresholds", [0.5])
        sure = confidence_of(probability, kind=kind, thresholds=thresholds)
        below = float(np.quantile(sure, section.abstain, method="higher"))
        found["abstain"] = {"share": section.abstain, "below": below}
    return found


def _promised_of_labels(each: Sequence[State]) -> State:
    """One promise with an entry a label; where nothing is known both answers, never certain."""
    whole = next(filter(None, each), {})
    return {
        key: {
            **promise,
            **{
                name: [one[key][name] if one else UNKNOWN[name] for one in each]
                for name in OF_EACH[key]
            },
        }
        for key, promise in whole.items()
    }


def limit_of_familiar(validation: Answers) -> State:
    """``familiar``: the strangeness that one in a hundred validation cases goes beyond.

    Args:
        validation: of a network that knows its training cases; of others nothing is said.

    Returns:
        ``limit``, and ``share``, how many cases like these lie beyond it.
    """
    strangeness = validation.prediction.arrays.get("strangeness")
    if strangeness is None:
        return {}
    limit = float(np.quantile(strangeness, 1 - STRANGE, method="higher"))
    return {"familiar": {"limit": limit, "share": STRANGE}}


def _quantile(score: Array, groups: Array, coverage: float) -> float | None:
    """The score that a new patient stays below with the promised chance, None where none does.

    Of n patients the cases of each weigh 1/n together, and a further patient weighs as much
    as each at the very end (Dunn, Wasserman and Ramdas 2022,
    doi:10.1080/01621459.2022.2060112).
    """
    people, index, counts = np.unique(groups, return_inverse=True, return_counts=True)
    n = len(people)
    if not n or np.ceil((n + 1) * coverage) > n:
        return None
    order = np.argsort(score, kind="stable")
    reached = np.cumsum((1 / counts[index])[order])
    place = int(np.searchsorted(reached, (n + 1) * coverage - 1e-9))
    return float(score[order][min(place, score.size - 1)])


def _as_questions(answers: Answers) -> list[Answers]:
    """Each of several labels as a question of its own, with what is promised of it."""
    return [_as_question(answers, k) for k in range(answers.targets.arrays["truth"].shape[1])]


def _as_question(answers: Answers, label: int) -> Answers:
    own = {key: answers.targets.arrays[key][:, [label]] for key in ("truth", "known")}
    said = {key: answers.prediction.arrays[key][:, [label]] for key in ("probability", "decision")}
    state: State = {"thresholds": [answers.state["thresholds"][label]]}
    for key in OF_EACH.keys() & answers.state.keys():
        promise = answers.state[key]
        state[key] = {**promise, **{name: promise[name][label] for name in OF_EACH[key]}}
    names = ("no", "yes")
    return Answers(
        Targets(own, names), Prediction(said, names), answers.groups, answers.rows, state
    )


def _known(answers: Answers) -> tuple[str, Array, Array]:
    """Kind, rows whose class is known, and which class that is."""
    targets = answers.targets
    rows = np.flatnonzero(targets.arrays["known"].all(axis=1))
    truth = targets.arrays["truth"][rows]
    label = (truth[:, 0] > 0.5).astype(int) if targets.kind == "binary" else truth.argmax(axis=1)
    return targets.kind, rows, label


def kept(answers: Answers, *, confidence: float, replicates: int, seed: int) -> dict[str, Any]:
    """How far promises were kept on a test part.

    Args:
        answers: whose state holds what was `promised`.
        confidence: of the intervals.
        replicates: of the bootstrap over patients.
        seed: of the resamples.

    Returns:
        ``sets``: ``promised``; ``coverage``, ``size`` (mean number of classes), ``alone`` (share of
        sets with one class), each with interval; ``by_class`` and ``by_size``: name -> ``cases``
        and ``coverage``. ``abstain``: ``asked`` (share left to a human), ``error_kept``,
        ``error_asked``, ``error_all``, each with interval; ``curve``: ``coverage`` and ``risk``
        by falling confidence, and ``aurc``, the area below it (Geifman and El-Yaniv 2017,
        arXiv:1705.08500). ``outside``: share of cases unlike those of training, and the share
        that is ``expected``. Of several labels ``labels``: name -> sets and abstain of each.
    """
    if answers.targets.kind == "labels":
        return _kept_of_labels(answers, confidence=confidence, replicates=replicates, seed=seed)
    _, rows, label = _known(answers)
    found: dict[str, Any] = {}
    if not len(label):
        return found
    state = answers.state
    if "sets" in state:
        found["sets"] = _sets_kept(answers)
    if "abstain" in state:
        found["abstain"] = _doubt_kept(answers)
    found |= _outside_of(answers, rows)
    groups = answers.groups[rows]
    return _measured(found, groups, confidence=confidence, replicates=replicates, seed=seed)


def _kept_of_labels(
    answers: Answers, *, confidence: float, replicates: int, seed: int
) -> dict[str, Any]:
    options: dict[str, Any] = {"confidence": confidence, "replicates": replicates, "seed": seed}
    each = {
        name: found
        for name, own in zip(answers.targets.names, _as_questions(answers), strict=True)
        if (found := kept(own, **options))
    }
    everyone = np.arange(answers.groups.size)
    outside = _measured(_outside_of(answers, everyone), answers.groups, **options)
    return ({"labels": each} if each else {}) | outside


def outside_of_training(
    models: Mapping[str, Answers], section: EvaluationSection, seed: int
) -> dict[str, Any]:
    """``promises`` of kinds that promise nothing else: how many cases are unlike training.

    Args:
        models: of one test part, the deep one first.
        section: the study's ``evaluation``.
        seed: of the resamples.
    """
    deep = next(iter(models.values()))
    found = _outside_of(deep, np.arange(deep.groups.size))
    promises = _measured(
        found, deep.groups,
        confidence=section.confidence, replicates=section.bootstrap, seed=seed,
    )  # fmt: skip
    return {"promises": promises} if promises else {}


def _outside_of(answers: Answers, rows: Array) -> dict[str, Any]:
    outside = answers.prediction.arrays.get("outside")
    if outside is None:
        return {}
    share_outside = _Mean(outside[rows], np.ones(len(rows), dtype=bool))
    return {"outside": {"expected": answers.state["familiar"]["share"], "share": share_outside}}


def _measured(
    found: Mapping[str, Any], groups: Array, *, confidence: float, replicates: int, seed: int
) -> dict[str, Any]:
    """The same with every mean measured, patients being drawn once for all of them."""
    means = _means_in(found)
    if not means:
        return dict(found)
    rng = np.random.default_rng(seed)
    drawn = _under(means, patient_weights(groups, replicates=replicates, rng=rng))
    apart = _under(means, leave_out_weights(groups))
    entries = [
        mean.entry(drawn[:, place], apart[:, place], groups, confidence=confidence)
        for place, mean in enumerate(means)
    ]
    return _with_entries(found, dict(zip(map(id, means), entries, strict=True)))


def _sets_kept(answers: Answers) -> dict[str, Any]:
    """Coverage of sets over all, by class and by size."""
    kind, rows, label = _known(answers)
    sets, names = answers.state["sets"], answers.prediction.names
    inside = sets_of(answers.prediction.arrays["probability"][rows], sets["largest"], kind=kind)
    right, size = inside[np.arange(len(label)), label], inside.sum(axis=1)
    everyone = np.ones(len(label), dtype=bool)

    def among(cases: Array) -> dict[str, Any]:
        return {"cases": int(cases.sum()), "coverage": _Mean(right, cases)}

    return {
        "promised": sets["coverage"],
        "coverage": _Mean(right, everyone),
        "size": _Mean(size, everyone),
        "alone": _Mean(size == 1, everyone),
        "by_class": {str(name): among(label == c) for c, name in enumerate(names)},
        "by_size": {str(s): among(size == s) for s in np.unique(size).tolist()},
    }


def _doubt_kept(answers: Answers) -> dict[str, Any]:
    """How often the model errs where it is certain, where a human is asked, and over all."""
    kind, rows, label = _known(answers)
    arrays, abstain = answers.prediction.arrays, answers.state["abstain"]
    thresholds = answers.state.get("thresholds", [0.5])
    sure = confidence_of(arrays["probability"][rows], kind=kind, thresholds=thresholds)
    decided = arrays["decision"][rows]
    said = decided[:, 0].astype(int) if kind == "binary" else decided.argmax(axis=1)
    wrong, asked = said != label, sure < abstain["below"]
    everyone = np.ones(len(label), dtype=bool)
    return {
        "share": abstain["share"],
        "asked": _Mean(asked, everyone),
        "error_kept": _Mean(wrong, ~asked),
        "error_asked": _Mean(wrong, asked),
        "error_all": _Mean(wrong, everyone),
        "curve": _risk_curve(wrong, sure),
    }


@dataclass(frozen=True, eq=False)
class _Mean:
    """A mean of `values` over the cases `among`, still to be measured."""

    values: Array
    among: Array

    def entry(
        self, drawn: Array, apart: Array, groups: Array, *, confidence: float
    ) -> dict[str, float | None]:
        """The mean with the interval of its replicates."""
        if not self.among.any():
            return {"value": None, "low": None, "high": None}
        value = float(self.values[self.among].mean())
        ends = interval(drawn, confidence, estimate=value, left_out=apart)
        if value in (0.0, 1.0) and ends == (value, value):
            people, tail = np.unique(groups[self.among]).size, (1 - confidence) / 2
            other = exact_bound(people, edge=value, tail=tail)
            ends = min(other, value), max(other, value)
        low, high = ends or (None, None)
        return {"value": value, "low": low, "high": high}


def _under(means: Sequence[_Mean], blocks: Iterable[Array]) -> Array:
    """(R, M) every mean under all weightings, which are drawn once for all of them."""
    among = np.stack([mean.among.astype(np.float64) for mean in means], axis=1)
    sums = np.stack([mean.values * mean.among for mean in means], axis=1).astype(np.float64)
    return np.concatenate([share(w @ sums, w @ among) for w in blocks])


def _means_in(tree: Mapping[str, Any]) -> list[_Mean]:
    """Every mean of a nested mapping that is still to be measured."""
    found: list[_Mean] = []
    for value in tree.values():
        if isinstance(value, _Mean):
            found.append(value)
        elif isinstance(value, Mapping):
            found += _means_in(value)
    return found


def _with_entries(tree: Mapping[str, Any], entries: Mapping[int, Any]) -> dict[str, Any]:
    """The same with each mean replaced by what was measured."""
    return {
        key: entries[id(value)]
        if isinstance(value, _Mean)
        else _with_entries(value, entries)
        if isinstance(value, Mapping)
        else value
        for key, value in tree.items()
    }


def _risk_curve(wrong: Array, sure: Array) -> dict[str, Any]:
    """Share of wrong decisions among the surest, as more and more cases are decided."""
    order = np.argsort(-sure, kind="stable")
    counted = np.arange(1, wrong.size + 1)
    risk = np.cumsum(wrong[order]) / counted
    shown = np.unique(np.linspace(0, wrong.size - 1, min(STEPS, wrong.size)).astype(int))
    return {
        "coverage": (counted[shown] / wrong.size).tolist(),
        "risk": risk[shown].tolist(),
        "aurc": float(risk.mean()),
    }
