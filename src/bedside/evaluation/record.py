"""From prepared parts to an exam, and from a judgement to the run's files.

Enters: the study, the cohort, prepared parts. Leaves: an `Exam` for the judge;
``predictions.csv``, ``predictions/`` and ``metrics.json``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.evaluation.judge import Exam, Judgement, refuse_unjudgeable
from bedside.evaluation.predictions import write_predictions_table
from bedside.run_folder import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedside.data.cohort import Cohort
    from bedside.data.split import Split
    from bedside.run_folder import RunFolder
    from bedside.schema import Task
    from bedside.study import Study
    from bedside.training.preparation import Preparation


def make_exam(study: Study, cohort: Cohort, preparation: Preparation, *, task: Task) -> Exam:
    """What all models of a study are judged on.

    Made before anything is trained, so that what cannot be judged is refused then.

    Raises:
        DataError: a class has no training case, or no threshold can be chosen on validation.
    """
    test = preparation.parts["test"].rows
    exam = Exam(
        task=task,
        state=task.fit(
            preparation.parts["train"].targets, balance=study.training.imbalance == "auto"
        ),
        targets={part: own.targets for part, own in preparation.parts.items()},
        rows={part: own.rows for part, own in preparation.parts.items()},
        ids=cohort.ids()[test],
        groups=cohort.groups()[test],
        attributes={
            name: cohort.cases[name].to_numpy()[test] for name in study.evaluation.subgroups
        },
        section=study.evaluation,
        seed=study.training.seed,
    )
    refuse_unjudgeable(exam)
    return exam


def write_judgement(
    folder: RunFolder,
    judgement: Judgement,
    exam: Exam,
    *,
    materials: tuple[Study, Cohort, Split],
    facts: Mapping[str, Any],
) -> None:
    """Write predictions of every model, then ``metrics.json``.

    Args:
        folder: of the run.
        judgement: all models judged.
        exam: what they were judged on.
        materials: the study (its name, task and seed go into the metrics), the cohort
            (names the cases) and the split (its rule and notes).
        facts: further entries (``timing``, ``waived``).
    """
    study, cohort, split = materials
    for name, model in judgement.models.items():
        for part, prediction in model.predictions.items():
            paths = [folder.root / "predictions" / f"{name}-{part}.csv"]
            if name == judgement.deep and part == "test":
                paths.append(folder.predictions)
            for path in paths:
                write_predictions_table(
                    path,
                    prediction,
                    task=exam.task,
                    state=model.state,
                    targets=exam.targets[part],
                    cohort=cohort,
                    rows=exam.rows[part],
                )
    known = cohort.patients() is not None
    head = {"study": study.name, "task": study.target.task, "seed": study.training.seed}
    metrics = {
        **head,
        **judgement.metrics,
        "patients": len(np.unique(exam.groups)) if known else None,
        "subgroups": _without_patients(judgement.metrics["subgroups"], known=known),
        "split_by": split.by,
        "split_notes": list(split.notes),
        **facts,
    }
    write_json(folder.metrics, metrics)


def _without_patients(subgroups: dict[str, Any], *, known: bool) -> dict[str, Any]:
    """Null instead of a count of patients where patients are unknown."""
    if known:
        return subgroups
    return {
        name: {value: {**about, "patients": None} for value, about in values.items()}
        for name, values in subgroups.items()
    }
