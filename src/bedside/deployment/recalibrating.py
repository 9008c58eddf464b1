"""Recalibrate: a package's probabilities, fitted to labelled cases of another site.

Enters: a package that answers one question, and a table of new cases with their labels.
Leaves: a package with the same networks whose probabilities are moved along a line in
log-odds, as little as the new cases demand: not at all, by an intercept, or by intercept and
slope (closed testing; Vergouwe et al. 2017, doi:10.1002/sim.7179). Decisions stay the same:
the threshold moves along. What sets and doubts promise is chosen anew on the new cases.
No torch.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, logit
from scipy.stats import chi2

from bedside.data.csv_form import first_line, separator_of
from bedside.data.text_lines import allow_long_cells
from bedside.deployment.predictor import load
from bedside.deployment.rewriting import refuse_output, write_changed
from bedside.errors import DataError, PackageError, Problems, sentence
from bedside.evaluation.calibration_line import SURE
from bedside.evaluation.kinds import Answers
from bedside.evaluation.promises import promised
from bedside.evaluation.scoring import score
from bedside.schema import Prediction, Targets
from bedside.study import EvaluationSection
from bedside.tasks.classify import Classify
from bedside.tasks.labels import YES_NO, meant_value, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedside.deployment.predictor import Predictor
    from bedside.schema import Array, State

RECORD = "recalibration.json"
FEWEST = 20
"""Cases with and without the finding, below which a line says little."""
SIGNIFICANT = 0.05
FOLDS = 10
SHOWN = ("calibration_slope", "calibration_intercept", "brier", "ece", "auroc")


@dataclass(frozen=True)
class Recalibrated:
    """A package for another site.

    Args:
        folder: where it stands.
        record: the line, and what it changed; ``recalibration.json``.
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
        label: column of the label; the study's own if not given.
        patient: column that says whose a case is; each its own if not given.
        threads: for the engine; None takes what the machine has.

    Raises:
        PackageError: the package is damaged, or answers no single question.
        DataError: a case or label cannot be read, or there are too few of either kind.
        StudyError: the output is there already.
    """
    source, folder = Path(package), Path(output)
    refuse_output(folder, source)
    predictor = load(source, threads=threads)
    contents = predictor.package.contents
    task, state = contents.task, contents.task_state
    if not isinstance(task, Classify) or state["kind"] != "binary":
        raise PackageError(
            sentence(
                "PACKAGE",
                expected="one that answers one question with yes or no",
                got="another",
                remedy="Train again with cases of the other site",
            )
        )
    truth, groups, records = _cases(
        predictor, Path(table), label=label or task.columns_used()[0], patient=patient
    )
    stated = np.array([record["probability"] for record in records], dtype=np.float64)
    x = logit(np.clip(stated, SURE, 1 - SURE))
    line = closed_test(x, truth)
    fresh = _left_out(x, truth, groups, kind=line.kind)
    changed = _changed(state, line, x=x, truth=truth, groups=groups)
    record = {
        "kind": line.kind,
        "slope": line.slope,
        "intercept": line.intercept,
        "cases": len(truth),
        "patients": len(np.unique(groups)) if patient else None,
        "positives": int(truth.sum()),
        "before": _scores(state, stated, truth, groups),
        "after": _scores(changed, expit(fresh), truth, groups),
        "after_by": f"lines of the same kind, fitted without the cases' own tenth ({FOLDS} folds)",
        "package": predictor.package.version,
    }
    write_changed(
        folder, source, predictor.package,
        state=changed, record=(RECORD, record), card=_card_words(record),
    )  # fmt: skip
    return Recalibrated(folder, record)


@dataclass(frozen=True)
class Line:
    """``slope * log-odds + intercept``; `kind` is ``none``, ``intercept`` or ``line``."""

    kind: str
    slope: float = 1.0
    intercept: float = 0.0

    def of(self, x: Array) -> Array:
        """New log-odds (n,)."""
        return self.slope * x + self.intercept


def closed_test(x: Array, truth: Array) -> Line:
    """As little of a change as the cases demand.

    Args:
        x: (n,) log-odds that were stated.
        truth: (n,) bool.
    """
    full, middle = _fit(x, truth, "line"), _fit(x, truth, "intercept")
    best = _likelihood(full.of(x), truth)
    if 2 * (best - _likelihood(x, truth)) < chi2.ppf(1 - SIGNIFICANT, 2):
        return Line("none")
    if 2 * (best - _likelihood(middle.of(x), truth)) < chi2.ppf(1 - SIGNIFICANT, 1):
        return middle
    return full


def _fit(x: Array, truth: Array, kind: str) -> Line:
    """Maximum likelihood, within bounds that hold a slope which would run away."""
    from scipy.optimize import minimize

    if kind == "none":
        return Line("none")

    def loss(at: Array) -> float:
        slope = at[1] if kind == "line" else 1.0
        return -_likelihood(slope * x + at[0], truth) / len(x)

    bounds = [(-20.0, 20.0), (0.02, 20.0)][: 2 if kind == "line" else 1]
    found = minimize(loss, np.array([0.0, 1.0][: len(bounds)]), bounds=bounds, method="L-BFGS-B")
    slope = float(found.x[1]) if kind == "line" else 1.0
    return Line(kind, slope, float(found.x[0]))


def _likelihood(x: Array, truth: Array) -> float:
    return float(np.sum(truth * x - np.logaddexp(0, x)))


def _left_out(x: Array, truth: Array, groups: Array, *, kind: str) -> Array:
    """(n,) log-odds by lines that have not seen the case's patient."""
    people = np.unique(groups, return_inverse=True)[1]
    fold = np.random.default_rng(0).permutation(people.max() + 1)[people] % FOLDS
    made = x.copy()
    for number in np.unique(fold):
        own = fold == number
        made[own] = _fit(x[~own], truth[~own], kind).of(x[own])
    return made


