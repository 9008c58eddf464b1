"""Volumes with their masks become the parts that networks and baselines see.

Enters: volumes as read, their masks, and the parts. Leaves: a `Preparation` whose volumes lie
at one spacing, in memory or in files on disk, so that an epoch decodes nothing. Spacing
and intensities are learnt from training cases alone.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bedside.data.cache import Place, fits_in_memory
from bedside.data.packed_mask import PackedMask
from bedside.data.ragged import Ragged, write_arrays
from bedside.errors import DataError, Problems
from bedside.modalities.image import Image
from bedside.modalities.label_masks import refuse_other_grid
from bedside.modalities.mask_grid import resampled_labels, size_at
from bedside.modalities.volume import Volume
from bedside.modalities.volume_whole import Seen
from bedside.schema import PARTS, Array, Arrays, Part, Rows, Sample, State, Targets
from bedside.training.loader import Prepared
from bedside.training.pictures import on_pictures
from bedside.training.preparation import Preparation, raise_if_empty

if TYPE_CHECKING:
    from pathlib import Path

    from bedside.modalities.reading import Readings

VALUES, GRID = "values", "grid"
Where = Callable[[int], str]


@dataclass(frozen=True)
class _Source:
    """What all parts are made from: one input, the masks, and how a message names a row."""

    name: str
    modality: Volume | Image
    readings: Readings
    masks: Array
    where: Where

    def sample(self, row: int) -> Sample:
        (found,) = self.readings.at([row])
        return found


def prepare_volumes(
    inputs: Mapping[str, tuple[Volume | Image, Readings]],
    targets: Targets,
    *,
    parts: Array,
    where: Where,
    place: Place | None = None,
) -> Preparation:
    """Learn spacing and intensities from training cases, then prepare every case with a mask.

    Args:
        inputs: one whole volume, or picture, with its N samples.
        targets: kind ``mask``, of the same N cases.
        parts: (N,) part of each case.
        where: names a row in messages.
        place: where volumes lie that do not fit into memory; None keeps all in memory.

    Raises:
        DataError: a mask is not on the grid of its volume, by row; a part has no case.
        RunError: the disk is full or cannot be written.
    """
    ((name, (modality, readings)),) = inputs.items()
    usable = targets.arrays["known"][:, 0] & readings.readable
    if isinstance(modality, Image):
        targets = on_pictures(targets, readings, np.flatnonzero(usable), where=where)
    source = _Source(name, modality, readings, targets.arrays["truth"], where)
    rows = {part: np.flatnonzero((parts == part) & usable) for part in PARTS}
    raise_if_empty(rows)
    state, size = _learnt(source, rows)
    stored = {}
    if place is None or fits_in_memory(size):
        for part, own in rows.items():
            made = [_prepared(source, int(row), state) for row in own]
            stored[part] = Ragged([v for v, _ in made]), Ragged([g for _, g in made])
    else:
        stored = _on_disk(source, rows, state, place=place, size=size)
    geometry = {part: _geometry(source, own) for part, own in rows.items()}
    return Preparation(
        {name: state},
        {
            part: Prepared(
                {f"{name}.{VALUES}": stored[part][0], **geometry[part]},
                _with_grid(targets, own, stored[part][1]),
                own,
            )
            for part, own in rows.items()
        },
    )


def whole(modality: object) -> Volume | Image:
    """The modality, which the task has made sure is a volume that keeps its size, or an image."""
    if not isinstance(modality, Volume | Image):
        raise TypeError(f"nothing is outlined in a {type(modality).__name__}")
    return modality


def _learnt(source: _Source, rows: Mapping[Part, Array]) -> tuple[State, float]:
    """The state of the volumes, and bytes that all of them will take."""
    modality = source.modality
    if not isinstance(modality, Volume):
        state = modality.fit(source.sample(int(row)) for row in rows["train"])
        pixel = 1 + state["channels"] * np.dtype(state["dtype"]).itemsize
        return state, float(sum(map(len, rows.values())) * math.prod(modality.size) * pixel)
    seen, problems, sides = Seen(), Problems(DataError), []
    learning = set(rows["train"].tolist())
    for row in sorted(int(row) for own in rows.values() for row in own):
        sample, mask = source.sample(row), source.masks[row]
        try:
            refuse_other_grid(mask.geometry, sample.geometry, where=source.where(row))
        except DataError as error:
            problems.found.append(str(error))
        sides.append((sample.geometry.shape, sample.geometry.spacing_mm))
        if row in learning and mask.shape == sample.geometry.shape:
            seen.note(sample, where=mask.voxels() > 0, name=modality.column)
    problems.raise_if_any()
    spacing, normalise, column = modality.whole_words
    state = seen.state(spacing, normalise=normalise, name=column)
    bytes_a_voxel = 2 * state["channels"] + 1
    voxels = sum(
        math.prod(size_at(shape, spacing_mm=have, wanted_mm=state["spacing_mm"]))
        for shape, have in sides
        if have
    )
    return state, float(bytes_a_voxel * voxels)


def _prepared(source: _Source, row: int, state: State) -> tuple[Array, Array]:
    """Values (C, D, H, W) and labels (D, H, W) of one case on the common grid."""
    values = source.modality.prepare(source.sample(row), state)[VALUES]
    depth, height, width = values.shape[1:]
    return values, resampled_labels(source.masks[row].voxels(), (depth, height, width))


def _on_disk(
    source: _Source, rows: Mapping[Part, Array], state: State, *, place: Place, size: float
) -> dict[Part, tuple[Ragged, Ragged]]:
    """Volumes and labels of every part, written one after the other."""
    found: dict[Part, tuple[Ragged, Ragged]] = {}

    def write(folder: Path) -> bool:
        for part, own in rows.items():
            grids: list[Array] = []
            values = write_arrays(folder / f"{part}-{VALUES}.bin", _each(source, own, state, grids))
            found[part] = values, write_arrays(folder / f"{part}-{GRID}.bin", grids)
        return False

    place.make(os.urandom(16).hex(), write, size=size)
    return found


def _each(
    source: _Source, rows: Iterable[int], state: State, grids: list[Array]
) -> Iterator[Array]:
    """Values of each case; its labels join `grids`."""
    for row in rows:
        values, grid = _prepared(source, int(row), state)
        grids.append(grid)
        yield values


def _geometry(source: _Source, rows: Array) -> Arrays:
    """What leads from the common grid back to that of each source."""
    masks: list[PackedMask] = [source.masks[row] for row in rows]
    return {
        f"{source.name}.source": np.array([mask.shape for mask in masks], np.int32),
        f"{source.name}.spacing": np.array([mask.spacing_mm for mask in masks], np.float32),
    }


def _with_grid(targets: Targets, rows: Array, grid: Rows) -> Targets:
    own = targets.take(rows)
    return replace(own, arrays={**own.arrays, GRID: grid})
