"""Batches: one fancy index over prepared arrays, augmented as a whole.

No per-case Python: an epoch costs what its arithmetic costs.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from bedside.schema import Array, Modality, Rows, Targets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bedside.data.packed_mask import PackedMask

Tensors = dict[str, torch.Tensor]

BLOCK_BYTES = 2**24
"""Of rows that are hashed at a time."""


@dataclass(frozen=True)
class Prepared:
    """Prepared cases of one part.

    Args:
        arrays: ``"<input>.<array>"`` -> (N, ...), in memory, on disk or made on the way.
        targets: of the same N cases.
        rows: (N,) rows of the cohort, for naming cases.
        texts: text input -> the N texts as they were read, uncut.
    """

    arrays: Mapping[str, Rows]
    targets: Targets
    rows: Array
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def fingerprint(self) -> str:
        """Name these cases by content and order: the arrays and targets, not the rows."""
        return fingerprint({**self.arrays, **self.targets.arrays})


def fingerprint(arrays: Mapping[str, Rows]) -> str:
    """Hash of arrays with their names, in the cases' order; tells nothing of them."""
    digest = hashlib.sha256()
    for name, values in sorted(arrays.items()):
        digest.update(f"{name}{values.dtype}{values.shape}".encode())
        looked_up = getattr(values, "content", None)  # windows would repeat each point many times
        for block in _blocks(values) if looked_up is None else looked_up():
            if block.dtype == object:  # texts, masks; the array itself holds their addresses
                digest.update(json.dumps(block.tolist(), default=_digest).encode())
            else:
                digest.update(np.ascontiguousarray(block).data)
    return digest.hexdigest()[:16]


def _digest(value: PackedMask) -> str:
    return value.digest


def _blocks(values: Rows) -> Iterator[Array]:
    """All rows in order, so many at a time as `BLOCK_BYTES` hold."""
    each = math.prod(values.shape[1:]) * values.dtype.itemsize
    step = max(1, BLOCK_BYTES // max(each, 1))
    for start in range(0, len(values), step):
        yield values[start : start + step]


def epoch_generator(seed: int, epoch: int) -> torch.Generator:
    """The generator of one epoch, so that resuming at an epoch repeats it exactly."""
    state = np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state) >> 1)


def epoch_rows(
    count: int, batch_size: int, generator: torch.Generator, *, most: int = 0
) -> list[Array]:
    """Rows of the batches of one epoch, shuffled; a last batch of a single case is left out.

    Batch norm cannot learn from one case; which case that is changes each epoch.

    Args:
        count: cases there are.
        batch_size: cases of a batch.
        generator: draws the order.
        most: cases of an epoch, drawn anew for each; 0 takes all.
    """
    order = torch.randperm(count, generator=generator).numpy()
    order = order[:most] if most else order
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    return [rows for rows in batches if len(rows) > 1]


def take(part: Prepared, rows: Array) -> tuple[Tensors, Tensors]:
    """Inputs and targets of some cases, as tensors; texts are left out."""
    inputs = {name: torch.from_numpy(array[rows]) for name, array in part.arrays.items()}
    targets = {
        name: torch.from_numpy(array[rows])
        for name, array in part.targets.arrays.items()
        if array.dtype != object
    }
    return inputs, targets


def augment(
    inputs: Tensors, modalities: Mapping[str, Modality], generator: torch.Generator
) -> Tensors:
    """Let each input's modality augment its own arrays."""
    done = dict(inputs)
    for name, modality in modalities.items():
        prefix = f"{name}."
        own = {key.removeprefix(prefix): v for key, v in inputs.items() if key.startswith(prefix)}
        done |= {prefix + key: v for key, v in modality.augment(own, generator).items()}
    return done
