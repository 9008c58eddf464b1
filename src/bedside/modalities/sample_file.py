"""Samples of any modality on disk, one after the other in one file.

Enters: samples as they are read. Leaves: a `SampleFile`, which looks like a list of them and
holds none in memory. A sample is JSON (its geometry, and dtype and shape of its arrays) and
then the arrays' bytes as they are: what comes back is equal bit for bit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

from bedside.data.cache import OpenFile
from bedside.schema import Array, Geometry, Sample

SAMPLES, STARTS = "samples.bin", "starts.npy"
ALIGNED = 64
"""Arrays start at a multiple of so many bytes."""
LENGTH = 8
BUFFER = 2**22


def write_samples(folder: Path, samples: Iterable[Sample | None]) -> None:
    """Write samples in order; None is written as nothing and comes back as None."""
    starts = [0]
    with (folder / SAMPLES).open("wb", buffering=BUFFER) as stream:
        for sample in samples:
            size = 0
            if sample is not None:
                for block in _encoded(sample):
                    size += stream.write(block)
            starts.append(starts[-1] + size)
    np.save(folder / STARTS, np.array(starts, dtype=np.int64), allow_pickle=False)


class SampleFile(Sequence[Sample | None]):
    """N samples that `write_samples` wrote, each read from disk when asked for."""

    def __init__(self, folder: Path) -> None:
        self._starts: Array = np.load(folder / STARTS, allow_pickle=False)
        self._file = OpenFile(folder / SAMPLES)

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, row: int) -> Sample | None: ...
    @overload
    def __getitem__(self, row: slice) -> list[Sample | None]: ...
    def __getitem__(self, row: int | slice) -> Sample | list[Sample | None] | None:
        """One sample, or the list of some."""
        if isinstance(row, slice):
            return [self._at(each) for each in range(len(self))[row]]
        return self._at(range(len(self))[row])

    def _at(self, row: int) -> Sample | None:
        start, end = int(self._starts[row]), int(self._starts[row + 1])
        if end == start:
            return None
        record = np.empty(end - start, dtype=np.uint8)
        self._file.read(record, start)
        return _decoded(record)


def _encoded(sample: Sample) -> list[bytes | memoryview]:
    """The pieces of one sample: length of the head, head, arrays, each filled up to `ALIGNED`."""
    geometry, values = sample.geometry, sample.values
    text = isinstance(values, str)
    if isinstance(values, str):
        values = np.frombuffer(values.encode("utf-8", "surrogatepass"), np.uint8)
    arrays = {"values": values, "affine": geometry.affine, "times_seconds": geometry.times_seconds}
    given = {name: array for name, array in arrays.items() if array is not None}
    head = {
        "text": text,
        "shape": geometry.shape,
        "spacing_mm": geometry.spacing_mm,
        "every_seconds": geometry.every_seconds,
        "source": dict(geometry.source),
        "arrays": {name: [array.dtype.str, array.shape] for name, array in given.items()},
    }
    words = json.dumps(head, default=_plain).encode()
    pieces: list[bytes | memoryview] = [len(words).to_bytes(LENGTH, "little"), words]
    pieces.append(_padding(LENGTH + len(words)))
    for array in given.values():
        flat = np.ascontiguousarray(array).reshape(-1)
        pieces += [flat.view(np.uint8).data, _padding(flat.nbytes)]
    return pieces


def _plain(value: Any) -> Any:
    """Numbers of numpy among plain facts."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a {type(value).__name__} is no plain fact of a sample's source")


def _padding(size: int) -> bytes:
    return bytes(-size % ALIGNED)


def _decoded(record: Array) -> Sample:
    at = LENGTH + int.from_bytes(record[:LENGTH].tobytes(), "little")
    head = json.loads(record[LENGTH:at].tobytes())
    at += len(_padding(at))
    arrays: dict[str, Array] = {}
    for name, (dtype, shape) in head["arrays"].items():
        size = math.prod(shape) * np.dtype(dtype).itemsize
        arrays[name] = record[at : at + size].view(dtype).reshape(shape)
        at += size + len(_padding(size))
    values = arrays.pop("values")
    shape, spacing = _tuples(head["shape"]), _tuples(head["spacing_mm"])
    source = {name: _tuples(fact) for name, fact in head["source"].items()}
    affine, times = arrays.pop("affine", None), arrays.pop("times_seconds", None)
    geometry = Geometry(
        shape,
        spacing,
        affine=affine,
        times_seconds=times,
        every_seconds=head.get("every_seconds"),
        source=source,
    )
    if head["text"]:
        return Sample(values.tobytes().decode("utf-8", "surrogatepass"), geometry)
    return Sample(values, geometry)


def _tuples(value: Any) -> Any:
    """Facts are tuples where JSON has lists."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
