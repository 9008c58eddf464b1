"""Occlusion: hide a window of the input, wherever it can lie, and see what the answer loses.

Zeiler and Fergus 2014 (doi:10.1007/978-3-319-10590-1_53); Captum moves the window. What is
hidden is not blackened but replaced as `Surface.without` says. A text loses one token at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from captum.attr import Occlusion

from bedside.explanation.method import Method
from bedside.explanation.question import at_once

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedside.explanation.question import Question
    from bedside.explanation.surface import Surface

WINDOW = {"image": 1 / 8, "volume": 1 / 4, "signal": 1 / 12}
"""Side of the window as a share of the input's; one element of other forms."""
SMALLEST = 2
"""Elements of a window's side at least, so that neighbours share windows."""


def hidden_windows(
    question: Question,
    arrays: Mapping[str, torch.Tensor],
    surface: Surface,
    *,
    which: torch.Tensor,
) -> torch.Tensor:
    """Mean loss of the answer over all windows that hide an element: (B, *grid)."""
    share = WINDOW.get(surface.form)
    window = tuple(max(SMALLEST, round(share * side)) if share else 1 for side in surface.grid)
    names = list(arrays)

    def score(kept: torch.Tensor, which: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
        own = dict(zip(names, values, strict=True))
        return question.score(surface.keeping(own, kept > 0.5), which)

    there = surface.there(arrays)
    with torch.no_grad():
        found: torch.Tensor = Occlusion(score).attribute(
            there.float(),
            sliding_window_shapes=window,
            strides=tuple((side + 1) // 2 for side in window),
            baselines=0.0,
            additional_forward_args=(which, *arrays.values()),
            perturbations_per_eval=max(1, at_once(arrays) // len(which)),
        )
    return found * there


OCCLUSION = Method(
    hidden_windows,
    frozenset({"image", "volume", "signal", "text", "table"}),
    "A window is moved over the input and hides what lies under it; what counts is how far "
    "the answer falls.",
    costly=True,
)
