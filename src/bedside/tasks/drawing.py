"""Summaries drawn from a network: several a case, token by token.

Enters: the parts of a network that writes (``remember`` reads a case once, ``step`` answers how
probable each next token is) and prepared arrays. Leaves: R summaries a case, drawn by their
probability, and which of their tokens were copied.

What is drawn depends on a case's own tokens, never on the cases beside it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bedside.modalities.text_tokens import BEGIN, END
from bedside.schema import Array, Arrays, Network

MEMORY = ("values", "keys", "there", "numbers")
"""What `step` is told of a case at every token, unchanged."""
COMPACT_EVERY = 8
"""Tokens, after which the cases whose summaries are all finished are left out."""


@dataclass(frozen=True)
class Manner:
    """How summaries are drawn.

    Args:
        rows: R, summaries of each case.
        longest: tokens of a summary at most.
        temperature: below 1 what is probable is drawn more often than it is probable
            (Ackley 1985, doi:10.1207/s15516709cog0901_7).
        seed: the same seed draws the same.
    """

    rows: int
    longest: int
    temperature: float
    seed: int


@dataclass(frozen=True)
class Drawn:
    """R summaries of each of B cases.

    Args:
        tokens: (B, R, L) int64, 0 after the end.
        copied: (B, R, L) bool, whether copying gave a token more than half its probability.
    """

    tokens: Array
    copied: Array


def draw(networks: Mapping[str, Network], arrays: Arrays, manner: Manner, *, source: str) -> Drawn:
    """Draw summaries of all cases, in blocks that fit into memory.

    Args:
        networks: ``remember`` and ``step``.
        arrays: prepared, ``"<input>.<array>"`` (B, ...).
        manner: how.
        source: the input whose tokens decide what is drawn.
    """
    texts = arrays[f"{source}.tokens"]
    chances = np.zeros((manner.longest, len(texts), manner.rows))
    for case, text in enumerate(texts):
        chances[:, case] = _chances(text, manner)
    return _Writing(networks, arrays, manner).finished(chances)


def _chances(text: Array, manner: Manner) -> Array:
    """(L, R) numbers in [0, 1) that belong to one text."""
    own = zlib.crc32(np.trim_zeros(text.astype(np.int64), "b").tobytes())
    return np.random.default_rng([manner.seed, own]).random((manner.longest, manner.rows))


class _Writing:
    """Summaries under way."""

    def __init__(self, networks: Mapping[str, Network], arrays: Arrays, manner: Manner) -> None:
        self._step, self._manner = networks["step"], manner
        read = networks["remember"](arrays)
        cases, rows = len(read["hidden"]), manner.rows
        self._memory = {name: read[name] for name in MEMORY}
        self._hidden = np.repeat(read["hidden"][:, None], rows, axis=1)
        self._coverage = np.zeros((cases, rows, read["there"].shape[1]), dtype=np.float32)
        self._last = np.full((cases, rows), BEGIN, dtype=np.int64)
        self._places = np.arange(cases)
        shape = (cases, rows, manner.longest)
        self._tokens, self._copied = np.zeros(shape, np.int64), np.zeros(shape, dtype=bool)

    def finished(self, chances: Array) -> Drawn:
        """Write on until every summary has ended, or is as long as may be."""
        for place, chance in enumerate(chances):
            going = self._last != END
            if place % COMPACT_EVERY == 0:
                self._keep(np.flatnonzero(going.any(axis=1)))
                going = self._last != END
            if not going.any():
                break
            answer = self._step(
                {
                    **self._memory,
                    "tokens": self._last,
                    "hidden": self._hidden,
                    "coverage": self._coverage,
                }
            )
            self._hidden, self._coverage = answer["next_hidden"], answer["next_coverage"]
            drawn = picked(answer["probability"], chance[self._places], self._manner.temperature)
            self._last = np.where(going, drawn, END)
            self._note(place, answer, going & (drawn != END))
        return Drawn(self._tokens, self._copied)

    def _note(self, place: int, answer: Arrays, written: Array) -> None:
        """Write down one token of each summary that goes on, and whether it was copied."""
        there = self._memory["numbers"][:, None, :] == self._last[:, :, None]
        copied = (answer["copied"] * there).sum(axis=2)
        whole = np.take_along_axis(answer["probability"], self._last[:, :, None], axis=2)[:, :, 0]
        self._tokens[self._places, :, place] = np.where(written, self._last, 0)
        self._copied[self._places, :, place] = written & (copied > whole / 2)

    def _keep(self, cases: Array) -> None:
        """Leave out the cases that are finished."""
        if len(cases) == len(self._places):
            return
        self._memory = {name: values[cases] for name, values in self._memory.items()}
        self._hidden, self._coverage = self._hidden[cases], self._coverage[cases]
        self._last, self._places = self._last[cases], self._places[cases]


def picked(probability: Array, chance: Array, temperature: float) -> Array:
    """Draw by probability: (B, R, V) and numbers in [0, 1) (B, R) -> (B, R) int64."""
    sharp = probability.astype(np.float64) ** (1 / temperature)
    mass = np.cumsum(sharp, axis=2)
    wanted = chance[:, :, None] * mass[:, :, -1:]
    return np.asarray(np.argmax(mass > wanted, axis=2))
