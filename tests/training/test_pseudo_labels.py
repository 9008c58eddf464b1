"""A teacher's answers as soft labels beside the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import expit

from bedside.errors import StudyError
from bedside.schema import Array, Prediction, Targets
from bedside.tasks.classify import Classify
from bedside.training.loader import Prepared
from bedside.training.pseudo_labels import (
    TAUGHT,
    need_unlabelled,
    with_pseudo_labels,
    with_unlabelled,
)

TASK = Classify(column="y")


class Teacher(torch.nn.Module):
    """Three times the one value of a case as its logit."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor(3.0))

    def forward(self, arrays: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {"logits": self.factor * arrays["x.values"]}


def part(values: Array, truth: Array | None) -> Prepared:
    known = np.full((len(values), 1), truth is not None)
    answer = np.zeros((len(values), 1), np.float32) if truth is None else truth[:, None]
    targets = Targets({"truth": answer.astype(np.float32), "known": known}, ("no", "yes"))
    return Prepared(
        {"x.values": values[:, None].astype(np.float32)}, targets, np.arange(len(values))
    )


@pytest.fixture
def parts() -> tuple[Prepared, Prepared, Prepared]:
    rng = np.random.default_rng(1)
    values = rng.normal(size=300)
    truth = rng.random(300) < expit(values)  # a third as sure as the teacher
    return part(values[:20], truth[:20]), part(values[20:50], None), part(values[50:], truth[50:])


def test_unlabelled_cases_take_calibrated_probabilities_and_labelled_ones_keep_their_truth(
    parts: tuple[Prepared, Prepared, Prepared],
) -> None:
    labelled, unlabelled, validation = parts
    state = TASK.fit(labelled.targets, balance=False)
    found = with_pseudo_labels(
        labelled, unlabelled, validation=validation, teacher=Teacher(), task=TASK, state=state
    )
    truth, known = found.targets.arrays["truth"], found.targets.arrays["known"]
    assert known.all()
    assert known.shape == (50, 1)
    assert np.array_equal(truth[:20], labelled.targets.arrays["truth"])
    logits = 3 * unlabelled.arrays["x.values"][:, 0]
    slope = np.polyfit(logits, np.log(truth[20:, 0] / (1 - truth[20:, 0])), 1)[0]
    # the teacher is three times too sure, and validation says so
    assert slope == pytest.approx(1 / 3, abs=0.12)


def test_until_a_teacher_has_answered_the_others_are_unknown(
    parts: tuple[Prepared, Prepared, Prepared],
) -> None:
    labelled, unlabelled, _ = parts
    found = with_unlabelled(labelled, unlabelled)
    assert found.targets.arrays["known"][:, 0].tolist() == [True] * 20 + [False] * 30
    state = TASK.fit(labelled.targets)
    logits = {"logits": torch.from_numpy(found.arrays["x.values"][:])}
    losses = [
        float(TASK.loss({"logits": logits["logits"][:count]}, _tensors(own), state))
        for own, count in ((found, 50), (labelled, 20))
    ]
    assert losses[0] == pytest.approx(losses[1])


def _tensors(own: Prepared) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(values) for name, values in own.targets.arrays.items()}


@pytest.mark.parametrize("kind", ["classes", "labels"])
def test_soft_targets_are_the_probabilities(kind: str) -> None:
    probability = np.array([[0.2, 0.5, 0.3], [0.7, 0.1, 0.2]])
    arrays = {"probability": probability, "decision": probability > 0.4}
    found = TASK.soft_targets(Prediction(arrays, ("a", "b", "c")))
    assert found["truth"] == pytest.approx(probability), kind
    assert found["known"].all()


def test_without_unlabelled_cases_there_is_nothing_to_label() -> None:
    with pytest.raises(StudyError, match="training cases whose target is unknown, got none"):
        need_unlabelled(None)


def test_a_run_that_goes_on_is_taught_the_same_whatever_the_teacher_would_say_now(
    parts: tuple[Prepared, Prepared, Prepared], tmp_path: Path
) -> None:
    labelled, unlabelled, validation = parts
    state, teacher = TASK.fit(labelled.targets), Teacher()

    def taught() -> Array:
        found = with_pseudo_labels(
            labelled, unlabelled, validation=validation, teacher=teacher, task=TASK, state=state,
            folder=tmp_path / "student",
        )  # fmt: skip
        truth: Array = found.targets.arrays["truth"]
        return truth

    first = taught()
    teacher.factor.data *= -1
    assert np.array_equal(taught(), first)
    (tmp_path / "student" / TAUGHT).unlink()
    assert not np.array_equal(taught(), first)
