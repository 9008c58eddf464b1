"""What holds for every encoder of the registry, whatever it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from bedside.models.network import StudyNetwork, as_callable
from bedside.training.checkpoint import load_checkpoint, save_checkpoint

Build = Callable[..., StudyNetwork]
Make = Callable[..., dict[str, Any]]
Shape = dict[str, tuple[int, ...]]


def learn(
    network: StudyNetwork, arrays: dict[str, Any], steps: int, *, enough: float = 0.0
) -> list[float]:
    """Train on one batch until the loss is low enough; returns the loss before each step."""
    inputs = {name: torch.from_numpy(array) for name, array in arrays.items()}
    truth = torch.tensor([0, 1, 1, 0, 1, 0, 0, 1])[: len(next(iter(arrays.values())))]
    optimiser = torch.optim.AdamW(network.train().parameters(), lr=3e-3)
    losses = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)  # for dropout
        for _ in range(steps):
            loss = functional.cross_entropy(network(inputs)["logits"], truth)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(float(loss.detach()))
            if losses[-1] < enough:
                break
    return losses


def test_shapes_and_dtypes(encoder: str, shape: Shape, build: Build, arrays: Make) -> None:
    network = build(encoder, shape).eval()
    module = network.encoders[0]
    made = {name: torch.from_numpy(array) for name, array in arrays(shape, 2).items()}
    with torch.no_grad():
        own = {name.removeprefix("type."): array for name, array in made.items()}
        features = module(network.standardise[0](own))
    assert features.pooled.shape == (2, module.width)
    assert features.pooled.dtype == torch.float32
    assert all(maps.shape[0] == 2 for maps in features.pyramid)
    outputs = as_callable(build(encoder, shape))(arrays(shape, 3))
    assert {name: a.shape for name, a in outputs.items()} == {"logits": (3, 2)}
    assert outputs["logits"].dtype == np.float32
    assert np.isfinite(outputs["logits"]).all()


def test_a_batch_equals_its_cases_one_by_one(
    encoder: str, small: Shape, build: Build, arrays: Make
) -> None:
    call, batch = as_callable(build(encoder, small)), arrays(small, 5)
    whole = call(batch)["logits"]
    single = [call({n: a[i : i + 1] for n, a in batch.items()})["logits"] for i in range(5)]
    assert np.concatenate(single) == pytest.approx(whole, abs=1e-5)
    assert as_callable(build(encoder, small), batch_size=2)(batch)["logits"] == pytest.approx(
        whole, abs=1e-5
    )


def test_other_cases_of_the_batch_change_nothing(
    encoder: str, small: Shape, build: Build, arrays: Make
) -> None:
    call, one, other = (
        as_callable(build(encoder, small)),
        arrays(small, 4),
        arrays(small, 4, seed=1),
    )
    mixed = {name: np.concatenate([one[name][:1], other[name][1:]]) for name in one}
    assert call(mixed)["logits"][0] == pytest.approx(call(one)["logits"][0], abs=1e-5)
    assert call(one)["logits"][1] != pytest.approx(call(other)["logits"][1], abs=1e-3)


def test_no_case_gives_no_output(encoder: str, small: Shape, build: Build, arrays: Make) -> None:
    assert as_callable(build(encoder, small))(arrays(small, 0))["logits"].shape == (0, 2)


def test_a_gradient_reaches_every_parameter(
    encoder: str, small: Shape, build: Build, arrays: Make
) -> None:
    network = build(encoder, small).train()
    values = {name: torch.from_numpy(array) for name, array in arrays(small, 8).items()}
    network(values)["logits"].square().sum().backward()
    without = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


def test_it_learns_one_batch_by_heart(
    encoder: str, small: Shape, build: Build, arrays: Make
) -> None:
    losses = learn(build(encoder, small), arrays(small, 8), 60, enough=0.05)
    assert losses[0] > 0.3
    assert losses[-1] < 0.05


def test_the_same_seed_gives_the_same_network_and_the_same_training(
    encoder: str, small: Shape, build: Build, arrays: Make
) -> None:
    found = []
    for seed in (5, 5, 6):
        network = build(encoder, small, seed=seed)
        learn(network, arrays(small, 4), 2)
        found.append(as_callable(network)(arrays(small, 4))["logits"])
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_saved_and_loaded_it_answers_bit_for_bit(
    encoder: str, small: Shape, build: Build, arrays: Make, tmp_path: Path
) -> None:
    network, batch = build(encoder, small), arrays(small, 4)
    learn(network, batch, 1)  # running statistics move too
    save_checkpoint(tmp_path / "n.safetensors", {"network": network.state_dict()}, {})
    again = build(encoder, small, seed=9)
    before = as_callable(again)(batch)["logits"]
    again.load_state_dict(load_checkpoint(tmp_path / "n.safetensors").group("network"))
    wanted = as_callable(network)(batch)["logits"]
    assert not np.array_equal(before, wanted)
    assert np.array_equal(as_callable(again)(batch)["logits"], wanted)


def test_exported_it_computes_the_same(
    encoder: str, exported: Shape, build: Build, arrays: Make, tmp_path: Path
) -> None:
    from bedside.deployment.engine import open_engine
    from bedside.deployment.export import export_network, prove_parity

    network, batch = build(encoder, exported), arrays(exported, 4)
    learn(network, batch, 1)
    export_network(network, batch, tmp_path / "n.onnx")
    wanted = as_callable(network)(batch)["logits"]
    for engine in ("openvino", "onnxruntime"):
        answer = open_engine(tmp_path / "n.onnx", engine=engine, threads=1)  # type: ignore[arg-type]
        assert prove_parity(network, answer, batch) < 1e-4
        assert answer(batch)["logits"] == pytest.approx(wanted, abs=1e-4)