def _changed(state: State, line: Line, *, x: Array, truth: Array, groups: Array) -> State:
    """The state with the line, the threshold moved along, and promises of the new cases."""
    threshold = float(np.clip(state["thresholds"][0], SURE, 1 - SURE))
    before = state.get("recalibration", {"slope": 1.0, "intercept": 0.0})
    # a second recalibration goes on from the first
    slope = line.slope * before["slope"]
    intercept = line.slope * before["intercept"] + line.intercept
    changed = {
        **state,
        "recalibration": {"slope": slope, "intercept": intercept},
        "thresholds": [float(expit(line.slope * logit(threshold) + line.intercept))],
    }
    section = EvaluationSection(
        coverage=state["sets"]["coverage"] if "sets" in state else None,
        abstain=state["abstain"]["share"] if "abstain" in state else None,
    )
    return {**changed, **promised(_answers(changed, expit(line.of(x)), truth, groups), section)}


def _answers(state: State, stated: Array, truth: Array, groups: Array) -> Answers:
    known, names = np.ones((len(truth), 1), dtype=bool), tuple(state["names"])
    decision = stated[:, None] >= state["thresholds"][0]
    return Answers(
        Targets({"truth": truth[:, None].astype(np.float32), "known": known}, names),
        Prediction({"probability": stated[:, None], "decision": decision}, names),
        groups,
        np.arange(len(truth)),
        state,
    )


def _scores(state: State, stated: Array, truth: Array, groups: Array) -> dict[str, Any]:
    found = score(_answers(state, stated, truth, groups), replicates=1000, seed=7).table
    return {name: found[name] for name in SHOWN}


