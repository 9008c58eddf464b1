"""Texts: real encoders, one token of which is made to count."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from bedside.explanation import REGISTRY as METHODS
from bedside.explanation.attention import attention_weights, has_attention
from bedside.explanation.question import Question
from bedside.explanation.surface import Surface
from bedside.models import ENCODERS

from .spot_made import STATE, Answering, first

SIGN, LENGTH = 9, 8
SURFACE = Surface("x", "tokens", "text", (LENGTH,))


def question_of(name: str) -> Question:
    """A network whose answer is how far pooled features lie towards those of the sign."""
    torch.manual_seed(0)
    kind = ENCODERS.load(name)
    encoder = kind({"tokens": (LENGTH,), "mask": (LENGTH,)}, {"tokens": 20}).eval()  # type: ignore[call-arg]
    with torch.no_grad():
        table = encoder.embedding.table.weight  # type: ignore[union-attr]
        table[SIGN] *= 6
        if name == "bag":
            encoder.weight.weight[SIGN] = 2.0  # type: ignore[union-attr]
    network = Answering(encoder, gain=1.0)
    arrays = texts()
    with torch.no_grad():
        own = {key.removeprefix("x."): value for key, value in arrays.items()}
        with_sign = encoder(own).pooled.mean(dim=0)
        without = encoder({**own, "tokens": own["tokens"].where(own["tokens"] != SIGN, 3)})
        direction = with_sign - without.pooled.mean(dim=0)
    network.features = lambda given: _towards(encoder, given, direction)  # type: ignore[method-assign]
    return Question.of(network, "binary", STATE)


def _towards(encoder: nn.Module, given: dict[str, torch.Tensor], direction: torch.Tensor):  # type: ignore[no-untyped-def]
    from bedside.models.features import Features

    own = {key.removeprefix("x."): value for key, value in given.items()}
    return Features((encoder(own).pooled * direction).sum(dim=1, keepdim=True))


def texts() -> dict[str, torch.Tensor]:
    tokens = torch.tensor(
        [[4, 5, SIGN, 6, 7, 0, 0, 0], [SIGN, 5, 6, 7, 8, 10, 11, 0], [4, 5, 6, SIGN, 0, 0, 0, 0]]
    )
    return {"x.tokens": tokens, "x.mask": tokens > 0}


@pytest.mark.parametrize("name", ["bag", "text-cnn", "text-lstm", "transformer"])
@pytest.mark.parametrize("method", ["integrated-gradients", "occlusion"])
def test_the_token_that_counts_is_marked_most(name: str, method: str) -> None:
    arrays = texts()
    maps = METHODS.load(method).attribute(question_of(name), arrays, SURFACE, which=first(3))
    assert maps.shape == (3, LENGTH)
    assert (maps[~arrays["x.mask"]] == 0).all()
    assert maps.argmax(dim=1).tolist() == [2, 0, 3]


def test_integrated_gradients_of_a_bag_add_up_to_the_difference() -> None:
    question, arrays = question_of("bag"), texts()
    maps = METHODS.load("integrated-gradients").attribute(question, arrays, SURFACE, which=first(3))
    tables = [m for m in question.network.modules() if isinstance(m, nn.Embedding)]
    hooks = [t.register_forward_hook(lambda *a: torch.zeros_like(a[2])) for t in tables]
    nothing = question.look(arrays, first(3))
    for hook in hooks:
        hook.remove()
    assert torch.allclose(maps.sum(dim=1), question.look(arrays, first(3)) - nothing, rtol=0.05)


def test_attention_of_a_bag_is_its_own_weight() -> None:
    maps = attention_weights(question_of("bag"), texts(), SURFACE, which=first(3))
    assert torch.allclose(maps.sum(dim=1), torch.ones(3))
    assert maps.argmax(dim=1).tolist() == [2, 0, 3]
    other = maps[0, 0].item()
    assert maps[0, 2].item() / other == pytest.approx(torch.tensor(2.0).exp().item(), rel=1e-4)


def test_attention_of_a_transformer_is_a_share_of_what_is_there() -> None:
    arrays = texts()
    maps = attention_weights(question_of("transformer"), arrays, SURFACE, which=first(3))
    assert torch.allclose(maps.sum(dim=1), torch.ones(3), atol=1e-5)
    assert (maps[~arrays["x.mask"]] == 0).all()
    assert (maps[arrays["x.mask"]] > 0).all()


def test_only_what_attends_has_attention() -> None:
    assert has_attention(question_of("bag"), SURFACE)
    assert not has_attention(question_of("text-lstm"), SURFACE)
