"""One step against the same step written out, and what a step leaves alone."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
import torch

from bedside.training.averaging import Average
from bedside.training.loader import epoch_generator
from bedside.training.step import Stepper, channels_last, in_float32

from .test_loop import job

ROWS = np.array([4, 1, 30, 7, 9])


def test_a_step_is_forward_backward_clip_and_adamw() -> None:
    one = job(encoder="cnn", modalities={})
    plain = copy.deepcopy(one.network)
    stepper = Stepper(one, one.network)
    stepper.prepare("float32")
    torch.manual_seed(3)
    losses = [float(stepper.step(ROWS, epoch_generator(1, 1), rate=rate)) for rate in (0.01, 0.02)]

    optimiser = torch.optim.AdamW(plain.parameters(), weight_decay=0.0, fused=False)
    average = Average(plain, one.recipe.averaging)
    inputs = {name: torch.from_numpy(a[ROWS]) for name, a in one.train.arrays.items()}
    targets = {name: torch.from_numpy(a[ROWS]) for name, a in one.train.targets.arrays.items()}
    torch.manual_seed(3)
    for rate, seen in zip((0.01, 0.02), losses, strict=True):
        loss = one.task.loss(plain.train()(inputs), targets, one.state)
        assert seen == pytest.approx(float(loss.detach()), rel=1e-4)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(plain.parameters(), 5.0)
        for group in optimiser.param_groups:
            group["lr"] = rate
        with torch.no_grad():  # AdamW's decay, of matrices alone
            for parameter in plain.parameters():
                if parameter.ndim >= 2:
                    parameter.mul_(1 - rate * one.recipe.weight_decay)
        optimiser.step()
        average.update()
    # where a gradient is all but zero its sign, which Adam steps by, is rounding's
    for name, tensor in plain.state_dict().items():
        assert (one.network.state_dict()[name] - tensor).abs().mean() < 1e-5, name
    for name, tensor in average.module.state_dict().items():
        assert (stepper.average.module.state_dict()[name] - tensor).abs().mean() < 1e-5, name


def test_augmentation_draws_from_the_generator_alone() -> None:
    found = []
    for seed in (1, 1, 2):
        one = job(encoder="cnn")
        stepper = Stepper(one, one.network)
        stepper.prepare("float32")
        found.append(float(stepper.step(ROWS, epoch_generator(seed, 1), rate=0.0)))
    assert found[0] == found[1] != found[2]


def test_bf16_weights_stay_float32() -> None:
    one = dataclasses.replace(job(encoder="cnn"), modalities={})
    before = copy.deepcopy(one.network.state_dict())
    stepper = Stepper(one, one.network)
    stepper.prepare("bf16")
    assert stepper.step(ROWS, epoch_generator(1, 1), rate=0.01).dtype == torch.float32
    after = one.network.state_dict()
    assert {n: t.dtype for n, t in after.items()} == {n: t.dtype for n, t in before.items()}
    assert any(not torch.equal(before[name], after[name]) for name in after)


def test_bf16_does_not_round_what_comes_in() -> None:
    """A glucose of 187.3 mg/dL would be 187 in bf16, before any standardising."""
    one = job(encoder="cnn", modalities={})
    values = one.train.arrays["xray.values"].astype(np.float32) + 0.3
    part = dataclasses.replace(one.train, arrays={"xray.values": values})
    seen = []
    one.network.standardise[0].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    stepper = Stepper(dataclasses.replace(one, train=part), one.network)
    stepper.prepare("bf16")
    stepper.step(ROWS, epoch_generator(1, 1), rate=0.01)
    assert torch.equal(seen[0]["values"], torch.from_numpy(values[ROWS]))


def test_outputs_reach_the_loss_in_float32() -> None:
    outputs = {"logits": torch.ones(2).bfloat16(), "place": torch.ones(2, dtype=torch.int64)}
    done = in_float32(outputs)
    assert {name: tensor.dtype for name, tensor in done.items()} == {
        "logits": torch.float32,
        "place": torch.int64,
    }


def test_images_and_volumes_alone_become_channels_last() -> None:
    image, other = torch.zeros(2, 3, 4, 5, dtype=torch.uint8), torch.zeros(2, 6)
    volume = torch.rand(2, 3, 4, 5, 6)
    done = channels_last({"image": image, "other": other, "volume": volume})
    assert done["image"].is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(done["image"], image)
    assert done["volume"].is_contiguous(memory_format=torch.channels_last_3d)
    assert torch.equal(done["volume"], volume)
    assert done["other"] is other
