"""Integrated gradients: how much each element adds on the way from nothing to the whole case.

Sundararajan 2017 (arXiv:1703.01365), by Captum. "Nothing" is what `Surface.without` says;
a text begins from vectors of zeros in place of its tokens', since tokens have no in-between.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from captum.attr import IntegratedGradients
from torch import nn

from bedside.explanation.method import Method
from bedside.explanation.question import at_once, encoder_of
from bedside.explanation.smoothing import smoothed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bedside.explanation.question import Question
    from bedside.explanation.surface import Surface

STEPS = 24
"""Points on the way; more changed no map that was looked at."""
SMOOTH = {"image": 1 / 50, "volume": 1 / 28}
"""Standard deviation of the smoothing of a map as a share of its side: single pixels say little."""


def integrated_gradients(
    question: Question,
    arrays: Mapping[str, torch.Tensor],
    surface: Surface,
    *,
    which: torch.Tensor,
) -> torch.Tensor:
    """What each element adds, summed over channels: (B, *grid)."""
    if surface.form == "text":
        return _of_tokens(question, arrays, surface, which=which)
    others = {name: values for name, values in arrays.items() if name != surface.key}

    def score(values: torch.Tensor, which: torch.Tensor, *rest: torch.Tensor) -> torch.Tensor:
        own = dict(zip(others, rest, strict=True))
        return question.score({**own, surface.key: values}, which)

    found = _integrated(
        score,
        (arrays[surface.key].float(),),
        (surface.without(arrays),),
        further=(which, *others.values()),
        together=at_once(arrays),
    )[0]
    added = surface.summed(found)
    share = SMOOTH.get(surface.form)
    return smoothed(added, [share * side for side in surface.grid]) if share else added


def _of_tokens(
    question: Question,
    arrays: Mapping[str, torch.Tensor],
    surface: Surface,
    *,
    which: torch.Tensor,
) -> torch.Tensor:
    """What each token's vectors add; a pair's share is split between its two tokens."""
    tables = _embeddings(question.network, surface.name)
    with torch.no_grad(), _heard(tables) as heard:
        question.score(arrays, which)
    names = list(arrays)

    def score(*values: torch.Tensor) -> torch.Tensor:
        vectors, (which, *rest) = values[: len(tables)], values[len(tables) :]
        with _said(tables, vectors):
            return question.score(dict(zip(names, rest, strict=True)), which)

    vectors = tuple(heard[id(table)] for table in tables)
    found = _integrated(
        score,
        vectors,
        tuple(torch.zeros_like(each) for each in vectors),
        further=(which, *arrays.values()),
        together=at_once(arrays),
    )
    added = torch.zeros_like(surface.there(arrays), dtype=torch.float32)
    for each in found:
        own = each.flatten(2).sum(dim=2)
        if own.shape[1] == added.shape[1]:
            added += own
        else:  # of pairs of neighbours
            added[:, :-1] += own / 2
            added[:, 1:] += own / 2
    return added * surface.there(arrays)


def _integrated(
    score: Any,
    inputs: tuple[torch.Tensor, ...],
    baselines: tuple[torch.Tensor, ...],
    *,
    further: tuple[torch.Tensor, ...],
    together: int,
) -> tuple[torch.Tensor, ...]:
    found = IntegratedGradients(score).attribute(
        inputs,
        baselines,
        additional_forward_args=further,
        n_steps=STEPS,
        internal_batch_size=max(together, len(inputs[0])),
    )
    return tuple(each.detach() for each in found)


def has_one_vector(question: Question, surface: Surface) -> bool:  # noqa: ARG001
    """Whether an element is one number or one vector; a spelt word is many at once."""
    return surface.array != "spelling"


def _embeddings(network: nn.Module, name: str) -> list[nn.Embedding]:
    """The tables in which the encoder of a text looks its tokens up."""
    modules = encoder_of(network, name).modules()
    return [module for module in modules if isinstance(module, nn.Embedding)]


@contextmanager
def _heard(tables: Sequence[nn.Embedding]) -> Iterator[dict[int, torch.Tensor]]:
    """Within it, what tables answer is kept."""
    heard: dict[int, torch.Tensor] = {}

    def keep(module: nn.Module, _: Any, answer: torch.Tensor) -> None:
        heard[id(module)] = answer.detach()

    hooks = [table.register_forward_hook(keep) for table in tables]
    try:
        yield heard
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def _said(tables: Sequence[nn.Embedding], vectors: Sequence[torch.Tensor]) -> Iterator[None]:
    """Within it, tables answer these vectors."""
    hooks = [
        table.register_forward_hook(lambda *_, own=own: own)
        for table, own in zip(tables, vectors, strict=True)
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


INTEGRATED_GRADIENTS = Method(
    integrated_gradients,
    frozenset({"image", "volume", "signal", "text", "table"}),
    "The case is built up from nothing in small steps; what counts is how much each element "
    "adds to the answer on the way.",
    has_one_vector,
)
