"""From prepared parts to an exam, and from a judgement to the run's files.

Enters: the study, the cohort, prepared parts. Leaves: an `Exam` for the judge;
``predictions.csv``, ``predictions/`` and ``metrics.json``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.audit.attributes import columns_beside_target, is_role, target_columns
from bedside.evaluation.judge import Exam, Judgement, refuse_unjudgeable
from bedside.evaluation.kinds import Place, kind_of
from bedside.evaluation.replicates import write_replicates
from bedside.run_folder import write_json
from bedside.training.writers import fitted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedside.data.cohort import Cohort
    from bedside.data.split import Split
    from bedside.run_folder import RunFolder
    from bedside.schema import Array, Modality, Task
    from bedside.study import Study
    from bedside.training.preparation import Preparation


def make_exam(
    study: Study,
    cohort: Cohort,
    preparation: Preparation,
    *,
    task: Task,
    modalities: Mapping[str, Modality] | None = None,
) -> Exam:
    """What all models of a study are judged on.

    Made before anything is trained, so that what cannot be judged is refused then.

    Args:
        study: its split's seed and ``evaluation`` are used.
        cohort: the cases.
        preparation: its parts.
        task: of the study.
        modalities: by input; without them nothing is asked of whether answers follow attributes.

    Raises:
        DataError: a class has no training case, or no threshold can be chosen on validation.
    """
    parts, groups = preparation.parts, cohort.groups()
    state = task.fit(parts["train"].targets, balance=study.training.imbalance == "auto")
    beside = {} if modalities is None else _beside(study, cohort, task, modalities)
    exam = Exam(
        task=task,
        state=fitted(task, preparation, state, carry_cases=study.package.carry_cases),
        targets={
            part: kind_of(own.targets).ready(own.targets, study.evaluation)
            for part, own in parts.items()
        },
        rows={part: own.rows for part, own in parts.items()},
        groups={part: groups[own.rows] for part, own in parts.items()},
        attributes={
            part: {
                name: cohort.cases[name].to_numpy()[own.rows] for name in study.evaluation.subgroups
            }
            for part, own in parts.items()
        },
        ids=_names(cohort.ids(), preparation),
        section=study.evaluation,
        seed=study.split.seed,
        beside={
            part: {name: values[own.rows] for name, values in beside.items()}
            for part, own in parts.items()
        },
    )
    refuse_unjudgeable(exam)
    return exam


def _beside(
    study: Study, cohort: Cohort, task: Task, modalities: Mapping[str, Modality]
) -> dict[str, Array]:
    """Site, columns that say where, by what or who, and subgroups, where no input reads them."""
    named = {cohort.site, *study.evaluation.subgroups}
    columns = columns_beside_target(cohort, modalities, targets=target_columns(cohort, task))
    return {
        name: cells.to_numpy() for name, cells in columns.items() if name in named or is_role(name)
    }


def _names(ids: Array, preparation: Preparation) -> Array:
    """What tells the cases of the test parts from others."""
    tests = [own for part, own in preparation.parts.items() if part not in ("train", "validation")]
    return np.concatenate([kind_of(own.targets).names(ids[own.rows], own.targets) for own in tests])


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
        for part, answers in model.answers.items():
            shown = folder.predictions if (name, part) == (judgement.deep, "test") else None
            place = Place(folder.root / "predictions", name, part, table=shown)
            exam.kind.write(place, answers, task=exam.task, cohort=cohort)
        if (kept := folder.baselines / name).is_dir():
            write_json(kept / "state.json", model.state)
    write_replicates(folder, judgement, exam)
    known = cohort.patients() is not None
    head = {"study": study.name, "task": study.target.task, "seed": study.training.seed}
    others = judgement.metrics["other_parts"].items()
    metrics = {
        **head,
        **judgement.metrics,
        **_patients(judgement.metrics, exam.groups["test"], known=known),
        "other_parts": {
            part: {**found, **_patients(found, exam.groups[part], known=known)}
            for part, found in others
        },
        "split_by": split.by,
        "split_notes": list(split.notes),
        **facts,
    }
    write_json(folder.metrics, metrics)


def _patients(found: Mapping[str, Any], groups: Array, *, known: bool) -> dict[str, Any]:
    """How many patients a part and its subgroups hold: null where patients are unknown."""
    subgroups = found["subgroups"]
    if not known:
        subgroups = {
            name: {value: {**about, "patients": None} for value, about in values.items()}
            for name, values in subgroups.items()
        }
    return {"patients": len(np.unique(groups)) if known else None, "subgroups": subgroups}
