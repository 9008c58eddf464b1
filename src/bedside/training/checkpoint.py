"""Checkpoints: safetensors and JSON, no pickle; written whole or not at all.

One file holds everything, so that weights and progress can never disagree:
tensors by name, and the progress as JSON in the file's own metadata.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from bedside.errors import RunError
from bedside.run_folder import write_bytes

if TYPE_CHECKING:
    from pathlib import Path

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by name (``"<group>/<name>"``) and plain progress."""

    tensors: Tensors
    progress: dict[str, Any]

    def group(self, name: str) -> Tensors:
        """The tensors of one group, names without the prefix."""
        prefix = f"{name}/"
        return {k.removeprefix(prefix): v for k, v in self.tensors.items() if k.startswith(prefix)}


def save_checkpoint(path: Path, groups: dict[str, Tensors], progress: dict[str, Any]) -> None:
    """Write groups of tensors and the progress atomically.

    Raises:
        RunError: the disk is full or the folder cannot be written.
    """
    tensors = {
        f"{group}/{name}": tensor.detach().cpu().contiguous().clone()
        for group, members in groups.items()
        for name, tensor in members.items()
    }
    write_bytes(path, save(tensors, metadata={"progress": json.dumps(progress)}))


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        RunError: the file is damaged.
    """
    try:
        with safe_open(path, framework="pt") as stream:
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
            progress = json.loads(stream.metadata()["progress"])
    except (SafetensorError, KeyError, TypeError, json.JSONDecodeError, OSError):
        raise RunError(
            f"{path.name}: expected a checkpoint of bedside, got a damaged file. "
            "Remove the checkpoint folder and run again."
        ) from None
    return Checkpoint(tensors, progress)


def flatten_optimiser(optimiser: torch.optim.Optimizer) -> Tensors:
    """AdamW's moments and steps as named tensors (``"<parameter>.<slot>"``)."""
    return {
        f"{index}.{slot}": torch.as_tensor(value)
        for index, slots in optimiser.state_dict()["state"].items()
        for slot, value in slots.items()
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: Tensors) -> None:
    """Put back what `flatten_optimiser` took."""
    words = optimiser.state_dict()
    state: dict[int, Tensors] = {}
    for name, tensor in tensors.items():
        index, _, slot = name.partition(".")
        state.setdefault(int(index), {})[slot] = tensor
    optimiser.load_state_dict({**words, "state": state})
