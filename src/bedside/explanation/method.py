"""The form of a way to explain.

Enters and leaves: nothing but types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch

    from bedside.explanation.question import Question
    from bedside.explanation.surface import Surface


class Attribute(Protocol):
    """How much each element of a surface speaks for one number of the answer."""

    def __call__(
        self,
        question: Question,
        arrays: Mapping[str, torch.Tensor],
        surface: Surface,
        *,
        which: torch.Tensor,
    ) -> torch.Tensor:
        """Arrays (B, ...), which number (B,) -> (B, *grid), below 0 what speaks against it."""
        ...


@dataclass(frozen=True)
class Method:
    """A way to explain.

    Args:
        attribute: does it.
        forms: of the surfaces that it can be drawn on.
        words: what it does, one sentence for readers of a report.
        needs: says whether a network has what it looks into; None where any will do.
        costly: asks the network so often that ``auto`` tries it where no other passed.
    """

    attribute: Attribute
    forms: frozenset[str]
    words: str
    needs: Callable[[Question, Surface], bool] | None = None
    costly: bool = False

    def suits(self, question: Question, surface: Surface) -> bool:
        """Whether it can explain this network on this surface."""
        return surface.form in self.forms and (self.needs is None or self.needs(question, surface))
