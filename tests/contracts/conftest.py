"""Networks that the contract tests build: one input, uint8 arrays, a head of two logits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from bedside.models.heads import LogitHead
from bedside.models.network import InputPlan, StudyNetwork

Shape = dict[str, tuple[int, ...]]
"""Array -> the shape of one case of it."""
ARRAYS = {
    "bag": "text",
    "cnn": "image",
    "dense": "signal",
    "densenet121": "small image",
    "linear": "signal",
    "lstm": "signal",
    "fine-resnet": "small image",
    "half-unet3d": "volume",
    "mlp": "table",
    "multiscale": "small image",
    "onward-lstm": "text",
    "resnet": "image",
    "resnet3d": "volume",
    "se-resnet": "small image",
    "slices-gru": "volume",
    "spelling-lstm": "spelling",
    "tcn": "signal",
    "text-cnn": "text",
    "text-lstm": "text",
    "transformer": "text",
    "unet2d": "small image",
    "unet3d": "volume",
}
"""Encoder -> whose arrays it reads; a new encoder needs a line here."""
SHAPES: dict[str, list[Shape]] = {
    "image": [
        {"values": shape}
        for shape in [(1, 28, 28), (3, 22, 37), (1, 41, 40), (3, 300, 23), (1, 123, 217)]
    ],
    "small image": [{"values": shape} for shape in [(1, 16, 18), (3, 23, 37), (1, 64, 65)]],
    "signal": [
        {"values": (1, 2)},
        {"values": (1, 37), "clock": (2,)},
        {"values": (3, 24), "ahead": (2, 31), "clock": (2,)},
    ],
    "table": [{"values": (1,)}, {"values": (37,)}],
    "volume": [{"values": shape} for shape in [(1, 8, 9, 12), (2, 30, 11, 26)]],
    "text": [{"tokens": (length,), "mask": (length,)} for length in (4, 33)],
    "spelling": [{"spelling": (n, 30), "offsets": (n, 2), "mask": (n,)} for n in (4, 33)],
}
SMALL: dict[str, Shape] = {
    "image": {"values": (1, 24, 28)},
    "small image": {"values": (1, 24, 28)},
    "signal": {"values": (2, 20), "ahead": (2, 26), "clock": (2,)},
    "text": {"tokens": (12,), "mask": (12,)},
    "spelling": {"spelling": (12, 30), "offsets": (12, 2), "mask": (12,)},
    "table": {"values": (11,)},
    "volume": {"values": (1, 9, 10, 12)},
}
"""What most checks of an encoder run on."""
EXPORTED: dict[str, Shape] = {
    "image": {"values": (3, 23, 37)},
    "small image": {"values": (3, 23, 37)},
    "signal": SMALL["signal"],
    "text": SMALL["text"],
    "spelling": SMALL["spelling"],
    "table": SMALL["table"],
    "volume": {"values": (2, 9, 10, 12)},
}
SYMBOLS = 60
INPUT = "type"
"""An input may have any name, that of an attribute of torch's containers as well."""


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def _head(width: int) -> LogitHead:
    head = LogitHead(width, 2)
    head.calibrate([0.3, -0.2], [1.3])
    return head


def _state(shape: Shape) -> dict[str, Any]:
    """What a modality's state asks of the network."""
    for name in ("tokens", "spelling"):
        if name in shape:
            return {"symbols": {name: SYMBOLS}}
    channels = shape["values"][0]
    rule = {"mean": [120.0] * channels, "std": [60.0] * channels}
    return {"standardise": {"values": rule}}


@pytest.fixture
def build() -> Callable[..., StudyNetwork]:
    """``build(encoder, shape, seed=0)`` -> a network with weights of that seed."""

    def built(encoder: str, shape: Shape, *, seed: int = 0) -> StudyNetwork:
        plan = InputPlan(encoder, shape, _state(shape))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return StudyNetwork({INPUT: plan}, fusion="concat", head=_head)

    return built


@pytest.fixture
def arrays() -> Callable[..., dict[str, Any]]:
    """``arrays(shape, n)`` -> named arrays of n cases: values of 8 bits, others float.

    Of texts, tokens of any length from none to all, behind which no token stands.
    """

    def made(shape: Shape, n: int, *, seed: int = 0) -> dict[str, Any]:
        rng = np.random.default_rng(seed)
        if "mask" in shape:
            (length,) = shape["mask"]
            lengths = (np.arange(n) * 5 + length) % (length + 1)
            mask = np.arange(length) < lengths[:, None]
            found = {f"{INPUT}.mask": mask}
            for name in sorted(set(shape) - {"mask"}):
                tokens = rng.integers(4, SYMBOLS, (n, *shape[name])).astype(np.int32)
                found[f"{INPUT}.{name}"] = tokens * mask.reshape(
                    n, length, *[1] * (tokens.ndim - 2)
                )
            return found
        found = {f"{INPUT}.values": rng.integers(0, 256, (n, *shape["values"]), dtype=np.uint8)}
        for name in sorted(set(shape) - {"values"}):
            found[f"{INPUT}.{name}"] = rng.normal(size=(n, *shape[name])).astype(np.float32)
        return found

    return made


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that asks for ``encoder`` over the registry.

    ``shape`` are all shapes it must take, ``small`` one for most checks, ``exported`` another.
    """
    from bedside.models import ENCODERS

    if "encoder" not in metafunc.fixturenames:
        return
    names = ENCODERS.names()
    asked = {"small": SMALL, "exported": EXPORTED}
    for fixture, shapes in asked.items():
        if fixture in metafunc.fixturenames:
            pairs = [(name, shapes[ARRAYS[name]]) for name in names]
            metafunc.parametrize(("encoder", fixture), pairs, ids=names)
            return
    if "shape" not in metafunc.fixturenames:
        metafunc.parametrize("encoder", names)
        return
    pairs = [(name, shape) for name in names for shape in SHAPES[ARRAYS[name]]]
    ids = [f"{name}-{list(shape.values())}".replace(" ", "") for name, shape in pairs]
    metafunc.parametrize(("encoder", "shape"), pairs, ids=ids)
