"""From the logits of voxels to the outlines of one case, slab by slab.

Enters: a prepared volume and a network on patches. Leaves: the mask on the grid of the
source, and some of the voxels that the network was not sure of, by which its quality is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bedside.data.packed_mask import as_masks, pack
from bedside.data.patches import Box
from bedside.schema import Array, Arrays, Network, Rows, State
from bedside.tasks.outside import STRANGENESS
from bedside.tasks.passes import averaged
from bedside.tasks.sliding import Window, regridded, slabs, thin

PATCH = "patch"
"""The network that is asked, on boxes of one size."""
SURE = 6.9
"""A voxel whose best logit leads by so much is sure: its probability is above 0.999."""
KEPT = 2048
"""Unsure voxels that are kept of a case, spread over its slabs."""
FEWEST_A_SLAB = 16
DOUBT = 255
"""Of an entropy that could not be larger."""


def outline(networks: Mapping[str, Network], arrays: Mapping[str, Rows], state: State) -> Arrays:
    """Outline prepared cases.

    Args:
        networks: ``patch``.
        arrays: of whole volumes: values, source and spacing.
        state: of the task, with its plan.

    Returns:
        ``mask`` (N,) packed masks on the grids of the sources; ``sure`` (N, K + 1), voxels of
        each class that are sure; and of S unsure ones ``logits`` (N, S, K + 1), ``weight``
        (N, S), how many voxels each stands for, 0 where there are fewer, and ``at`` (N, S),
        their place among the source's voxels. Where the state asks for ``uncertainty``, also
        ``entropy`` (N,), packed like masks: 255 at voxels of which nothing is known. Of a
        network that knows its training patches ``strangeness`` (N,), the mean over patches.
    """
    plan = state["plan"]
    name, values = plan["input"], f"{plan['input']}.values"
    window = Window(tuple(plan["patch"]), plan["overlap"])

    strange: list[Array] = []

    def one_look(patches: Array) -> Array:
        outputs = networks[PATCH]({values: patches})
        if STRANGENESS in outputs:
            strange.append(outputs[STRANGENESS][:, 0])
        return outputs["logits"]

    answer = averaged(one_look, plan.get("passes", 1), mirror=plan.get("mirror", False))
    temperature = state.get("quality", {}).get("temperature", 1.0)
    asked = temperature if state.get("uncertainty") else None
    masks, kept, doubts, far = [], [], [], []
    for row in range(len(arrays[values])):
        one = slice(row, row + 1)
        volume = arrays[values][one][0]
        strange.clear()
        depth, height, width = map(int, arrays[f"{name}.source"][one][0])
        source = depth, height, width
        found = thin(slabs(answer, volume, window), want=source)
        planes = regridded(found, volume.shape[1:], source)
        case = _Case(source, 1 + len(state["names"]), asked)
        for slab in planes:
            case.add(slab)
        spacing = tuple(map(float, arrays[f"{name}.spacing"][one][0]))
        masks.append(pack(case.voxels, spacing))
        kept.append(case.kept())
        if strange:
            far.append(np.concatenate(strange).mean())
        if case.doubt is not None:
            doubts.append(pack(case.doubt, spacing))
    stacked = {key: np.stack([each[key] for each in kept]) for key in (kept[0] if kept else {})}
    maps = {"entropy": as_masks(doubts)} if asked is not None else {}
    maps |= {STRANGENESS: np.array(far)} if far else {}
    return {"mask": as_masks(masks), **stacked, **maps}


@dataclass
class _Case:
    """The mask of one case, as far as it is known, and what is kept beside it."""

    shape: Box
    classes: int
    temperature: float | None = None
    done: int = 0
    logits: list[Array] = field(default_factory=list)
    weight: list[Array] = field(default_factory=list)
    at: list[Array] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.voxels = np.empty(self.shape, dtype=np.uint8)
        self.sure = np.zeros(self.classes)
        asked = self.temperature is not None
        self.doubt = np.empty(self.shape, dtype=np.uint8) if asked else None

    def add(self, slab: Array) -> None:
        """Decide the next planes (K + 1, d, H, W)."""
        depth = slab.shape[1]
        first = self.done * self.shape[1] * self.shape[2]
        labels = slab.argmax(axis=0)
        self.voxels[self.done : self.done + depth] = labels
        if self.doubt is not None and self.temperature is not None:
            self.doubt[self.done : self.done + depth] = entropy(slab / self.temperature)
        self.done += depth
        flat = slab.reshape(self.classes, -1)
        unsure = np.flatnonzero(_lead(flat) < SURE)
        counts = np.bincount(labels.reshape(-1), minlength=self.classes)
        counts = counts - np.bincount(labels.reshape(-1)[unsure], minlength=self.classes)
        self.sure += counts
        quota = max(FEWEST_A_SLAB, KEPT * depth // self.shape[0])
        some = unsure[:: -(-len(unsure) // quota)] if len(unsure) else unsure
        self.logits.append(flat[:, some].T)
        self.weight.append(np.full(len(some), len(unsure) / max(len(some), 1)))
        self.at.append(first + some)

    def kept(self) -> Arrays:
        """What is kept, filled up or cut to the same length for every case."""
        logits = np.concatenate([*self.logits, np.zeros((KEPT, self.classes), np.float32)])
        weight = np.concatenate([*self.weight, np.zeros(KEPT)])
        at = np.concatenate([*self.at, np.zeros(KEPT, np.int64)])
        return {
            "sure": self.sure,
            "logits": logits[:KEPT].astype(np.float32),
            "weight": weight[:KEPT].astype(np.float32),
            "at": at[:KEPT].astype(np.int64),
        }


def entropy(logits: Array) -> Array:
    """(K, ...) -> (...) uint8: Shannon's entropy as a share of the largest, in 255ths."""
    shifted = logits - logits.max(axis=0)
    odds = np.exp(shifted)
    total = odds.sum(axis=0)
    nats = np.log(total) - (odds * shifted).sum(axis=0) / total
    share = np.clip(nats / np.log(len(logits)), 0, 1)
    return np.asarray(np.rint(share * DOUBT), dtype=np.uint8)


def _lead(logits: Array) -> Array:
    """(K, V) -> (V,) how far the best logit lies above the second."""
    if len(logits) == 2:
        return np.asarray(np.abs(logits[0] - logits[1]))
    two = np.partition(logits, len(logits) - 2, axis=0)[-2:]
    return np.asarray(two[1] - two[0])
