"""Every method marks what a network of known looks looks at."""

from __future__ import annotations

import pytest
import torch

from bedside.explanation import ORDER
from bedside.explanation import REGISTRY as METHODS
from bedside.explanation.gradients import integrated_gradients
from bedside.explanation.maps import layer_of

from .spot_made import SPOT, first, pictures, spot_question, spot_surface


@pytest.mark.parametrize("name", METHODS.table)
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
    for name in METHODS.table:
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
