"""Grad-CAM: where a network's own maps carry the answer.

Selvaraju 2017 (doi:10.1109/ICCV.2017.74). Networks here keep the maximum of each map, so the
gradient lies at single places and a mean over all of them would say nothing: gradients and maps
are multiplied place by place (HiResCAM, Draelos and Carin 2020, arXiv:2011.08891; Captum's
`LayerGradientXActivation`). The layer is the last one that is fine enough to point at
something small. A network that reads a volume slice by slice has maps of slices, which are
laid back one above the other. Networks of signals read their maps out at the last step, where
all of the gradient lies: maps of theirs point at the end, whatever was seen before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from captum.attr import LayerGradientXActivation
from torch import nn
from torch.nn import functional

from bedside.explanation.method import Method
from bedside.explanation.question import encoder_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedside.explanation.question import Question
    from bedside.explanation.surface import Surface

FINE = {"image": 28, "volume": 7}
"""Places along the longest side that the maps of the layer must have."""
INTERPOLATION = {"image": "bilinear", "volume": "trilinear"}
CONVOLUTIONS = (nn.Conv2d, nn.Conv3d)


def grad_cam(
    question: Question,
    arrays: Mapping[str, torch.Tensor],
    surface: Surface,
    *,
    which: torch.Tensor,
) -> torch.Tensor:
    """Gradient times map of the chosen layer, above 0, brought to the input's grid: (B, *grid)."""
    layer = layer_of(question, surface, arrays)
    if layer is None:
        raise ValueError("grad-cam: this network has no maps")
    names = list(arrays)

    def score(values: torch.Tensor, which: torch.Tensor, *rest: torch.Tensor) -> torch.Tensor:
        return question.score({**dict(zip(names, rest, strict=True)), surface.key: values}, which)

    values = arrays[surface.key].float()
    found: Any = LayerGradientXActivation(score, layer).attribute(
        values, additional_forward_args=(which, *arrays.values())
    )
    found = found[0] if isinstance(found, tuple) else found
    laid = _laid(found.detach().sum(dim=1), surface, cases=len(values))
    grown = functional.interpolate(
        laid[:, None], surface.grid, mode=INTERPOLATION[surface.form], align_corners=False
    )
    return torch.relu(grown[:, 0])


def has_maps(question: Question, surface: Surface) -> bool:
    """Whether the encoder of this input makes maps at all."""
    return any(
        isinstance(m, CONVOLUTIONS) for m in encoder_of(question.network, surface.name).modules()
    )


def layer_of(
    question: Question, surface: Surface, arrays: Mapping[str, torch.Tensor]
) -> nn.Module | None:
    """The last layer whose maps are as fine as `FINE`, or the finest there is."""
    sides: list[tuple[nn.Module, int]] = []

    def note(module: nn.Module, _: Any, answer: Any) -> None:
        if isinstance(answer, torch.Tensor) and _are_maps(answer, surface):
            sides.append((module, max(answer.shape[2:])))

    encoder = encoder_of(question.network, surface.name)
    hooks = [module.register_forward_hook(note) for module in encoder.modules()]
    try:
        with torch.no_grad():
            question.network({name: values[:1] for name, values in arrays.items()})
    finally:
        for hook in hooks:
            hook.remove()
    enough = min(FINE[surface.form], max((side for _, side in sides), default=0))
    return next((module for module, side in reversed(sides) if side >= enough), None)


def _are_maps(answer: torch.Tensor, surface: Surface) -> bool:
    """Maps of the whole input, or, of a volume, of each of its slices."""
    axes = len(surface.grid)
    return answer.ndim == axes + 2 or (surface.form == "volume" and answer.ndim == axes + 1)


def _laid(maps: torch.Tensor, surface: Surface, *, cases: int) -> torch.Tensor:
    """(B, *places); maps of slices, (B * D, h, w), become (B, D, h, w)."""
    if surface.form == "volume" and maps.ndim == len(surface.grid):
        return maps.reshape(cases, -1, *maps.shape[1:])
    return maps


GRAD_CAM = Method(
    grad_cam,
    frozenset({"image", "volume"}),
    "The maps that the network makes of the input are weighed by how much the answer hangs on "
    "them.",
    has_maps,
)
