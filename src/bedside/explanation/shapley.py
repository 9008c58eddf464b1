"""Shapley values of a table's columns: what each adds, over many orders of adding them.

Strumbelj and Kononenko 2010 (JMLR 11), by Captum's sampling of orders. A column that has not been
added takes its training mean. The values of all columns add up to the difference between the
case and the usual case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from captum.attr import ShapleyValueSampling

from bedside.explanation.method import Method
from bedside.explanation.question import at_once

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedside.explanation.question import Question
    from bedside.explanation.surface import Surface

ORDERS = 25
"""Orders that are drawn."""
SEED = 7


def shapley_values(
    question: Question,
    arrays: Mapping[str, torch.Tensor],
    surface: Surface,
    *,
    which: torch.Tensor,
) -> torch.Tensor:
    """(B, F) Shapley values of the columns, from the same orders each time."""
    names = list(arrays)

    def score(kept: torch.Tensor, which: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
        own = dict(zip(names, values, strict=True))
        return question.score(surface.keeping(own, kept > 0.5), which)

    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        found: torch.Tensor = ShapleyValueSampling(score).attribute(
            surface.there(arrays).float(),
            baselines=0.0,
            additional_forward_args=(which, *arrays.values()),
            n_samples=ORDERS,
            perturbations_per_eval=max(1, at_once(arrays) // len(which)),
        )
    return found


SHAPLEY = Method(
    shapley_values,
    frozenset({"table"}),
    "Columns are added to a usual case in many orders; what counts is how much each adds on "
    "average.",
)
