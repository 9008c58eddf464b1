"""Prepared arrays of every part: in memory, or on disk where they do not fit.

Enters: inputs with their readings and fitted states, and the rows of each part. Leaves:
arrays by part, the same numbers wherever they lie. On disk each case is prepared once, a
few hundred at a time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bedside.data.cache import Place, code_of, fits_in_memory, key_of
from bedside.modalities.reading import Readings
from bedside.schema import Array, Arrays, Modality, Part, Rows, State
from bedside.training.stored_rows import RowWriter, StoredRows

BLOCK = 256
"""Cases that are prepared at a time on the way to the disk."""
PartRows: TypeAlias = dict[Part, Array]
"""Part -> (n,) rows of the cohort."""


@dataclass(frozen=True)
class Input:
    """One input of a study, fitted.

    Args:
        name: in the study.
        modality: reads and prepares it.
        state: fitted on training samples.
        readings: N samples.
    """

    name: str
    modality: Modality
    state: State
    readings: Readings

    def prepared(self, rows: Array) -> Arrays:
        """Array name -> (n, ...) of n readable rows, collated together."""
        samples = self.readings.at(rows)
        return self.modality.collate([self.modality.prepare(s, self.state) for s in samples])


def prepare_arrays(
    inputs: Sequence[Input], rows: Mapping[str, Array], *, place: Place | None
) -> dict[str, dict[str, Rows]]:
    """Part -> ``"<input>.<array>"`` -> its rows, inputs in their order.

    Args:
        inputs: of the study.
        rows: of each part and of what is learnt from beside, all of them readable.
        place: for arrays that do not fit into memory; None keeps all in memory.

    Raises:
        RunError: the disk is full or cannot be written.
    """
    sizes = {own.name: _expected_bytes(own, rows) for own in inputs}
    large = [own for own in inputs if not fits_in_memory(sizes[own.name])]
    if place is not None and large:
        place.make(
            _key(large, rows),
            lambda folder: _write(large, rows, folder),
            size=sum(sizes[own.name] for own in large),
        )
    found: dict[str, dict[str, Rows]] = {part: {} for part in rows}
    for part, own_rows in rows.items():
        for own in inputs:
            stored = {} if place is None or own not in large else _stored(place.folder, part, own)
            found[part] |= stored or {
                f"{own.name}.{key}": values
                for key, values in sorted(own.prepared(own_rows).items())
            }
    return found


def _expected_bytes(own: Input, rows: Mapping[str, Array]) -> float:
    """What an input's arrays will take, from its first training cases."""
    some = rows["train"][:BLOCK]
    size = sum(values.nbytes for values in own.prepared(some).values())
    return size / len(some) * sum(map(len, rows.values()))


def _key(inputs: Sequence[Input], rows: Mapping[str, Array]) -> str:
    """A name of all that prepared arrays are made from."""
    words: list[object] = [key_of(values.tobytes()) for values in rows.values()]
    for own in inputs:
        read = own.readings.key or os.urandom(16).hex()  # in memory: not to be found again
        state = json.dumps(own.state, sort_keys=True)
        words += [own.name, repr(own.modality), code_of(own.modality), state, read]
    return key_of(*words)


def _write(inputs: Sequence[Input], rows: Mapping[str, Array], folder: Path) -> bool:
    """Write each input that has one form in all its cases; the others are left out."""
    for own in inputs:
        for part, own_rows in rows.items():
            if not _write_part(own, own_rows, folder / part):
                for path in folder.glob(f"*-{own.name}.*.npy"):
                    path.unlink()
                break
    return True


def _write_part(own: Input, rows: Array, stem: Path) -> bool:
    """Whether all blocks had the form of the first."""
    writers: dict[str, RowWriter] = {}
    try:
        for block in _blocks(own, rows):
            for name, values in block.items():
                if name not in writers:
                    path = stem.with_name(f"{stem.name}-{own.name}.{name}.npy")
                    writers[name] = RowWriter(path, values, len(rows))
                if not writers[name].write(values):
                    return False
    finally:
        for writer in writers.values():
            writer.close()
    return True


def _blocks(own: Input, rows: Array) -> Iterator[Arrays]:
    for start in range(0, len(rows), BLOCK):
        yield own.prepared(rows[start : start + BLOCK])


def _stored(folder: Path, part: str, own: Input) -> dict[str, Rows]:
    """The arrays of one part that lie on disk."""
    start = f"{part}-"
    paths = sorted(folder.glob(f"{start}{own.name}.*.npy"))
    return {path.name.removeprefix(start).removesuffix(".npy"): StoredRows(path) for path in paths}
