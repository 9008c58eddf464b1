"""Recalibrate: a package's probabilities, fitted to labelled cases of another site.

Enters: a package that classifies, and a table of new cases with their labels.
Leaves: a package with the same networks whose probabilities are moved as little as the new
cases demand (`evaluation.recalibration`): of one question and of each of several labels along
a line in log-odds, of several classes by one slope and an intercept a class. Of yes-or-no
questions decisions stay the same, since the threshold moves along; of several classes the
likeliest may become another. What sets and doubts promise is chosen anew on the new cases.
No torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, logit, softmax

from bedside.deployment.predictor import load
from bedside.deployment.recalibration_words import card_words
from bedside.deployment.rewriting import refuse_output, write_changed
from bedside.deployment.site_labels import SiteLabels, read_site_labels
from bedside.errors import DataError, PackageError, sentence
from bedside.evaluation.calibration_line import SURE
from bedside.evaluation.kinds import Answers
from bedside.evaluation.promises import OF_EACH, promised
from bedside.evaluation.recalibration import FOLDS, Move, closed_test, moved_by_others
from bedside.evaluation.scoring import score
from bedside.schema import Prediction
from bedside.study import EvaluationSection
from bedside.tasks.classify import Classify

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedside.schema import Array, State

RECORD = "recalibration.json"
FEWEST = 20
"""Cases of a class, or with and without a finding, below which a line says little."""
SHOWN = ("calibration_slope", "calibration_intercept", "brier", "ece", "auroc")
SHOWN_OF_EACH = ("calibration_slope", "calibration_intercept", "brier")
FEW = "few"
"""Kind of a label that has too few cases with it or without it to be moved."""


@dataclass(frozen=True)
class Recalibrated:
    """A package for another site.

    Args:
        folder: where it stands.
        record: the moves, and what they changed; ``recalibration.json``.
    """

    folder: Path
    record: dict[str, Any]


def recalibrate(
    package: str | Path,
    table: str | Path,
    output: str | Path,
    *,
    label: str | None = None,
    patient: str | None = None,
    threads: int | None = None,
) -> Recalibrated:
    """Fit a package's probabilities to labelled cases of another site.

    Args:
        package: folder of the package; it stays as it is.
        table: CSV with the columns of the package's inputs, and the label; rows without a
            label are left out.
        output: new folder.
        label: column of the label; the study's own if not given. Several labels stand in the
            study's own columns.
        patient: column that says whose a case is; each its own if not given.
        threads: for the engine; None takes what the machine has.

    Raises:
        PackageError: the package is damaged, or does not classify.
        DataError: a case or label cannot be read, or there are too few of a kind.
        StudyError: the output is there already, or one column is named for several labels.
    """
    source, folder = Path(package), Path(output)
    refuse_output(folder, source)
    predictor = load(source, threads=threads)
    contents = predictor.package.contents
    task, state = contents.task, contents.task_state
    if not isinstance(task, Classify):
        raise PackageError(
            sentence(
                "PACKAGE",
                expected="one that classifies",
                got="another",
                remedy="Train again with cases of the other site",
            )
        )
    own = read_site_labels(Path(table), task, state, label=label, patient=patient)
    _refuse_few(own, state, where=Path(table).name)
    cases = predictor.cases(table)
    records = predictor.predict([cases[place] for place in own.places.tolist()])
    site = Site.of(own, records, state)
    moves = site.moves()
    changed = _changed(state, moves, site)
    record = {
        **_told_moves(moves, site),
        "cases": len(own.places),
        "patients": len(np.unique(own.groups)) if patient else None,
        "before": _scores(site.answers(site.x, state)),
        "after": _scores(site.answers(site.by_others(moves), changed)),
        "after_by": f"lines of the same kind, fitted without the cases' own tenth ({FOLDS} folds)",
        "package": predictor.package.version,
    }
    write_changed(
        folder, source, predictor.package,
        state=changed, record=(RECORD, record), card=card_words(record),
    )  # fmt: skip
    return Recalibrated(folder, record)


@dataclass(frozen=True)
class Site:
    """Labelled cases of a site, and what a package says of them.

    Args:
        labels: truth and patients of n cases.
        x: (n, K) stated log-odds; of several classes log-probabilities.
    """

    labels: SiteLabels
    x: Array

    @classmethod
    def of(cls, labels: SiteLabels, records: Sequence[Mapping[str, Any]], state: State) -> Site:
        """From the records that a package answered."""
        columns = ["probability"]
        if state["kind"] != "binary":
            columns = [f"probability_{name}" for name in state["names"]]
        stated = np.array([[row[name] for name in columns] for row in records], dtype=np.float64)
        stated = np.clip(stated, SURE, 1 - SURE)
        return cls(labels, np.log(stated) if state["kind"] == "classes" else logit(stated))

    @property
    def kind(self) -> str:
        """``binary``, ``classes`` or ``labels``."""
        return self.labels.targets.kind

    def questions(self) -> list[tuple[Array, Array, Array]]:
        """What is moved by itself: rows, stated and truth of each label, or of all classes."""
        truth = self.labels.targets.arrays["truth"] > 0.5
        known = self.labels.targets.arrays["known"]
        if self.kind == "classes":
            return [(np.arange(len(truth)), self.x, truth)]
        rows = [np.flatnonzero(own) for own in known.T]
        return [(own, self.x[own, k], truth[own, k]) for k, own in enumerate(rows)]

    def moves(self) -> list[Move]:
        """One of each question."""
        found = []
        for _, x, truth in self.questions():
            if self.kind == "classes":
                whole = bool(truth.sum(axis=0).min() >= FEWEST)
                found.append(closed_test(x, truth, intercepts=whole))
            elif min(truth.sum(), (~truth).sum()) < FEWEST:
                found.append(Move(FEW))
            else:
                found.append(closed_test(x, truth))
        return found

    def by_others(self, moves: Sequence[Move]) -> Array:
        """(n, K) as `x`, after moves that have not seen the case's patient."""
        made = self.x.copy()
        for k, ((rows, x, truth), move) in enumerate(zip(self.questions(), moves, strict=True)):
            if move.kind in ("none", FEW):
                continue
            new = moved_by_others(x, truth, self.labels.groups[rows], kind=move.kind)
            if self.kind == "classes":
                made = new
            else:
                made[rows, k] = new
        return made

    def moved(self, moves: Sequence[Move]) -> Array:
        """(n, K) as `x`, after the moves themselves."""
        if self.kind == "classes":
            return moves[0].of(self.x)
        return np.stack([move.of(self.x[:, k]) for k, move in enumerate(moves)], axis=1)

    def answers(self, x: Array, state: State) -> Answers:
        """As a test part is judged."""
        if self.kind == "classes":
            probability = softmax(x, axis=1)
            decision = np.arange(x.shape[1]) == x.argmax(axis=1)[:, None]
        else:
            probability = expit(x)
            decision = probability >= np.asarray(state["thresholds"])
        arrays = {"probability": probability, "decision": decision}
        prediction = Prediction(arrays, self.labels.targets.names)
        places = np.arange(len(x))
        return Answers(self.labels.targets, prediction, self.labels.groups, places, state)


