"""What encoders leave and heads receive.

An encoder turns the arrays of one input into `Features`; a fusion joins the
features of several inputs; a head reads them. None of them sees a data set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Features:
    """What an encoder says of a batch.

    Args:
        pooled: (B, F), one vector a case.
        tokens: (B, T, F) with `mask` (B, T) bool, True where valid.
        pyramid: feature maps (B, C, ...), the first at input resolution.
        table: (V, E) the vectors of all tokens, for a head that writes with what was read by.
    """

    pooled: torch.Tensor
    tokens: torch.Tensor | None = None
    mask: torch.Tensor | None = None
    pyramid: tuple[torch.Tensor, ...] = ()
    table: torch.Tensor | None = None


class Encoder(nn.Module):
    """Arrays of one input -> Features; `width` is F of `Features.pooled`.

    `token_width` is F of `Features.tokens`, 0 where order is lost on the way; `map_width` that
    of the first of `Features.pyramid`, 0 where it is coarser than the input. Of an encoder that
    reads ``one_way``, no token's features know of what stands behind it.

    ``forward(arrays)`` reads standardised float arrays, first axis B.

    Args:
        shapes: name -> shape of one case's array, without the batch axis. An encoder of texts
            (``reads = "tokens"``) takes ``symbols`` as well: array -> how many different
            numbers it may hold.

    Raises:
        StudyError: the shapes do not suit this encoder.
    """

    reads: ClassVar[str] = "values"
    one_way: ClassVar[bool] = False
    width: int
    token_width: int = 0
    map_width: int = 0

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__()
        self.shapes = dict(shapes)


class Fusion(nn.Module):
    """Features of several inputs -> Features; `width` is F of the joined vector.

    ``forward(features)`` joins a list of `Features`, in the inputs' order.

    Args:
        widths: F of each input's pooled features, in the inputs' order.
    """

    width: int

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.widths = tuple(widths)
