"""Networks that the contract tests build: one input, uint8 arrays, a head of two logits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from bedside.models.heads import LogitHead
from bedside.models.network import InputPlan, StudyNetwork

Shape = tuple[int, ...]
ARRAYS = {"cnn": "image", "densenet121": "small image", "resnet": "image"}
"""Encoder -> whose arrays it reads; a new encoder needs a line here."""
SHAPES: dict[str, list[Shape]] = {
    "image": [(1, 28, 28), (3, 22, 37), (1, 41, 40), (3, 300, 23), (1, 123, 217), (1, 64, 64)],
    "small image": [(1, 16, 18), (3, 23, 37), (1, 64, 65)],  # for networks that are slow
}
INPUT = "type"
"""An input may have any name, that of an attribute of torch's containers as well."""


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def _head(width: int) -> LogitHead:
    head = LogitHead(width, 2)
    head.calibrate([0.3, -0.2], [1.3])
    return head


@pytest.fixture
def build() -> Callable[..., StudyNetwork]:
    """``build(encoder, shape, seed=0)`` -> a network with weights of that seed."""

    def built(encoder: str, shape: Shape, *, seed: int = 0) -> StudyNetwork:
        rule = {"mean": [120.0] * shape[0], "std": [60.0] * shape[0]}
        plan = InputPlan(encoder, {"values": shape}, {"standardise": {"values": rule}})
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return StudyNetwork({INPUT: plan}, fusion="concat", head=_head)

    return built


@pytest.fixture
def arrays() -> Callable[..., dict[str, Any]]:
    """``arrays(shape, n)`` -> named arrays of n cases."""

    def made(shape: Shape, n: int, *, seed: int = 0) -> dict[str, Any]:
        rng = np.random.default_rng(seed)
        return {f"{INPUT}.values": rng.integers(0, 256, (n, *shape), dtype=np.uint8)}

    return made


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that asks for ``encoder`` over the registry, with its shapes if asked."""
    from bedside.models import ENCODERS

    if "encoder" not in metafunc.fixturenames:
        return
    names = ENCODERS.names()
    if "shape" not in metafunc.fixturenames:
        metafunc.parametrize("encoder", names)
        return
    pairs = [(name, shape) for name in names for shape in SHAPES[ARRAYS[name]]]
    metafunc.parametrize(("encoder", "shape"), pairs, ids=lambda x: str(x).replace(" ", ""))
