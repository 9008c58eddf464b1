"""The task classify learns and answers: inference, weights, loss, head and calibration."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import logit, softmax
from sklearn.metrics import log_loss

from bedside.errors import DataError
from bedside.models.features import Features
from bedside.schema import Targets
from bedside.tasks.classify import Classify

# Inference

LOGITS = np.array([[2.0, -1.0, 0.0], [-3.0, 0.5, 0.4]], dtype=np.float32)


def state_of(kind: str, names: list[str], thresholds: list[float]) -> dict[str, Any]:
    return {"kind": kind, "names": names, "thresholds": thresholds, "temperature": [1.0]}


def network(logits: np.ndarray[Any, Any]) -> dict[str, Any]:
    return {"network": lambda arrays: {"logits": logits[arrays["x"]]}}


def test_binary_answers_a_probability_and_a_decision_at_the_threshold() -> None:
    state = state_of("binary", ["well", "ill"], [0.1192])
    logits = np.array([[-2.0], [-2.01], [800.0]])
    found = Classify().infer(network(logits), {"x": np.arange(3)}, state)
    assert found.arrays["probability"][:, 0] == pytest.approx([0.1192029, 0.118156978, 1.0])
    assert found.arrays["decision"][:, 0].tolist() == [True, False, True]
    rows = Classify().rows(found, state)
    assert list(rows) == ["probability", "decision"]
    assert rows["decision"].tolist() == ["ill", "well", "ill"]


def test_classes_answer_shares_of_one_and_the_largest() -> None:
    state = state_of("classes", ["a", "b", "c"], [0.5] * 3)
    found = Classify().infer(network(LOGITS), {"x": np.array([1, 0])}, state)
    assert found.arrays["probability"] == pytest.approx(softmax(LOGITS[[1, 0]], axis=1))
    rows = Classify().rows(found, state)
    assert list(rows) == ["probability_a", "probability_b", "probability_c", "decision"]
    assert rows["decision"].tolist() == ["b", "a"]


def test_labels_answer_each_on_its_own() -> None:
    state = state_of("labels", ["a", "b", "c"], [0.5, 0.2, 0.9])
    found = Classify().infer(network(LOGITS), {"x": np.array([0, 1])}, state)
    assert found.arrays["probability"] == pytest.approx(1 / (1 + np.exp(-LOGITS)))
    rows = Classify().rows(found, state)
    assert [rows[f"decision_{name}"].tolist() for name in "abc"] == [[1, 0], [1, 1], [0, 0]]


# Weights, loss, head


def targets_of(counts: list[int]) -> Targets:
    truth = np.repeat(np.eye(len(counts), dtype=np.float32), counts, axis=0)
    names = tuple("abcdef"[: len(counts)])
    if len(counts) == 2:
        truth, kind = truth[:, 1:], "binary"
    else:
        kind = "classes"
    return Targets({"truth": truth, "known": np.ones(truth.shape, bool)}, names, kind)  # type: ignore[arg-type]


def best_constant_logits(task: Classify, targets: Targets, state: Any) -> np.ndarray[Any, Any]:
    """What a network learns that sees nothing: minimise the loss over constant logits."""
    logits = torch.zeros(1, len(state["weights"]), dtype=torch.float64, requires_grad=True)
    tensors = {name: torch.from_numpy(a) for name, a in targets.arrays.items()}
    tensors["truth"] = tensors["truth"].double()
    optimiser = torch.optim.LBFGS([logits], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        outputs = {"logits": logits.expand(len(tensors["truth"]), -1)}
        loss = task.loss(outputs, tensors, state)
        loss.backward()
        return loss

    optimiser.step(closure)
    return logits.detach().numpy()[0]


def test_weights_and_shift_together_give_the_base_rate_back() -> None:
    task = Classify()
    targets = targets_of([90, 10])
    state = task.fit(targets)
    assert state["prevalence"] == pytest.approx([0.1])
    assert state["weights"] == pytest.approx([3.0])  # the root of the odds 9
    learnt = best_constant_logits(task, targets, state)
    assert learnt == pytest.approx([logit(0.1) + np.log(3)], abs=1e-4)
    assert learnt - state["shift"] == pytest.approx([logit(0.1)], abs=1e-4)


def test_weights_of_classes_average_to_one_and_are_taken_off_again() -> None:
    task = Classify()
    targets = targets_of([80, 16, 4])
    state = task.fit(targets)
    assert np.average(state["weights"], weights=state["prevalence"]) == pytest.approx(1)
    assert state["weights"][2] / state["weights"][0] == pytest.approx(np.sqrt(20))
    learnt = best_constant_logits(task, targets, state) - state["shift"]
    assert softmax(learnt) == pytest.approx([0.8, 0.16, 0.04], abs=1e-4)


def test_weights_are_bounded_and_absent_on_request() -> None:
    assert Classify().fit(targets_of([9999, 1]))["weights"] == [10.0]
    state = Classify().fit(targets_of([90, 10]), balance=False)
    assert (state["weights"], state["shift"]) == ([1.0], [0.0])


def test_unknown_cases_count_neither_in_weights_nor_in_prevalence() -> None:
    truth = np.array([0] * 6 + [1] * 2 + [1] * 50, dtype=np.float32)[:, None]
    known = np.arange(58)[:, None] < 8
    state = Classify().fit(Targets({"truth": truth, "known": known}, ("a", "b")))
    assert state["prevalence"] == [0.25]


@pytest.mark.parametrize(("counts", "name"), [([5, 0], "b"), ([0, 5], "a"), ([3, 0, 2], "b")])
def test_a_class_without_a_training_case_is_refused(counts: list[int], name: str) -> None:
    with pytest.raises(DataError) as caught:
        Classify().fit(targets_of(counts))
    assert str(caught.value) == (
        f"training part: expected cases of every class, got none of '{name}'. "
        "Add cases, or split otherwise."
    )


KINDS = ("binary", "classes", "labels")


def batch_of(kind: str) -> tuple[torch.Tensor, dict[str, torch.Tensor], dict[str, Any]]:
    generator = torch.Generator().manual_seed(3)
    width = 1 if kind == "binary" else 3
    logits = torch.randn(6, width, generator=generator)
    truth = (torch.rand(6, width, generator=generator) > 0.5).float()
    known = torch.ones(6, width, dtype=torch.bool)
    if kind == "classes":
        truth = torch.nn.functional.one_hot(torch.arange(6) % 3, 3).float()
    known[1:3] = False
    weights = [2.0, 0.5, 1.5][:width]
    return logits, {"truth": truth * known, "known": known}, {"kind": kind, "weights": weights}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_unknown_changes_neither_loss_nor_gradient(kind: str) -> None:
    logits, targets, state = batch_of(kind)
    found = []
    for truth in (targets["truth"], torch.where(targets["known"], targets["truth"], 1.0)):
        own = logits.clone().requires_grad_()
        loss = Classify().loss({"logits": own}, {**targets, "truth": truth}, state)
        loss.backward()
        assert own.grad is not None
        assert (own.grad[1:3] == 0).all()
        found.append((loss.item(), own.grad))
    assert found[0][0] == found[1][0]
    assert torch.equal(found[0][1], found[1][1])


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_of_unknowns_has_no_loss(kind: str) -> None:
    logits, targets, state = batch_of(kind)
    nothing = {name: torch.zeros_like(tensor) for name, tensor in targets.items()}
    assert Classify().loss({"logits": logits}, nothing, state).item() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_the_weighted_cross_entropy_of_what_is_known(kind: str) -> None:
    logits, targets, state = batch_of(kind)
    loss = Classify().loss({"logits": logits}, targets, state).item()
    known = targets["known"].numpy()
    truth, weights = targets["truth"].numpy(), np.array(state["weights"])
    if kind == "classes":
        rows = known[:, 0]
        wanted = log_loss(
            truth[rows].argmax(1),
            softmax(logits[rows].numpy(), axis=1),
            labels=[0, 1, 2],
            sample_weight=(truth[rows] * weights).sum(1),
        )
    else:
        chance = 1 / (1 + np.exp(-logits.numpy().astype(float)))
        each = -weights * truth * np.log(chance) - (1 - truth) * np.log(1 - chance)
        wanted = each[known].mean()
    assert loss == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_head_calibrates_in_evaluation_as_the_task_does(kind: str) -> None:
    task, width = Classify(), 1 if kind == "binary" else 3
    state = {"weights": [2.0] * width, "shift": [0.5] * width, "temperature": [1.0]}
    later = {**state, "temperature": [1.7] if kind != "labels" else [0.5, 1.5, 2.5]}
    features = Features(torch.randn(4, 5, generator=torch.Generator().manual_seed(0)))
    before, after = task.head(5, state), task.head(5, later)
    after.linear.load_state_dict(before.linear.state_dict())  # type: ignore[union-attr, operator]
    raw = before(features, {})["logits"]
    assert torch.equal(raw, after(features, {})["logits"]), "training sees no calibration"
    before.eval()
    after.eval()
    with torch.no_grad():
        plain = {name: t.numpy() for name, t in before(features, {}).items()}
        scaled = after(features, {})["logits"].numpy()
    assert plain["logits"] == pytest.approx(raw.detach().numpy() - 0.5, abs=1e-6)
    assert task.calibrated(plain, later)["logits"] == pytest.approx(scaled, abs=1e-6)


def test_a_calibrated_head_loads_what_an_uncalibrated_one_saved() -> None:
    truth = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], dtype=np.float32)
    targets = Targets({"truth": truth, "known": truth > -1}, ("a", "b"), "labels")
    task = Classify()
    state = task.fit(targets)
    logits = np.array([[2.0, 1], [1, 2], [3, -1], [-2, 1]])
    later = task.calibrate({"logits": logits}, targets, state)
    assert len(later["temperature"]) == len(state["temperature"]) == 2
    assert {**later, "temperature": 0} == {**state, "temperature": 0}
    task.head(5, later).load_state_dict(task.head(5, state).state_dict())