def _refuse_few(own: SiteLabels, state: State, *, where: str) -> None:
    """Refuse a table by which nothing can be moved."""
    truth, known = own.targets.arrays["truth"] > 0.5, own.targets.arrays["known"]
    with_it = (truth & known).sum(axis=0)
    if state["kind"] == "classes":
        enough, expected = int((with_it >= FEWEST).sum()) >= 2, "of each of two classes"
        got = f"{int(np.sort(with_it)[-2])} of the second most common"
    else:
        fewer = np.minimum(with_it, (~truth & known).sum(axis=0))
        best = int(fewer.argmax())
        enough = bool(fewer[best] >= FEWEST)
        expected = f"with and {FEWEST} without the finding"
        expected += "" if state["kind"] == "binary" else ", of some label"
        got = f"{int(with_it[best])} and {int((~truth & known)[:, best].sum())}"
    if not enough:
        raise DataError(
            sentence(
                where,
                expected=f"at least {FEWEST} cases {expected}",
                got=got,
                remedy="Label more cases",
            )
        )


def _changed(state: State, moves: Sequence[Move], site: Site) -> State:
    """The state with the moves, thresholds moved along, and promises of the new cases."""
    before = state.get("recalibration", {"slope": 1.0, "intercept": 0.0})
    slopes, intercepts = [move.slope for move in moves], [move.intercept for move in moves]
    several = site.kind == "labels"
    slope = np.array(slopes if several else slopes[0])
    intercept = np.array(intercepts if several else intercepts[0])
    # a second recalibration goes on from the first
    whole = {
        "slope": (slope * np.asarray(before["slope"])).tolist(),
        "intercept": (slope * np.asarray(before["intercept"]) + intercept).tolist(),
    }
    changed = {**state, "recalibration": whole}
    if site.kind != "classes":
        old = np.asarray(state["thresholds"], dtype=np.float64)
        moved = expit(slope * logit(np.clip(old, SURE, 1 - SURE)) + intercept)
        stays = (np.asarray(slope) == 1) & (np.asarray(intercept) == 0)
        changed["thresholds"] = np.atleast_1d(np.where(stays, old, moved)).tolist()
    section = EvaluationSection(
        coverage=state["sets"]["coverage"] if "sets" in state else None,
        abstain=state["abstain"]["share"] if "abstain" in state else None,
    )
    chosen = promised(site.answers(site.moved(moves), changed), section)
    if site.kind == "labels":
        chosen = _kept_where_few(chosen, state, moves)
    return {**changed, **chosen}