def _cases(
    predictor: Predictor, table: Path, *, label: str, patient: str | None
) -> tuple[Array, Array, list[dict[str, Any]]]:
    """Truth, patients and predictions of the rows that have a label."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            allow_long_cells()
            separator = separator_of(first_line(stream.readline()), table.suffix)
            stream.seek(0)
            rows = list(csv.DictReader(stream, delimiter=separator))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise DataError(
            sentence(
                table.name,
                expected="a CSV of cases in UTF-8",
                got="a file that cannot be read as one",
                remedy="Write it anew",
            )
        ) from None
    for column in filter(None, (label, patient)):
        if not rows or column not in rows[0]:
            raise DataError(
                sentence(
                    table.name,
                    expected=f"rows with a column '{column}'",
                    got=f"{len(rows)} rows with {len(rows[0]) if rows else 0} other columns",
                    remedy="Name the right one",
                )
            )
    truth = _truth([row[label] for row in rows], predictor, table=table, label=label)
    kept = [place for place, value in enumerate(truth) if value is not None]
    positive = np.array([truth[place] for place in kept], dtype=bool)
    few = min(int(positive.sum()), int((~positive).sum()))
    if few < FEWEST:
        raise DataError(
            sentence(
                table.name,
                expected=f"at least {FEWEST} cases with and {FEWEST} without the finding",
                got=f"{int(positive.sum())} and {int((~positive).sum())}",
                remedy="Label more cases",
            )
        )
    names = [rows[place][patient] if patient else str(place) for place in kept]
    cases = predictor.cases(table)
    records = predictor.predict([cases[place] for place in kept])
    return positive, np.unique(names, return_inverse=True)[1], records


def _truth(
    cells: Sequence[str | None], predictor: Predictor, *, table: Path, label: str
) -> list[bool | None]:
    """Whether each case is positive, None where the study calls that unknown or it is blank."""
    task, state = predictor.package.contents.task, predictor.package.contents.task_state
    assert isinstance(task, Classify)
    names = list(state["names"])
    found = sorted({plain(cell) for cell in cells})
    unknown = {"", *(plain(value) for value in task.unknown)}
    said = {
        sign: meant_value(value, found)
        for sign, value in ((True, task.positive), (False, task.negative))
        if value is not None
    }
    problems, truth = Problems(DataError), list[bool | None]()
    for number, cell in enumerate(map(plain, cells), start=2):
        value: bool | None = None
        if cell in names:
            value = cell == names[1]
        elif cell in said.values():
            value = cell == said.get(True)
        elif cell not in unknown and len(said) == 1:
            value = next(iter(said)) is False  # all others are what was not named
        elif cell not in unknown and cell.lower() in YES_NO:
            value = YES_NO[cell.lower()] > 0
        elif cell not in unknown:
            problems.add(
                f"row {number} of {table.name}, column '{label}'",
                expected="a class of the package",
                got="another value",
                remedy="Correct it, or leave the cell blank",
            )
        truth.append(value)
    problems.raise_if_any()
    return truth


def terminal_lines(record: dict[str, Any]) -> list[str]:
    """What the command prints: the line, and slope, intercept and Brier before and after."""
    words = {
        "none": "No change: the new cases do not contradict the probabilities.",
        "intercept": "An intercept was enough: probabilities were too high or too low on the "
        "whole.",
        "line": "Intercept and slope were fitted.",
    }
    lines = [
        f"{record['cases']} cases, {record['positives']} positive. {words[record['kind']]}",
        f"{'':<24}{'before':<28}after (on cases left out)",
    ]
    for name in SHOWN:
        before, after = (_told(record[when][name]) for when in ("before", "after"))
        lines.append(f"{name:<24}{before:<28}{after}")
    return lines


def _told(entry: dict[str, float | None]) -> str:
    if entry["value"] is None:
        return "n/a"
    if entry["low"] is None or entry["high"] is None:
        return f"{entry['value']:.3f}"
    return f"{entry['value']:.3f} ({entry['low']:.3f} to {entry['high']:.3f})"


def _card_words(record: dict[str, Any]) -> str:
    rows = [
        f"| {name} | {_told(record['before'][name])} | {_told(record['after'][name])} |"
        for name in SHOWN
    ]
    return (
        "## Recalibrated for another site\n\n"
        f"On {record['cases']} cases ({record['positives']} positive): {record['kind']}, slope "
        f"{record['slope']:.3f}, intercept {record['intercept']:.3f} in log-odds. Decisions are "
        "those of the package before; sets and doubts were chosen anew.\n\n"
        "| metric | before | after, on cases left out |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    )
