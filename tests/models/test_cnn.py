from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from bedside.models.cnn import PooledConvolution


def layers() -> tuple[PooledConvolution, nn.Conv2d]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        own, usual = PooledConvolution(3, 8), nn.Conv2d(3, 8, 3)
    usual.load_state_dict(own.state_dict())
    return own, usual


def usual_order(layer: nn.Conv2d, maps: torch.Tensor) -> torch.Tensor:
    return functional.max_pool2d(functional.relu(layer(maps)), 2)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("side", [12, 13])
def test_it_is_conv_relu_pool_with_its_gradients(training: bool, side: int) -> None:
    own, usual = layers()
    own.train(training)
    generator = torch.Generator().manual_seed(2)
    maps = torch.randn(4, 3, side, side, generator=generator)
    seen = [maps.clone().requires_grad_(), maps.clone().requires_grad_()]
    found, wanted = own(seen[0]), usual_order(usual, seen[1])
    torch.testing.assert_close(found, wanted)
    upstream = torch.randn(found.shape, generator=generator)
    found.backward(upstream)
    wanted.backward(upstream)
    torch.testing.assert_close(seen[0].grad, seen[1].grad)
    for name, weight in own.named_parameters():
        torch.testing.assert_close(weight.grad, usual.get_parameter(name).grad, msg=name)


def test_in_a_tie_one_value_gets_the_whole_gradient() -> None:
    own, usual = layers()
    maps = torch.ones(2, 3, 8, 8)  # all convolutions of it are alike: every window is a tie
    own(maps).sum().backward()
    usual_order(usual, maps).sum().backward()
    for name, weight in own.named_parameters():
        torch.testing.assert_close(weight.grad, usual.get_parameter(name).grad, msg=name)
    values = torch.zeros(1, 1, 2, 2, requires_grad=True)
    functional.max_pool2d(values, 2).sum().backward()
    assert values.grad is not None
    assert values.grad.flatten().tolist() == [1, 0, 0, 0]


def test_values_that_are_not_numbers_stay_seen() -> None:
    own, _ = layers()
    maps = torch.zeros(1, 3, 8, 8)
    maps[0, 0, 0, 0] = torch.nan
    assert own(maps).isnan().any()
