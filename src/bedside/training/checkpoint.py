"""Checkpoints: safetensors and JSON, no pickle; written whole or not at all.

One file holds everything, so that weights and progress can never disagree:
tensors by name, and the progress as JSON in the file's own metadata, with a
checksum over both. The file before the newest is kept beside it.
"""

from __future__ import annotations

import json
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from bedside.errors import RunError
from bedside.run_folder import atomic

if TYPE_CHECKING:
    from pathlib import Path

Tensors = dict[str, torch.Tensor]


class DamagedError(RunError):
    """A checkpoint that cannot be read or does not fit its checksum."""


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by name (``"<group>/<name>"``) and plain progress.

    Args:
        tensors: of all groups.
        progress: plain JSON.
        older: whether the newest file was damaged and this is the one before it.
    """

    tensors: Tensors
    progress: dict[str, Any]
    older: bool = False

    def group(self, name: str) -> Tensors:
        """The tensors of one group, names without the prefix."""
        prefix = f"{name}/"
        return {k.removeprefix(prefix): v for k, v in self.tensors.items() if k.startswith(prefix)}


def save_checkpoint(path: Path, groups: dict[str, Tensors], progress: dict[str, Any]) -> None:
    """Write groups of tensors and the progress atomically; the file before stays as a spare.

    Raises:
        RunError: the disk is full or the folder cannot be written; the last checkpoint is kept.
    """
    tensors = {
        f"{group}/{name}": tensor.detach().cpu().contiguous().clone()
        for group, members in groups.items()
        for name, tensor in members.items()
    }
    words = json.dumps(progress)
    metadata = {"progress": words, "checksum": _checksum(tensors, words)}
    with atomic(path) as partial:
        partial.write_bytes(save(tensors, metadata=metadata))
        if path.exists():
            path.replace(_spare(path))  # from here to the end of the block the spare stands in


def drop_spare(path: Path) -> None:
    """Remove the spare of a training that is done: its last checkpoint was read back."""
    with suppress(OSError):
        _spare(path).unlink()


def has_checkpoint(path: Path) -> bool:
    """Whether there is one to load, were it the spare alone."""
    return path.exists() or _spare(path).exists()


def load_checkpoint(path: Path) -> Checkpoint | None:
    """Read a checkpoint, or where it is damaged the one before; None where there is none.

    Raises:
        RunError: all files that are there are damaged.
    """
    there = [each for each in (path, _spare(path)) if each.exists()]
    for each in there:
        with suppress(DamagedError):
            tensors, progress = _read(each)
            if each != path:
                each.replace(path)  # the next save must not put a damaged file in its place
            return Checkpoint(tensors, progress, older=each != there[0])
    if there:
        raise RunError(
            f"{path.name}: expected a checkpoint of bedside, got a damaged file. "
            "Remove the checkpoint folder and run again."
        )
    return None


def _spare(path: Path) -> Path:
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def _read(path: Path) -> tuple[Tensors, dict[str, Any]]:
    try:
        with safe_open(path, framework="pt") as stream:
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
            metadata = stream.metadata()
        words, checksum = metadata["progress"], metadata["checksum"]
        progress = json.loads(words)
    except (SafetensorError, KeyError, TypeError, json.JSONDecodeError, OSError):
        raise DamagedError(f"{path.name}: damaged.") from None
    if _checksum(tensors, words) != checksum:
        raise DamagedError(f"{path.name}: damaged.")
    return tensors, progress


def _checksum(tensors: Tensors, words: str) -> str:
    """CRC-32 of the progress and of all tensors in the order of their names."""
    found = zlib.crc32(words.encode())
    for name in sorted(tensors):
        found = zlib.crc32(name.encode(), found)
        values = tensors[name].reshape(-1).view(torch.uint8)
        found = zlib.crc32(values.numpy().data, found)
    return f"{found:08x}"


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
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    state: dict[int, Tensors] = {}
    for name, tensor in tensors.items():
        index, _, slot = name.partition(".")
        own = parameters[int(index)]
        # a fused step walks through memory, so moments must lie as their weights do
        lying = torch.empty_like(own).copy_(tensor) if tensor.shape == own.shape else tensor
        state.setdefault(int(index), {})[slot] = tensor if slot == "step" else lying
    optimiser.load_state_dict({**words, "state": state})