def _kept_where_few(chosen: State, state: State, moves: Sequence[Move]) -> State:
    """Promises of the package before, for labels of which the site has too few cases."""
    return {
        key: {
            **whole,
            **{
                name: [
                    old if move.kind == FEW else new
                    for new, old, move in zip(whole[name], state[key][name], moves, strict=True)
                ]
                for name in OF_EACH[key]
            },
        }
        for key, whole in chosen.items()
    }


def _told_moves(moves: Sequence[Move], site: Site) -> dict[str, Any]:
    """``kind``, ``slope``, ``intercept`` and ``positives``; of labels under ``labels``, by name."""
    truth = site.labels.targets.arrays["truth"] > 0.5
    names = site.labels.targets.names
    told = [{"kind": m.kind, "slope": m.slope, "intercept": _plain(m.intercept)} for m in moves]
    if site.kind == "binary":
        return {**told[0], "positives": int(truth.sum())}
    counts = dict(zip(names, truth.sum(axis=0).tolist(), strict=True))
    if site.kind == "classes":
        return {**told[0], "classes": list(names), "positives": counts}
    known = site.labels.targets.arrays["known"].sum(axis=0).tolist()
    return {
        "kind": "labels",
        "labels": {
            name: {**one, "cases": cases, "positives": counts[name]}
            for name, one, cases in zip(names, told, known, strict=True)
        },
    }


def _plain(intercept: float | tuple[float, ...]) -> float | list[float]:
    return list(intercept) if isinstance(intercept, tuple) else intercept


def _scores(answers: Answers) -> dict[str, Any]:
    found = score(answers, replicates=1000, seed=7).table
    names = list(SHOWN)
    if answers.targets.kind != "binary":
        names += ["accuracy"] if answers.targets.kind == "classes" else []
        names += [f"{m}_{name}" for m in SHOWN_OF_EACH for name in answers.targets.names]
    return {name: found[name] for name in names}
