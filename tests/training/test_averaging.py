from __future__ import annotations

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from bedside.training.averaging import Average


class Tied(nn.Module):
    """One weight under two names, a batch norm and a buffer that is not saved."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = nn.Linear(4, 4)
        self.second.weight = self.first.weight
        self.norm = nn.BatchNorm1d(4)
        self.register_buffer("scale", torch.ones(2), persistent=False)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.norm(self.second(self.first(values))))


def network() -> Tied:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Tied()


def learn(module: nn.Module, step: int) -> None:
    generator = torch.Generator().manual_seed(step)
    with torch.no_grad():
        module(torch.randn(5, 4, generator=generator))
        for parameter in module.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator))


def reference(old: torch.Tensor, new: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    now = min(0.9, (1 + float(count)) / (10 + float(count)))
    return old.lerp(new, 1 - now) if torch.is_floating_point(old) else new


def test_it_follows_as_torchs_average_does() -> None:
    module = network()
    average = Average(module, 0.9)
    wanted = AveragedModel(module, avg_fn=reference, use_buffers=True)
    for step in range(200):
        learn(module, step)
        average.update()
        wanted.update_parameters(module)
    assert average.count == int(wanted.n_averaged) == 200
    for name, tensor in wanted.module.state_dict().items():
        assert torch.equal(average.module.state_dict()[name], tensor), name
    assert int(average.module.norm.num_batches_tracked) == 200
    assert not torch.equal(average.module.first.weight, module.first.weight)


def test_a_shared_weight_follows_once_and_stays_shared() -> None:
    module = network()
    average = Average(module, 0.9)
    average.update()
    with torch.no_grad():
        module.first.weight += 1
    before = average.module.first.weight.clone()
    average.update()
    assert average.module.first.weight is average.module.second.weight
    torch.testing.assert_close(average.module.first.weight, before + 1 - 2 / 11)


def test_the_first_update_takes_the_weights_as_they_are() -> None:
    module = network()
    average = Average(module, 0.9)
    learn(module, 0)
    average.update()
    for name, tensor in module.state_dict().items():
        assert torch.equal(average.module.state_dict()[name], tensor), name


def test_the_average_learns_nothing_and_the_network_still_does() -> None:
    module = network()
    average = Average(module, 0.9)
    assert not any(p.requires_grad for p in average.module.parameters())
    assert all(p.requires_grad for p in module.parameters())
