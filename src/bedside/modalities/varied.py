"""Inputs whose training samples are moved and re-exposed, more or less.

Enters: a study's ``augment_strength``. Leaves: how far augmentation reaches, and the same input
with another reach, for a search of it and for views of one case in self-supervised learning.
"""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

MOST_VARIED = 5.0
"""Times the usual reach, beyond which a picture may leave its frame."""


class Varied(BaseModel):
    """The word of ``inputs.<name>`` that pictures and volumes share.

    Args:
        augment_strength: how far training samples are varied: 1 as usual, 0 not at all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    augment_strength: float = Field(default=1.0, ge=0, le=MOST_VARIED)

    def strengthened(self, factor: float) -> Self:
        """The same input, whose training samples are varied so many times as far."""
        strength = min(factor * self.augment_strength, MOST_VARIED)
        return self.model_copy(update={"augment_strength": strength})
