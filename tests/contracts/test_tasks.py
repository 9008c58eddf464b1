"""What holds for every task of the registry: state, head, loss, inference, rows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from bedside.data.cohort import Cohort
from bedside.data.series import Series
from bedside.data.windows import Windows
from bedside.models.features import Features
from bedside.registry import lookup
from bedside.schema import Targets, Task
from bedside.study import parse_options
from bedside.tasks import REGISTRY

N, F, H = 24, 7, 5
CASES: dict[str, list[tuple[dict[str, Any], dict[str, list[Any]]]]] = {
    "classify": [
        ({}, {"label": [0, 1, 1] * 8}),
        ({"unknown": ["?"]}, {"label": ["a", "b", "c", "?"] * 6}),
        ({"columns": ["x", "y"], "unknown": [""]}, {"x": [0, 1] * 12, "y": [1, None, 0] * 8}),
    ],
}
"""Task -> words and columns, where a case is a row."""
WINDOWS: dict[str, list[dict[str, Any]]] = {
    "forecast": [
        {"horizon_minutes": 15},
        {"horizon_minutes": 5, "levels": [0.1, 0.5, 0.9], "unit": "mmol/L"},
    ],
}
"""Task -> words, where a case is a window of a series. A new task needs a line in one of both."""
OF_THEIR_OWN = {"summarise", "segment", "tag", "language"}
"""Tasks that have their own tests in tests/tasks, since their targets need more than a column."""
FORMS = [(name, form) for name, forms in (CASES | WINDOWS).items() for form in range(len(forms))]
Inputs = dict[str, torch.Tensor]


@pytest.fixture(params=FORMS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def case(request: pytest.FixtureRequest) -> tuple[Task, Targets, Inputs]:
    """A task, the targets of N cases, and the inputs that its head may want to see."""
    name, form = request.param
    if name in WINDOWS:
        return _windows(parse_options(REGISTRY.load(name), WINDOWS[name][form], where="target"))
    words, columns = CASES[name][form]
    task: Task = parse_options(REGISTRY.load(name), words, where="target")
    table = pd.DataFrame({**columns, "case_id": [str(n) for n in range(N)]})
    return task, task.targets(Cohort(table, "cases.csv")), {}


def _windows(task: Any) -> tuple[Task, Targets, Inputs]:
    """N windows over one series with a hole in what is known."""
    rng = np.random.default_rng(3)
    values = (120 + np.cumsum(rng.normal(size=(60, 1)), axis=0)).astype(np.float32)
    series = Series(
        values,
        observed=np.arange(60) % 7 > 0,
        reach=np.zeros(60, np.uint16),
        begins=np.array([0, 60]),
        minutes=np.array([600]),
        columns=("gl",),
        every_minutes=5,
    )
    starts, segments = np.arange(N), np.zeros(N, np.int32)
    targets = task.windowed(series, starts, segments, history=H, unit=task.unit or "mg/dL")
    named = replace(targets, facts={**targets.facts, "series": "x.values"})
    read = Targets({k: v[:] for k, v in named.arrays.items()}, named.names, named.kind, named.facts)
    history = torch.from_numpy(Windows(values, starts, H)[:])
    return task, read, {"x.values": history}


def test_every_task_is_tried() -> None:
    assert set(REGISTRY.names()) == set(CASES | WINDOWS) | OF_THEIR_OWN


def features(seed: int = 0) -> Features:
    return Features(torch.randn(N, F, generator=torch.Generator().manual_seed(seed)))


def as_tensors(targets: Targets) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(array) for name, array in targets.arrays.items()}


def test_its_words_rebuild_it(case: tuple[Task, Targets, Inputs]) -> None:
    task, *_ = case
    words = json.loads(json.dumps(task.model_dump(mode="json")))  # type: ignore[attr-defined]
    assert parse_options(type(task), words, where="target") == task  # type: ignore[type-var]


def test_its_peers_are_known_and_its_columns_named(case: tuple[Task, Targets, Inputs]) -> None:
    task, *_ = case
    assert task.primary
    assert task.baselines
    assert set(task.baselines) <= set(lookup("baselines").names())
    assert all(isinstance(column, str) for column in task.columns_used())


def test_targets_are_taken_by_row(case: tuple[Task, Targets, Inputs]) -> None:
    _, targets, _ = case
    rows = np.array([5, 0, 3])
    taken = targets.take(rows)
    assert (taken.names, taken.kind) == (targets.names, targets.kind)
    assert taken.facts == targets.facts
    for name, array in targets.arrays.items():
        assert len(array) == N
        assert np.array_equal(taken.arrays[name], array[rows])


def test_strata_are_whole_numbers(case: tuple[Task, Targets, Inputs]) -> None:
    task, targets, _ = case
    strata = task.strata(targets)
    assert strata.shape == (N,)
    assert np.issubdtype(strata.dtype, np.integer)


def test_the_state_is_plain_json_and_the_same_twice(case: tuple[Task, Targets, Inputs]) -> None:
    task, targets, _ = case
    for balance in (True, False):
        state = task.fit(targets, balance=balance)
        assert json.loads(json.dumps(state, allow_nan=False)) == state
        assert task.fit(targets, balance=balance) == state


def test_the_loss_is_finite_and_reaches_every_parameter(case: tuple[Task, Targets, Inputs]) -> None:
    task, targets, inputs = case
    state = task.fit(targets)
    head = task.head(F, state).train()
    loss = task.loss(head(features(), inputs), as_tensors(targets), state)
    assert loss.shape == ()
    assert torch.isfinite(loss)
    loss.backward()
    assert all(p.grad is not None and p.grad.any() for p in head.parameters())


def test_head_and_loss_learn_one_batch(case: tuple[Task, Targets, Inputs]) -> None:
    task, targets, inputs = case
    state = task.fit(targets)
    torch.manual_seed(0)
    head = task.head(4 * N, state).train()
    told = Features(torch.eye(N).repeat(1, 4))  # every case can be told apart
    optimiser = torch.optim.AdamW(head.parameters(), lr=0.1)
    losses = []
    for _ in range(40):
        loss = task.loss(head(told, inputs), as_tensors(targets), state)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < min(0.05, losses[0] / 2)


def test_answers_have_one_row_a_case_and_calibrating_commutes_with_the_head(
    case: tuple[Task, Targets, Inputs],
) -> None:
    task, targets, inputs = case
    state = task.fit(targets)
    head = task.head(F, state).eval()

    def answer(module: torch.nn.Module) -> dict[str, Any]:
        with torch.inference_mode():
            return {name: t.numpy() for name, t in module(features(), inputs).items()}

    raw = answer(head)
    later = task.calibrate(raw, targets, state)
    assert json.loads(json.dumps(later, allow_nan=False)) == later
    calibrated = task.head(F, later).eval()
    calibrated.load_state_dict({**calibrated.state_dict(), **dict(head.named_parameters())})
    wanted = task.calibrated(raw, later)
    for name, array in answer(calibrated).items():
        assert array == pytest.approx(wanted[name], abs=1e-4)
    prediction = task.infer({"network": lambda arrays: wanted}, {}, later)
    columns = {**task.rows(prediction, later), **task.truth_rows(targets)}
    assert len(columns) >= 2
    (length,) = {len(column) for column in columns.values()}
    assert length % N == 0
    assert length == N or length == N * len(prediction.names)
    assert all(len(array) == N for array in prediction.arrays.values())
