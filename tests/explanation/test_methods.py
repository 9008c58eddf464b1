"""Every method marks what a network of known looks looks at."""

from __future__ import annotations

import pytest
import torch

from bedside.explanation import ORDER
from bedside.explanation import REGISTRY as METHODS
from bedside.explanation.gradients import integrated_gradients
from bedside.explanation.maps import layer_of
from bedside.explanation.question import Question
from bedside.explanation.surface import Surface
from bedside.models import ENCODERS
from bedside.models.features import Features

from .spot_made import (
    SPOT,
    STATE,
    Answering,
    Spot,
    first,
    pictures,
    spot_question,
    spot_surface,
)


@pytest.mark.parametrize("name", ORDER["image"])
def test_the_strongest_place_lies_in_the_spot(name: str) -> None:
    maps = METHODS.load(name).attribute(spot_question(), pictures(), spot_surface(), which=first())
    assert maps.shape == (12, 32, 32)
    for each in maps:
        row, column = divmod(int(each.argmax()), 32)
        assert SPOT[0].start <= row < SPOT[0].stop
        assert SPOT[1].start <= column < SPOT[1].stop
        decoy = each[22:25, 6:9].abs().sum() / each.abs().sum()
        assert decoy < 0.02


def test_integrated_gradients_add_up_to_the_difference() -> None:
    question, surface, arrays = spot_question(), spot_surface(), pictures()
    maps = integrated_gradients(question, arrays, surface, which=first())
    nothing = {"x.values": surface.without(arrays)}
    wanted = question.look(arrays, first()) - question.look(nothing, first())
    assert torch.allclose(maps.flatten(1).sum(dim=1), wanted, rtol=0.02)


def test_the_weights_of_the_network_get_no_gradient() -> None:
    question = spot_question()
    for name in ORDER["image"]:
        METHODS.load(name).attribute(question, pictures(), spot_surface(), which=first())
    assert all(p.grad is None for p in question.network.parameters())


def test_the_layer_is_the_last_that_is_fine_enough() -> None:
    layer = layer_of(spot_question(), spot_surface(), pictures())
    assert isinstance(layer, torch.nn.Conv2d)


def test_every_form_has_methods_and_every_method_a_form() -> None:
    named = {name for names in ORDER.values() for name in names}
    assert named == set(METHODS.table)
    for form, names in ORDER.items():
        assert all(form in METHODS.load(name).forms for name in names)
    assert all(METHODS.load(name).words.endswith(".") for name in METHODS.table)


def table_question() -> Question:
    """Twice the second column less the third."""
    return Question.of(Answering(Spot(torch.tensor([0.0, 2.0, -1.0])), gain=1.0), "binary", STATE)


@pytest.mark.parametrize("name", ORDER["table"])
def test_of_a_linear_table_every_method_tells_what_each_column_adds(name: str) -> None:
    surface = Surface("x", "values", "table", (3,), (1.0, 1.0, 1.0))
    values = torch.tensor([[5.0, 2.0, 4.0], [0.0, 0.0, 1.0]])
    maps = METHODS.load(name).attribute(
        table_question(), {"x.values": values}, surface, which=first(2)
    )
    wanted = torch.tensor([[0.0, 2.0, -3.0], [0.0, -2.0, 0.0]])
    assert torch.allclose(maps, wanted, atol=1e-5)


def series() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    values = 0.1 * torch.rand((4, 1, 40), generator=generator)
    values[:, :, 20:23] += 1.0
    values[:, :, 30:33] += 1.0
    return {"x.values": values}


@pytest.mark.parametrize("name", ORDER["signal"])
def test_of_a_series_the_steps_that_count_are_marked(name: str) -> None:
    weights = torch.zeros(40)
    weights[20:23] = 1 / 3
    question = Question.of(Answering(Spot(weights)), "binary", STATE)
    surface = Surface("x", "values", "signal", (1, 40))
    maps = METHODS.load(name).attribute(question, series(), surface, which=first(4))
    assert all(20 <= int(each.argmax()) < 23 for each in maps)


def balls() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    values = 0.3 * torch.rand((3, 1, 16, 16, 16), generator=generator)
    values[:, :, 4:7, 9:12, 5:8] += 1.0
    values[:, :, 10:13, 3:6, 10:13] += 1.0
    return {"x.values": values}


@pytest.mark.parametrize("name", ORDER["volume"])
def test_of_a_volume_the_ball_that_counts_is_marked(name: str) -> None:
    weights = torch.zeros(16, 16, 16)
    weights[4:7, 9:12, 5:8] = 1 / 27
    question = Question.of(Answering(Spot(weights)), "binary", STATE)
    surface = Surface("x", "values", "volume", (1, 16, 16, 16))
    maps = METHODS.load(name).attribute(question, balls(), surface, which=first(3))
    inside = maps[:, 3:8, 8:13, 4:9].flatten(1).amax(dim=1)
    assert torch.equal(inside, maps.flatten(1).amax(dim=1))


def test_maps_of_slices_are_laid_one_above_the_other() -> None:
    torch.manual_seed(0)
    encoder = ENCODERS.load("slices-gru")({"values": (1, 6, 16, 16)}).eval()
    network = Answering(encoder, gain=1.0)
    direction = torch.randn(encoder.width)
    network.features = lambda given: Features(  # type: ignore[method-assign]
        (encoder({"values": given["x.values"]}).pooled * direction).sum(dim=1, keepdim=True)
    )
    question = Question.of(network, "binary", STATE)
    surface = Surface("x", "values", "volume", (1, 6, 16, 16))
    values = torch.rand((2, 1, 6, 16, 16), generator=torch.Generator().manual_seed(1))
    maps = METHODS.load("grad-cam").attribute(
        question, {"x.values": values}, surface, which=first(2)
    )
    alone = METHODS.load("grad-cam").attribute(
        question, {"x.values": values[1:]}, surface, which=first(1)
    )
    assert maps.shape == (2, 6, 16, 16)
    assert torch.allclose(maps[1:], alone, atol=1e-6)
    assert maps.flatten(2).amax(dim=2).gt(0).sum() > 2
