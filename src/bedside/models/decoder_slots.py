"""What a decoder of transformers keeps of earlier tokens, in arrays that never change their size.

Enters: arrays of an exported step. Leaves: the cache that transformers' decoders ask, and the
arrays as the next step gets them. A token is written into its slot by comparing places, since an
exported network has no room that grows.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import (
    Cache,
    CacheLayerMixin,
    DynamicCache,
    EncoderDecoderCache,
)


class Slots(CacheLayerMixin):  # type: ignore[misc]  # the library is not typed
    """Keys and values of one layer.

    Args:
        keys: (N, heads, L, width), one slot for each place.
        values: the same.
        place: of the token that comes next; None where nothing is added any more.
    """

    def __init__(
        self, keys: torch.Tensor, values: torch.Tensor, place: torch.Tensor | None = None
    ) -> None:
        super().__init__()
        self.keys: torch.Tensor = keys
        self.values: torch.Tensor = values
        self.place = place
        self.is_initialized = True

    @classmethod
    def unpacked(
        cls, kept: torch.Tensor, form: tuple[int, int, int], *, place: torch.Tensor
    ) -> list[Slots]:
        """(N, 2 * layers * heads * L * width) -> one for each layer."""
        layers, heads, width = form
        parts = kept.reshape(kept.shape[0], layers, 2, heads, -1, width)
        return [cls(parts[:, i, 0], parts[:, i, 1], place) for i in range(layers)]

    @staticmethod
    def packed(layers: list[Slots]) -> torch.Tensor:
        """What `unpacked` takes."""
        both = [torch.stack([layer.keys, layer.values], dim=1) for layer in layers]
        return torch.stack(both, dim=1).flatten(1)

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """It is there already."""

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        kwargs: Any = None,  # noqa: ARG002 - some decoders say more, which other caches need
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Put the new token's (N, heads, 1, width) into its slot; all slots."""
        if self.place is not None:
            places = torch.arange(self.keys.shape[2], device=self.keys.device)
            here = (places == self.place)[None, None, :, None]
            self.keys = torch.where(here, key_states, self.keys)
            self.values = torch.where(here, value_states, self.values)
        return self.keys, self.values

    def get_seq_length(self) -> Any:
        """Tokens before the one that comes."""
        return self.keys.shape[2] if self.place is None else self.place

    def get_max_length(self) -> int:
        """L."""
        return int(self.keys.shape[2])

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:  # noqa: ARG002
        """L, from place 0 on."""
        return int(self.keys.shape[2]), 0


def new_cache(own: list[Slots], looked_at: list[list[torch.Tensor]]) -> EncoderDecoderCache:
    """The cache of one step.

    Args:
        own: of each layer, what it keeps of the summary.
        looked_at: keys and values of the text, of each layer (N, heads, S, width).
    """
    text = [Slots(keys, values) for keys, values in zip(*looked_at, strict=True)]
    cache = EncoderDecoderCache(Cache(layers=own), Cache(layers=text))
    cache.is_updated = dict.fromkeys(range(len(own)), True)
    return cache


def filled_cache(model: Any, states: torch.Tensor, mask: torch.Tensor) -> list[Any]:
    """Of each layer of a decoder, ``keys`` and ``values`` of a text (B, heads, S, width).

    Args:
        model: of transformers.
        states: (B, S, F) as its encoder left them.
        mask: (B, 1, 1, S) that attention adds.
    """
    cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
    first = torch.zeros_like(mask[:, 0, 0, :1], dtype=torch.long)
    model.get_decoder()(
        input_ids=first,
        attention_mask=torch.zeros_like(mask[..., :1]),
        encoder_hidden_states=states,
        encoder_attention_mask=mask,
        cache=cache,
        use_cache=True,
    )
    return list(cache.cross_attention_cache.layers)
