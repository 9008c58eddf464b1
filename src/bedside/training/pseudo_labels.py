"""Semi-supervised learning: a finished network labels what nobody did, others learn from both.

Enters: labelled and unlabelled training cases, and the teacher's calibrated probabilities.
Leaves: one part of both, whose targets are the truth where it is known and the teacher's
probabilities elsewhere: soft labels, which keep its doubt. The student sees its cases
augmented, the teacher did not, and teaches the next one in its turn (self-training with noise:
Xie et al. 2020, arXiv:1911.04252).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import load_file, save

from bedside.abilities import SoftLabelled
from bedside.errors import StudyError, sentence
from bedside.run_folder import write_bytes
from bedside.schema import Targets
from bedside.training.joined_rows import joined
from bedside.training.writers import raw_outputs

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from bedside.schema import Arrays, State, Task
    from bedside.training.loader import Prepared

GENERATIONS = 2
"""Students, each of which but the last teaches the next."""
TAUGHT = "taught.safetensors"
"""Beside a student's checkpoint: what it was taught."""


def with_unlabelled(
    labelled: Prepared, unlabelled: Prepared, *, taught: Arrays | None = None
) -> Prepared:
    """Both as one part.

    Args:
        labelled: n cases.
        unlabelled: m cases.
        taught: target arrays of these; None leaves them unknown.
    """
    own, others = labelled.targets, {**unlabelled.targets.arrays, **(taught or {})}
    arrays = {name: np.concatenate([values, others[name]]) for name, values in own.arrays.items()}
    return joined(labelled, unlabelled, targets=Targets(arrays, own.names, own.kind, own.facts))


def with_pseudo_labels(
    labelled: Prepared,
    unlabelled: Prepared,
    *,
    validation: Prepared,
    teacher: nn.Module,
    task: Task,
    state: State,
    folder: Path | None = None,
) -> Prepared:
    """All training cases, the unlabelled ones with a teacher's calibrated probabilities.

    Args:
        labelled: cases with their truth.
        unlabelled: cases of the training part without.
        validation: calibrates the teacher.
        teacher: a finished network.
        task: which has soft labels.
        state: of the task.
        folder: where the answers are kept, and found again by a run that goes on: on another
            machine the same teacher answers a little otherwise.
    """
    kept = None if folder is None else folder / TAUGHT
    if kept is not None and kept.exists():
        return with_unlabelled(labelled, unlabelled, taught=load_file(kept))
    if not isinstance(task, SoftLabelled):
        raise TypeError("a task without soft labels")  # `ways.check_aids` refuses it in words
    call = raw_outputs(task, teacher, state)
    calibrated = task.calibrate(call(validation.arrays), validation.targets, state)
    outputs = task.calibrated(call(unlabelled.arrays), calibrated)
    prediction = task.infer({"network": lambda _: outputs}, {}, calibrated)
    taught = task.soft_targets(prediction)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(kept, save(taught))
    return with_unlabelled(labelled, unlabelled, taught=taught)


def need_unlabelled(unlabelled: Prepared | None) -> Prepared:
    """The cases to be labelled.

    Raises:
        StudyError: there are none.
    """
    if unlabelled is None:
        raise StudyError(
            sentence(
                "training.pseudo_labels",
                expected="training cases whose target is unknown",
                got="none",
                remedy="List the value that means unknown under target.unknown, or leave "
                "pseudo_labels out",
            )
        )
    return unlabelled
