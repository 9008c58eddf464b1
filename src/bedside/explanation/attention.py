"""Attention: what a network of texts itself weighs its tokens by.

Enters: a bag, which weighs every token by a number that it learnt for it, or a transformer, whose
attention is followed from the last layer to the tokens (rollout, Abnar and Zuidema 2020,
arXiv:2005.00928). Weights tell what was read, not what for: they have no sign, and may fail the
test where the gradient does not.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from bedside.explanation.method import Method
from bedside.explanation.question import encoder_of
from bedside.models.bag import Bag
from bedside.models.transformer import AttentionLayer, Transformer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import nn

    from bedside.explanation.question import Question
    from bedside.explanation.surface import Surface


def attention_weights(
    question: Question,
    arrays: Mapping[str, torch.Tensor],
    surface: Surface,
    *,
    which: torch.Tensor,
) -> torch.Tensor:
    """(B, T) share of each token; which number is explained makes no difference."""
    encoder: Any = encoder_of(question.network, surface.name)
    there = surface.there(arrays)
    with torch.no_grad():
        if isinstance(encoder, Bag):
            weights = torch.exp(encoder.weight(arrays[surface.key])[:, :, 0])
        else:
            with _heard(list(encoder.layers)) as heard:
                question.score(arrays, which)
            weights = _rolled_out(heard)
    weights = weights * there
    return weights / weights.sum(dim=1, keepdim=True).clamp_min(1e-12)


def has_attention(question: Question, surface: Surface) -> bool:
    """Whether the encoder of this input weighs its tokens."""
    return isinstance(encoder_of(question.network, surface.name), Bag | Transformer)


def _rolled_out(heard: Sequence[tuple[torch.Tensor, torch.Tensor, Any]]) -> torch.Tensor:
    """How much of each token reaches the gathering vector and the mean of all: (B, T)."""
    flow: torch.Tensor | None = None
    for states, there, layer in heard:
        parts = layer.asked(layer.before(states)).unflatten(2, (3, *layer.form))
        query, key, _ = parts.permute(2, 0, 3, 1, 4).unbind(0)
        likeness = query @ key.transpose(2, 3) / layer.form[1] ** 0.5
        seen = likeness.masked_fill(~there[:, None, None, :], -torch.inf).softmax(dim=3).mean(dim=1)
        kept = 0.5 * (seen + torch.eye(seen.shape[1], device=seen.device))
        flow = kept if flow is None else kept @ flow
    if flow is None:
        raise ValueError("attention: this network has no layers of attention")
    there = heard[-1][1][:, 1:].float()
    read = (flow[:, 1:] * there[:, :, None]).sum(dim=1) / there.sum(dim=1, keepdim=True).clamp_min(
        1
    )
    return 0.5 * (flow[:, 0] + read)[:, 1:]


@contextmanager
def _heard(
    layers: Sequence[nn.Module],
) -> Iterator[list[tuple[torch.Tensor, torch.Tensor, AttentionLayer]]]:
    """Within it, what layers of attention are given is kept."""
    heard: list[tuple[torch.Tensor, torch.Tensor, AttentionLayer]] = []

    def keep(module: nn.Module, given: tuple[Any, ...]) -> None:
        if isinstance(module, AttentionLayer):
            heard.append((given[0], given[1], module))

    hooks = [layer.register_forward_pre_hook(keep) for layer in layers]
    try:
        yield heard
    finally:
        for hook in hooks:
            hook.remove()


ATTENTION = Method(
    attention_weights,
    frozenset({"text"}),
    "The network's own weights of the words it reads; they say what was read, not what for.",
    has_attention,
)
