from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn

from bedside.errors import StudyError
from bedside.training import precision
from bedside.training.precision import (
    Precision,
    choose_device,
    choose_precision,
    fitting_threads,
    has_fast_bf16,
    set_threads,
)

CPU = torch.device("cpu")


def losses(full: float, half: float) -> Callable[[Precision], float]:
    return lambda name: {"float32": full, "bf16": half}[name]


def never(name: Precision) -> float:
    raise AssertionError("the loss was asked for")


@pytest.mark.parametrize("wanted", ["float32", "bf16"])
def test_a_named_precision_is_taken_without_a_trial(wanted: Precision) -> None:
    assert choose_precision(wanted, CPU, never) == wanted


def test_auto_is_float32_where_bf16_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_fast_bf16", lambda device: False)
    assert choose_precision("auto", CPU, never) == "float32"


@pytest.mark.parametrize(
    ("full", "half", "chosen"),
    [
        (0.7, 0.705, "bf16"),
        (0.7, 0.715, "bf16"),
        (0.7, 0.725, "float32"),
        (0.7, 0.675, "float32"),
        (50.0, 50.9, "bf16"),  # in proportion where the loss is large
        (50.0, 51.1, "float32"),
        (0.7, float("nan"), "float32"),
        (0.7, float("inf"), "float32"),
    ],
)
def test_auto_takes_bf16_where_the_loss_agrees(
    monkeypatch: pytest.MonkeyPatch, full: float, half: float, chosen: str
) -> None:
    monkeypatch.setattr(precision, "has_fast_bf16", lambda device: True)
    assert choose_precision("auto", CPU, losses(full, half)) == chosen


@pytest.mark.parametrize(
    ("capability", "amx", "avx", "fast"),
    [
        ("AVX512", True, False, True),
        ("AVX512", False, True, True),
        ("AVX512", False, False, False),
        ("AVX2", True, True, False),
    ],
)
def test_a_cpu_is_fast_with_the_instructions(
    monkeypatch: pytest.MonkeyPatch, capability: str, amx: bool, avx: bool, fast: bool
) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(precision, "_amx", lambda: amx)
    monkeypatch.setattr(precision, "_avx512_bf16", lambda: avx)
    assert has_fast_bf16(CPU) is fast


def test_this_processor_can_be_asked() -> None:
    assert has_fast_bf16(CPU) in (True, False)
    assert has_fast_bf16(torch.device("meta")) is False


@pytest.mark.parametrize("name", ["cuda:99", "gpu", "meta", "", "cpu:x"])
def test_a_device_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(StudyError) as caught:
        choose_device(name)
    assert str(caught.value) == (
        f"device: expected a device of this machine, got '{name}'. Write device: auto or cpu."
    )


def test_auto_is_the_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_device("cpu") == CPU
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == CPU
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto") == torch.device("cuda")


@pytest.fixture
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize(
    ("layers", "batch_size", "threads"),
    [
        ([nn.LSTM(1, 4)], 32, 1),
        ([nn.GRU(1, 4), nn.Linear(4, 1)], 64, 1),
        ([nn.LSTM(1, 4)], 256, 2),
        ([nn.LSTM(1, 4), nn.Conv2d(1, 1, 3)], 32, 2),
        ([nn.Linear(4, 1)], 32, 2),
    ],
)
def test_short_recurrent_steps_take_one_thread(
    layers: list[nn.Module], batch_size: int, threads: int
) -> None:
    torch.set_num_threads(2)
    with fitting_threads(nn.Sequential(*layers), batch_size=batch_size):
        assert torch.get_num_threads() == threads
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("_threads")
def test_threads_are_those_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set_threads(1) == torch.get_num_threads() == 1
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 3}, raising=False)
    assert set_threads("auto") == torch.get_num_threads() == 2
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert set_threads("auto") == 1
