from __future__ import annotations

from typing import Any

import pytest
import torch

from bedside.models.features import Features
from bedside.models.forecast_head import ForecastHead

LEVELS = [0.1, 0.3, 0.5, 0.9]


def head(levels: list[float]) -> ForecastHead:
    moves = [[float(n) + step for n in range(len(levels))] for step in range(2)]
    state: dict[str, Any] = {
        "series": "cgm.values",
        "scale": 7.0,
        "level": 150.0,
        "history_steps": 4,
        "names": ["5", "10"],
        "levels": levels,
        "moves": moves,
        "stretch": [[1.0] * len(levels)] * 2,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        made = ForecastHead(6, state)
        for weight in made.parameters():
            weight.data.normal_()
    return made


@pytest.fixture
def case() -> tuple[Features, dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(3)
    pooled = torch.randn(9, 6, generator=generator)
    return Features(pooled), {"cgm.values": 150 + 40 * torch.randn(9, 1, 4, generator=generator)}


@pytest.mark.parametrize("levels", [LEVELS, [0.5, 0.9], [0.1, 0.5]])
def test_quantiles_stand_at_summed_distances_from_the_median(
    case: tuple[Features, dict[str, torch.Tensor]], levels: list[float]
) -> None:
    features, inputs = case
    made = head(levels).eval()
    found = made(features, inputs)["quantiles"]
    history = inputs["cgm.values"][:, 0]
    last = history[:, -1:]
    lags = torch.cat([(history - last)[:, :-1] / 7, (last - 150) / 7], dim=1)
    median = last + 7 * (made.skip(lags) + made.added(features.pooled))
    gaps = 7 * torch.nn.functional.softplus(made.gaps(features.pooled)).reshape(9, 2, -1)
    middle = levels.index(0.5)
    for place in range(len(levels)):
        low, high = sorted((place, middle))
        reach = gaps[:, :, low:high].sum(2) * (1 if place > middle else -1)
        torch.testing.assert_close(found[:, :, place], median + reach)
    assert (found.diff(dim=2) >= 0).all()


def test_the_line_is_not_rounded_where_the_encoder_trains_in_bf16(
    case: tuple[Features, dict[str, torch.Tensor]],
) -> None:
    features, inputs = case
    made = head(LEVELS).train()
    wanted = made(features, inputs)["quantiles"]
    with torch.autocast("cpu", torch.bfloat16):
        found = made(features, inputs)["quantiles"]
    assert torch.equal(found, wanted)
    half = Features(features.pooled.bfloat16())
    with torch.autocast("cpu", torch.bfloat16):
        assert made(half, inputs)["quantiles"].dtype == torch.float32
