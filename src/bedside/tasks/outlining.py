"""From the logits of voxels to the outlines of one case, slab by slab.

Enters: a prepared volume and a network on patches. Leaves: the mask on the grid of the
source, and what its uncertain voxels say of its quality.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from bedside.data.packed_mask import PackedMask, as_masks, pack
from bedside.data.patches import Box
from bedside.schema import Array, Arrays, Network, Rows, State
from bedside.tasks.sliding import Window, regridded, slabs

PATCH = "patch"
"""The network that is asked, on boxes of one size."""


def outline(networks: Mapping[str, Network], arrays: Mapping[str, Rows], state: State) -> Arrays:
    """Masks (N,) of prepared cases; see `tasks.segment`.

    Args:
        networks: ``patch``.
        arrays: of a whole volume: values, source and spacing.
        state: of the task, with its plan.
    """
    plan, masks = state["plan"], []
    name = plan["input"]
    values = f"{name}.values"
    window = Window(tuple(plan["patch"]), plan["overlap"])

    def answer(patches: Array) -> Array:
        return networks[PATCH]({values: patches})["logits"]

    for row in range(len(arrays[values])):
        one = slice(row, row + 1)
        volume = arrays[values][one][0]
        depth, height, width = map(int, arrays[f"{name}.source"][one][0])
        source = depth, height, width
        spacing = tuple(float(side) for side in arrays[f"{name}.spacing"][one][0])
        planes = regridded(slabs(answer, volume, window), volume.shape[1:], source)
        masks.append(_mask(planes, source, spacing))
    return {"mask": as_masks(masks)}


def _mask(planes: Iterator[Array], shape: Box, spacing: tuple[float, ...]) -> PackedMask:
    voxels = np.empty(shape, dtype=np.uint8)
    done = 0
    for slab in planes:
        voxels[done : done + slab.shape[1]] = slab.argmax(axis=0)
        done += slab.shape[1]
    return pack(voxels, spacing)
