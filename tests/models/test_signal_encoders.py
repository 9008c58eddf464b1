"""What is particular to the encoders of signals: levels, masks, causality, what is told beside."""

from __future__ import annotations

import pytest
import torch

from bedside.errors import StudyError
from bedside.models import ENCODERS
from bedside.models.features import Encoder
from bedside.models.history import beside, beside_width, centred, last_valid

SIGNALS = ("dense", "linear", "lstm", "tcn")
SHAPES = {"values": (1, 20), "ahead": (2, 26), "clock": (2,)}


def made(name: str, shapes: dict[str, tuple[int, ...]] = SHAPES) -> Encoder:
    torch.manual_seed(0)
    encoder: Encoder = ENCODERS.load(name)(shapes).eval()
    return encoder


def batch(seed: int = 1, *, steps: int = 20) -> dict[str, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return {
        "values": torch.randn(4, 1, steps, generator=draw),
        "ahead": torch.rand(4, 2, steps + 6, generator=draw),
        "clock": torch.randn(4, 2, generator=draw),
    }


@pytest.mark.parametrize("name", SIGNALS)
def test_pictures_are_refused_with_their_shape(name: str) -> None:
    with pytest.raises(StudyError) as error:
        ENCODERS.load(name)({"values": (1, 28, 28)})
    assert str(error.value) == (
        f"encoder '{name}': expected a signal (channels, steps) of at least two steps, got an "
        "array of shape (1, 28, 28). Choose another encoder for this input."
    )


@pytest.mark.parametrize("name", SIGNALS)
def test_a_shift_of_the_whole_history_is_seen_in_the_level_alone(name: str) -> None:
    encoder, arrays = made(name), batch()
    shifted = {**arrays, "values": arrays["values"] + 3.0}
    with torch.no_grad():
        one, other = encoder(arrays).pooled, encoder(shifted).pooled
    if name == "dense":  # mixes the level in
        assert not torch.allclose(one, other)
        return
    changed = (one - other).abs().amax(dim=0) > 1e-4
    assert int(changed.sum()) == 1
    torch.testing.assert_close((other - one)[:, changed], torch.full((4, 1), 3.0))


@pytest.mark.parametrize("name", SIGNALS)
def test_planned_amounts_and_the_clock_are_seen(name: str) -> None:
    encoder, arrays = made(name), batch()
    with torch.no_grad():
        before = encoder(arrays).pooled
        for array, place in (("ahead", (1, 24)), ("ahead", (0, 3)), ("clock", (1,))):
            other = {key: value.clone() for key, value in arrays.items()}
            other[array][(slice(None), *place)] += 5.0
            assert not torch.allclose(encoder(other).pooled, before), (array, place)


@pytest.mark.parametrize("name", ["lstm", "tcn"])
def test_padding_at_the_end_changes_nothing_where_a_mask_says_so(name: str) -> None:
    encoder = made(name, {"values": (1, 20)})
    values = batch()["values"]
    padded = torch.cat([values, torch.full((4, 1, 7), 99.0)], dim=2)
    mask = torch.arange(27).expand(4, 27) < 20
    with torch.no_grad():
        alone = encoder({"values": values}).pooled
        found = encoder({"values": padded, "mask": mask}).pooled
        blind = encoder({"values": padded}).pooled
    torch.testing.assert_close(found, alone)
    assert not torch.allclose(blind, alone)


def test_the_last_valid_step_is_gathered_by_row() -> None:
    tokens = torch.arange(12.0).reshape(2, 3, 2)
    mask = torch.tensor([[True, False, False], [True, True, True]])
    assert last_valid(tokens, mask).tolist() == [[0, 1], [10, 11]]
    assert last_valid(tokens, None).tolist() == [[4, 5], [10, 11]]
    nothing = torch.zeros(2, 3, dtype=torch.bool)
    assert last_valid(tokens, nothing).tolist() == [[0, 1], [6, 7]]


def test_a_convolution_never_looks_ahead() -> None:
    encoder = made("tcn", {"values": (1, 20)})
    signal = batch()["values"]
    later = signal.clone()
    later[:, :, 12:] = 9.0
    with torch.no_grad():
        one, other = encoder.blocks(signal), encoder.blocks(later)
    torch.testing.assert_close(one[:, :, :12], other[:, :, :12])
    assert not torch.allclose(one[:, :, 12:], other[:, :, 12:])


def test_the_last_step_sees_the_first() -> None:
    for steps in (2, 20, 72, 192):
        encoder = made("tcn", {"values": (1, steps)})
        signal = torch.zeros(1, 1, steps, requires_grad=True)
        encoder.blocks(signal)[:, :, -1].sum().backward()
        assert signal.grad is not None
        assert signal.grad[0, 0, 0] != 0


@pytest.mark.parametrize("past", [True, False])
@pytest.mark.parametrize("names", [("values",), ("values", "clock"), ("values", "ahead", "clock")])
def test_what_stands_beside_has_the_width_it_says(past: bool, names: tuple[str, ...]) -> None:
    arrays = {name: batch()[name] for name in names}
    _, level = centred(arrays["values"])
    width = sum(part.shape[1] for part in beside(arrays, level, past=past))
    assert width == beside_width({name: SHAPES[name] for name in names}, past=past)
