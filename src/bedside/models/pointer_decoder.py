"""The head of a network that writes: attention, words of its own, and words it copies.

Enters: Features with tokens, the inputs, and while learning the summary to be written, as
``_told.tokens`` (B, L). Leaves: how surprised it is by each token of that summary. What a
package runs are two parts of it, `Remembering` and `Stepping`.

Pointer-generator after See 2017 (doi:10.18653/v1/P17-1099). Two things differ, so that all
steps of a known summary are computed at once: the recurrent layer sees the tokens alone and
attention comes after it (Luong 2015, doi:10.18653/v1/D15-1166), and coverage gathers attention
as it was before coverage was taken off.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from bedside.models.token_embedding import SPREAD, masked_mean, shortest
from bedside.schema import TOLD

if TYPE_CHECKING:
    from bedside.models.features import Features
    from bedside.models.network import StudyNetwork

Tensors = dict[str, torch.Tensor]

EMBEDDED, HIDDEN = 128, 256
DROPOUT = 0.3
NEVER = -1e9
"""Logit of what cannot be."""
SMALLEST = 1e-9


@dataclass(frozen=True)
class Memory:
    """What the decoder may look at: S places in the inputs of B cases.

    Args:
        values: (B, S, F) what stands at each place.
        keys: (B, S, H) what it is looked up by.
        there: (B, S) bool, False for padding.
        numbers: (B, S) int64, the token at each place in the vocabulary of the summaries;
            -1 where the text is of another vocabulary and cannot be copied.
        hidden: (B, H) what the decoder begins with.
    """

    values: torch.Tensor
    keys: torch.Tensor
    there: torch.Tensor
    numbers: torch.Tensor
    hidden: torch.Tensor


class PointerDecoder(nn.Module):
    """A recurrent decoder that looks at all text inputs and copies from one of them.

    Args:
        width: F of `Features.tokens`.
        state: of the task: ``texts`` (names of the text inputs, in order), ``source`` (the
            one that is copied from), ``size`` (V of its vocabulary) and ``never`` (tokens
            that are never written).
    """

    never: torch.Tensor

    def __init__(self, width: int, state: Mapping[str, Any]) -> None:
        super().__init__()
        self.texts: Sequence[str] = tuple(state["texts"])
        self.source = str(state["source"])
        size = int(state["size"])
        self.table = nn.Embedding(size, EMBEDDED)
        nn.init.normal_(self.table.weight, std=SPREAD)
        self.bridge = nn.Linear(width, HIDDEN)
        self.reader = nn.GRU(EMBEDDED, HIDDEN, batch_first=True)
        self.keys = nn.Linear(width, HIDDEN, bias=False)
        self.query = nn.Linear(HIDDEN, HIDDEN)
        self.weariness = nn.Parameter(torch.zeros(1))
        self.joined = nn.Linear(HIDDEN + width, EMBEDDED)
        self.bias = nn.Parameter(torch.zeros(size))
        self.gate = nn.Linear(HIDDEN + width + EMBEDDED, 2)
        self.dropout = nn.Dropout(DROPOUT)
        never = torch.zeros(size)
        never[list(state["never"])] = NEVER
        self.register_buffer("never", never)

    def carry(self, state: Mapping[str, Any]) -> None:
        """Nothing of the calibration is folded in: it chooses between whole summaries."""

    def forward(self, features: Features, inputs: Tensors) -> Tensors:
        """Features and the summaries to learn from -> three arrays (B, L - 1).

        ``surprise`` is minus the log-probability of each token after the first, ``repeated``
        the attention to places that were looked at before (See 2017, equation 12), and
        ``counts`` is 1 where there is a token that can be written.
        """
        told = inputs[TOLD].long()
        if self.training:
            told = told[:, : max(int((told > 0).sum(dim=1).max()), 2)]
        memory = self.remember(features, inputs)
        vectors = self.dropout(self.table(told[:, :-1]))
        states, _ = self.reader(vectors, memory.hidden[None].contiguous())
        before, attention = self._attention(states, memory, coverage=None)
        coverage = before.cumsum(dim=1) - before
        wanted = told[:, 1:]
        words, gate = self._words(states, vectors, attention @ memory.values)
        own = words.gather(2, wanted[:, :, None])[:, :, 0].exp()
        there = (wanted[:, :, None] == memory.numbers[:, None, :]).to(attention.dtype)
        copied = (attention * there).sum(dim=2)
        probability = gate[:, :, 0] * own + gate[:, :, 1] * copied
        return {
            "surprise": -(probability.float() + SMALLEST).log(),
            "repeated": torch.minimum(before, coverage).sum(dim=2).float(),
            "counts": (self.never[wanted] == 0).float(),
        }

    def remember(self, features: Features, inputs: Tensors) -> Memory:
        """What the encoders made of the texts, with the tokens that stand there."""
        values, there = features.tokens, features.mask
        if values is None or there is None:
            raise ValueError("expected features with tokens, got pooled ones")
        numbers = []
        for name in self.texts:
            tokens, _ = shortest(
                inputs[f"{name}.tokens"], inputs[f"{name}.mask"], learning=self.training
            )
            own = tokens.long() if name == self.source else torch.full_like(tokens.long(), -1)
            numbers.append(torch.where(self.never[own.clamp_min(0)] < 0, -1, own))
        hidden = torch.tanh(self.bridge(masked_mean(values, there)))
        return Memory(values, self.keys(values), there, torch.cat(numbers, dim=1), hidden)

    def step(self, tokens: torch.Tensor, memory: Memory, coverage: torch.Tensor) -> Tensors:
        """One token of each of R summaries under way of B cases.

        Args:
            tokens: (B, R) the last token of each.
            memory: of the cases, with `hidden` (B, R, H) of the summaries.
            coverage: (B, R, S) how much each place was looked at.

        Returns:
            ``probability`` (B, R, V) of the next token, ``copied`` (B, R, S) the part of it
            that is copied from each place, ``next_hidden`` and ``next_coverage``.
        """
        rows = tokens.shape[1]
        vectors = self.table(tokens.long())
        flat = vectors.reshape(-1, 1, EMBEDDED)
        begun = memory.hidden.reshape(1, -1, HIDDEN)
        states, hidden = self.reader(flat, begun)
        states = states.reshape(-1, rows, HIDDEN)
        before, attention = self._attention(states, memory, coverage=coverage)
        words, gate = self._words(states, vectors, attention @ memory.values)
        copied = gate[:, :, 1:] * attention * (memory.numbers >= 0)[:, None, :]
        places = memory.numbers.clamp_min(0)[:, None, :].expand(-1, rows, -1)
        probability = (gate[:, :, :1] * words.exp()).scatter_add(2, places, copied)
        return {
            "probability": probability,
            "copied": copied,
            "next_hidden": hidden.reshape(-1, rows, HIDDEN),
            "next_coverage": coverage + before,
        }

    def _attention(
        self, states: torch.Tensor, memory: Memory, *, coverage: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, R, H) -> attention before coverage is taken off and after it, both (B, R, S).

        Without `coverage`, the R steps follow each other, and it is gathered on the way.
        """
        scores = self.query(states) @ memory.keys.transpose(1, 2) / math.sqrt(HIDDEN)
        there = memory.there[:, None, :]
        scores = scores.float().masked_fill(~there, NEVER)
        before = scores.softmax(dim=2)
        if coverage is None:
            coverage = before.cumsum(dim=1) - before
        weary = scores - functional.softplus(self.weariness) * coverage
        after = weary.masked_fill(~there, NEVER).softmax(dim=2)
        some = there.any(dim=2, keepdim=True).to(after.dtype)  # of no token, nothing is seen
        return before * some, after * some

    def _words(
        self, states: torch.Tensor, vectors: torch.Tensor, seen: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probabilities of words (B, R, V), and shares of writing and copying (B, R, 2)."""
        known = torch.cat([states, seen.to(states.dtype)], dim=2)
        meant = self.dropout(torch.tanh(self.joined(known)))
        logits = functional.linear(meant, self.table.weight, self.bias).float() + self.never
        gate = self.gate(torch.cat([known, vectors], dim=2)).float().softmax(dim=2)
        return logits.log_softmax(dim=2), gate


class Remembering(nn.Module):
    """The part that reads a case once: inputs -> the arrays of its `Memory`."""

    def __init__(self, network: StudyNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, arrays: Tensors) -> Tensors:
        """``values``, ``keys``, ``there``, ``numbers`` (B, S, ...) and ``hidden`` (B, H)."""
        memory = self.network.head.remember(self.network.features(arrays), arrays)  # type: ignore[operator]
        return {
            "values": memory.values,
            "keys": memory.keys,
            "there": memory.there.float(),
            "numbers": memory.numbers.float(),
            "hidden": memory.hidden,
        }


class Stepping(nn.Module):
    """The part that is asked for every next token; see `PointerDecoder.step`."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head

    def forward(self, arrays: Tensors) -> Tensors:
        """The arrays of a memory, ``tokens`` (B, R), ``hidden``, ``coverage`` -> the next ones."""
        memory = Memory(
            arrays["values"],
            arrays["keys"],
            arrays["there"] > 0,
            arrays["numbers"].long(),
            arrays["hidden"],
        )
        found: Tensors = self.head.step(arrays["tokens"], memory, arrays["coverage"])  # type: ignore[operator]
        return found
