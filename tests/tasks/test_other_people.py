"""Windows of other people: how unlike patients are, and batches that were varied by as much."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from bedside.schema import Targets, Varies
from bedside.study import parse_options
from bedside.tasks.classify import Classify
from bedside.tasks.forecast import Forecast
from bedside.tasks.other_people import as_others, unlikeness

from ..series_made import lesson

STATE: dict[str, Any] = {
    "series": "glucose.values",
    "people": {"level": 20.0, "amplitude": 0.3},
}


def of_people(levels: list[float], swings: list[float], *, windows: int = 20) -> Targets:
    """Each person at one level, moving by one swing up or down."""
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(len(levels)), windows).astype(np.int32)
    last = np.array(levels)[people]
    move = np.array(swings)[people] * rng.choice([-1, 1], size=len(people))
    arrays = {
        "truth": (last + move)[:, None].astype(np.float32),
        "known": np.ones((len(people), 1), bool),
        "last": last.astype(np.float32),
        "patient": people,
    }
    return Targets(arrays, ("5",), "forecast")


def test_people_are_as_unlike_as_they_are() -> None:
    found = unlikeness(of_people([100, 120, 140], [10, 20, 40]))
    width = (4 / 3 / 3) ** 0.2  # of a normal kernel over three people with a spread of 1
    assert found["level"] == pytest.approx(20 * width)
    assert found["amplitude"] == pytest.approx(np.log(2) * width)
    many = unlikeness(of_people([100, 120, 140] * 40, [10, 20, 40] * 40))
    assert many["level"] < found["level"] / 2


def test_nothing_is_known_of_others_from_one_person_or_none() -> None:
    nobody = {"level": 0.0, "amplitude": 0.0}
    one = of_people([100], [10])
    assert unlikeness(one) == nobody
    unnamed = {name: values for name, values in one.arrays.items() if name != "patient"}
    assert unlikeness(replace(one, arrays=unnamed)) == nobody
    few = of_people([100, 150], [10, 20], windows=3)
    assert unlikeness(few) == nobody
    still = of_people([100, 150, 170], [0, 10, 10])
    assert unlikeness(still)["amplitude"] == 0
    assert unlikeness(still)["level"] > 0


def batch(count: int = 4000) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(0)
    history = 120 + 10 * torch.randn((count, 2, 6), generator=generator)
    truth = 120 + 10 * torch.randn((count, 3), generator=generator)
    inputs = {"glucose.values": history, "glucose.clock": torch.ones((count, 2))}
    return inputs, {"truth": truth, "last": history[:, 0, -1], "minute": torch.arange(count)}


def test_what_came_after_moves_as_the_history_does() -> None:
    inputs, targets = batch()
    seen, came = as_others(inputs, targets, STATE, generator=torch.Generator().manual_seed(1))
    old, new = inputs["glucose.values"], seen["glucose.values"]
    rise = (new[:, 0] - new[:, 0, -1:])[:, :-1] / (old[:, 0] - old[:, 0, -1:])[:, :-1]
    ahead = (came["truth"] - came["last"][:, None]) / (targets["truth"] - targets["last"][:, None])
    torch.testing.assert_close(ahead, rise[:, :1].expand(-1, 3), rtol=1e-2, atol=1e-2)
    times, moved = rise[:, 0], came["last"] - targets["last"]
    assert float(times.log().std()) == pytest.approx(0.3, rel=0.05)
    assert float(times.log().mean()) == pytest.approx(0, abs=0.02)
    assert float(moved.std()) == pytest.approx(20, rel=0.05)
    assert float(moved.mean()) == pytest.approx(0, abs=1.2)
    # other channels, other inputs and other targets stay
    assert torch.equal(new[:, 1:], old[:, 1:])
    assert torch.equal(seen["glucose.clock"], inputs["glucose.clock"])
    assert torch.equal(came["minute"], targets["minute"])


def test_the_same_generator_varies_alike_and_nobody_unlike_changes_nothing() -> None:
    inputs, targets = batch(16)
    first, second = (
        as_others(inputs, targets, STATE, generator=torch.Generator().manual_seed(5))
        for _ in range(2)
    )
    assert torch.equal(first[1]["truth"], second[1]["truth"])
    alike = STATE | {"people": {"level": 0.0, "amplitude": 0.0}}
    seen, came = as_others(inputs, targets, alike, generator=torch.Generator())
    torch.testing.assert_close(seen["glucose.values"], inputs["glucose.values"])
    torch.testing.assert_close(came["truth"], targets["truth"])


def test_forecasts_vary_and_labels_do_not() -> None:
    forecast = parse_options(Forecast, {"task": "forecast", "horizon_minutes": 15}, where="target")
    assert isinstance(forecast, Varies)
    assert not isinstance(parse_options(Classify, {"column": "label"}, where="target"), Varies)
    training, state = lesson(windows=60)
    assert state["people"] == unlikeness(training.targets)
