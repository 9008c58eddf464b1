"""What all encoders of a signal do with their arrays first.

Enters: standardised ``values`` (B, C, T), and, where the study asks for them, ``ahead``
(B, K, T + S), planned amounts, and ``clock`` (B, 2). Leaves: the history seen from its
last value, and what stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from bedside.errors import StudyError, sentence

SHORTEST = 2


def check_history(encoder: str, shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, int]:
    """Channels and steps of ``values``.

    Raises:
        StudyError: the input is no signal.
    """
    shape = shapes["values"]
    if len(shape) != 2 or shape[1] < SHORTEST:
        raise StudyError(
            sentence(
                f"encoder '{encoder}'",
                expected="a signal (channels, steps) of at least two steps",
                got=f"an array of shape {shape}",
                remedy="Choose another encoder for this input",
            )
        )
    return shape[0], shape[1]


def centred(
    values: torch.Tensor, mask: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, C, T) -> the same with the first channel seen from its last value, and that (B, 1).

    A rise from 100 looks like one from 200; how high it stands is told apart. Padding, where
    a mask (B, T) tells of it, stands at the end and is passed over.
    """
    last = last_valid(values.transpose(1, 2), mask)[:, :1]
    return torch.cat([values[:, :1] - last[:, :, None], values[:, 1:]], dim=1), last


def last_valid(tokens: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    """(B, T, F) -> (B, F) the last step, or with a mask (B, T) the last that is valid."""
    if mask is None:
        return tokens[:, -1]
    place = mask.long().sum(dim=1).clamp_min(1) - 1
    index = place[:, None, None].expand(-1, 1, tokens.shape[2])
    return tokens.gather(1, index)[:, 0]


def beside_width(shapes: Mapping[str, tuple[int, ...]], *, past: bool) -> int:
    """F of `beside`."""
    width = 1
    if "ahead" in shapes:
        channels, steps = shapes["ahead"]
        width += channels * (steps if past else steps - shapes["values"][1])
    return width + (shapes["clock"][0] if "clock" in shapes else 0)


def beside(
    arrays: dict[str, torch.Tensor], level: torch.Tensor, *, past: bool
) -> list[torch.Tensor]:
    """The level, what is planned and the time of day, each (B, F).

    Args:
        arrays: of the input.
        level: (B, 1), from `centred`.
        past: whether planned amounts of the past are told, too, for encoders that do not
            read them step by step.
    """
    found = [level]
    if "ahead" in arrays:
        begin = 0 if past else arrays["values"].shape[2]
        found.append(arrays["ahead"][:, :, begin:].flatten(1))
    if "clock" in arrays:
        found.append(arrays["clock"])
    return found


def step_by_step(arrays: dict[str, torch.Tensor], history: torch.Tensor) -> torch.Tensor:
    """(B, C + K, T): the history with the planned amounts of the past as further channels."""
    if "ahead" not in arrays:
        return history
    return torch.cat([history, arrays["ahead"][:, :, : history.shape[2]]], dim=1)
