"""What holds for every fusion of the registry."""

from __future__ import annotations

import pytest
import torch

from bedside.models import FUSIONS
from bedside.models.features import Features

WIDTHS = (3, 5, 2)


def features(seed: int = 0) -> list[Features]:
    generator = torch.Generator().manual_seed(seed)
    return [Features(torch.randn(4, width, generator=generator)) for width in WIDTHS]


@pytest.mark.parametrize("name", FUSIONS.names())
@pytest.mark.parametrize("count", [1, 2, 3])
def test_shapes(name: str, count: int) -> None:
    fusion = FUSIONS.load(name)(list(WIDTHS[:count])).eval()
    pooled = fusion(features()[:count]).pooled
    assert pooled.shape == (4, fusion.width)
    assert pooled.dtype == torch.float32


@pytest.mark.parametrize("name", FUSIONS.names())
def test_a_batch_equals_its_cases_one_by_one(name: str) -> None:
    fusion = FUSIONS.load(name)(list(WIDTHS)).eval()
    whole = fusion(features()).pooled
    rows = [
        fusion([Features(one.pooled[row : row + 1]) for one in features()]).pooled
        for row in range(4)
    ]
    torch.testing.assert_close(torch.cat(rows), whole, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", FUSIONS.names())
def test_every_input_and_every_parameter_has_a_gradient(name: str) -> None:
    fusion = FUSIONS.load(name)(list(WIDTHS)).train()
    inputs = [Features(one.pooled.requires_grad_()) for one in features()]
    fusion(inputs).pooled.square().sum().backward()
    reached = [one.pooled.grad for one in inputs] + [p.grad for p in fusion.parameters()]
    assert all(gradient is not None and gradient.any() for gradient in reached)


@pytest.mark.parametrize("name", FUSIONS.names())
def test_a_single_input_keeps_its_tokens_and_maps(name: str) -> None:
    pooled, maps = torch.ones(2, 3), torch.ones(2, 1, 4, 4)
    joined = FUSIONS.load(name)([3]).eval()([Features(pooled, pyramid=(maps,))])
    assert joined.pyramid == (maps,)
