"""What "without" means, form by form."""

from __future__ import annotations

import pytest
import torch

from bedside.errors import StudyError
from bedside.explanation.smoothing import smoothed
from bedside.explanation.surface import Surface, surface_of


@pytest.mark.parametrize(
    ("shapes", "form", "grid"),
    [
        ({"values": (3, 8, 9)}, "image", (8, 9)),
        ({"values": (1, 4, 8, 9)}, "volume", (4, 8, 9)),
        ({"values": (2, 30), "clock": (2,)}, "signal", (30,)),
        ({"values": (5,)}, "table", (5,)),
        ({"tokens": (16,), "mask": (16,)}, "text", (16,)),
        ({"spelling": (16, 30), "mask": (16,), "offsets": (16, 2)}, "text", (16,)),
    ],
)
def test_the_form_follows_from_the_arrays(
    shapes: dict[str, tuple[int, ...]], form: str, grid: tuple[int, ...]
) -> None:
    surface = surface_of("x", shapes)
    assert (surface.form, surface.grid) == (form, grid)


def test_other_arrays_are_refused_in_one_sentence() -> None:
    with pytest.raises(StudyError, match=r"input 'x': expected an image.*got arrays letters, mask"):
        surface_of("x", {"letters": (4, 30), "mask": (4,)})


def test_a_picture_without_a_spot_is_blurred_there_and_nowhere_else() -> None:
    surface = surface_of("x", {"values": (1, 20, 20)})
    values = torch.zeros(1, 1, 20, 20, dtype=torch.uint8)
    values[0, 0, 10, 10] = 200
    kept = torch.ones(1, 20, 20, dtype=torch.bool)
    kept[0, 9:12, 9:12] = False
    found = surface.keeping({"x.values": values}, kept)["x.values"]
    assert found[0, 0, 10, 10] < 40
    assert torch.equal(found[0, 0, :9], values[0, 0, :9].float())
    whole = surface.keeping({"x.values": values}, torch.ones_like(kept))["x.values"]
    assert torch.equal(whole, values.float())


def test_a_series_that_is_no_history_of_a_forecast_is_smoothed() -> None:
    surface = surface_of("x", {"values": (1, 20)}, {"horizon_steps": 0})
    values = torch.zeros(1, 1, 20)
    values[0, 0, 10] = 9.0
    kept = torch.ones(1, 20, dtype=torch.bool)
    kept[0, 10] = False
    found = surface.keeping({"x.values": values}, kept)["x.values"]
    assert 1 < found[0, 0, 10] < 3
    assert found[0, 0, :10].sum() == 0


@pytest.mark.parametrize(
    ("kept", "wanted"),
    [
        ([1, 0, 0, 1, 1], [1, 4, 7, 10, 6]),
        ([1, 1, 1, 0, 0], [1, 2, 3, 3, 3]),
        ([0, 0, 1, 0, 1], [3, 3, 3, 4.5, 6]),
        ([0, 0, 0, 0, 0], [4.4] * 5),
        ([1, 1, 1, 1, 1], [1, 2, 3, 10, 6]),
    ],
)
def test_a_gap_in_a_history_is_a_straight_line(kept: list[int], wanted: list[float]) -> None:
    surface = surface_of("x", {"values": (2, 5)}, {"horizon_steps": 12})
    values = torch.tensor([[1.0, 2.0, 3.0, 10.0, 6.0]])
    both = torch.stack([values, 2 * values], dim=1)
    found = surface.keeping({"x.values": both}, torch.tensor([kept]) > 0)["x.values"]
    assert torch.allclose(found[0, 0], torch.tensor(wanted).float())
    assert torch.allclose(found[0, 1], 2 * torch.tensor(wanted).float())


def test_a_column_takes_its_training_mean() -> None:
    state = {"standardise": {"values": {"mean": [50.0, 0.5], "std": [10.0, 1.0]}}}
    surface = surface_of("x", {"values": (2,)}, state)
    kept = torch.tensor([[False, True]])
    found = surface.keeping({"x.values": torch.tensor([[80.0, 1.0]])}, kept)["x.values"]
    assert found.tolist() == [[50.0, 1.0]]


def test_a_text_closes_up_where_a_token_is_left_out() -> None:
    surface = Surface("x", "tokens", "text", (5,))
    arrays = {
        "x.tokens": torch.tensor([[7, 8, 9, 0, 0]], dtype=torch.int32),
        "x.mask": torch.tensor([[True, True, True, False, False]]),
    }
    found = surface.keeping(arrays, torch.tensor([[True, False, True, True, True]]))
    assert found["x.tokens"].tolist() == [[7, 9, 0, 0, 0]]
    assert found["x.mask"].tolist() == [[True, True, False, False, False]]
    assert found["x.tokens"].dtype == torch.int32
    assert surface.there(arrays).tolist() == [[True, True, True, False, False]]


def test_a_text_of_spelt_words_closes_up_as_well() -> None:
    surface = surface_of("x", {"spelling": (3, 2), "mask": (3,)})
    arrays = {
        "x.spelling": torch.tensor([[[1, 2], [3, 4], [5, 6]]], dtype=torch.int32),
        "x.mask": torch.ones(1, 3, dtype=torch.bool),
    }
    found = surface.keeping(arrays, torch.tensor([[False, True, True]]))
    assert found["x.spelling"].tolist() == [[[3, 4], [5, 6], [0, 0]]]
    assert found["x.mask"].tolist() == [[True, True, False]]
    assert (surface.key, surface.grid) == ("x.spelling", (3,))


def test_smoothing_keeps_what_is_level_and_sums_to_the_same() -> None:
    level = torch.full((1, 1, 9, 9), 3.0)
    assert torch.allclose(smoothed(level, [2.0, 1.0]), level)
    spot = torch.zeros(1, 1, 21, 21)
    spot[0, 0, 10, 10] = 1.0
    found = smoothed(spot, [1.5, 1.5])
    assert found.sum().item() == pytest.approx(1.0, abs=1e-5)
    assert found[0, 0, 10, 10] == found.max()
    assert torch.equal(smoothed(spot, [0.0, 0.0]), spot)


def test_the_numbers_of_a_column_stay_or_go_together() -> None:
    state = {"groups": [0, 0, 1], "standardise": {"values": {"mean": [5.0, 0.5, 7.0]}}}
    surface = surface_of("x", {"values": (3,)}, state)
    assert surface.grid == (2,)
    arrays = {"x.values": torch.tensor([[1.0, 1.0, 2.0]])}
    assert surface.there(arrays).shape == (1, 2)
    kept = surface.keeping(arrays, torch.tensor([[False, True]]))
    assert kept["x.values"].tolist() == [[5.0, 0.5, 2.0]]
    assert surface.summed(torch.tensor([[1.0, 2.0, 4.0]])).tolist() == [[3.0, 4.0]]
