"""What both halves of keras_peer.py share: the made-up data, and how they are asked.

Imports numpy alone, since Keras' environment holds no more of ours.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

STEPS = 10
"""Of a window of the article's LSTM."""


@dataclass(frozen=True)
class Images:
    """(N, 128, 128, 3) uint8 pixels of noise and (N,) float32 labels."""

    pixels: np.ndarray[Any, Any]
    labels: np.ndarray[Any, Any]


def images(cases: int) -> Images:
    """The same images for both."""
    rng = np.random.default_rng(7)
    pixels = rng.integers(0, 256, (cases, 128, 128, 3), dtype=np.uint8)
    return Images(pixels, (np.arange(cases) % 2).astype(np.float32))


def windows(cases: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """(N, 10) float32 readings and (N, 1) the one after."""
    rng = np.random.default_rng(7)
    readings = 150 + 30 * rng.standard_normal((cases, STEPS + 1), dtype=np.float32)
    return readings[:, :STEPS].copy(), readings[:, STEPS:].copy()


def listen(side: Any) -> int:
    """Answer ``{"what": method, ...}`` lines until the input ends."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print must not be an answer
    for line in sys.stdin:
        words = json.loads(line)
        seconds, precision = getattr(side, words.pop("what"))(words.pop("workload"), **words)
        answers.write(json.dumps({"seconds": seconds, "precision": precision}) + "\n")
        answers.flush()
    return 0
