"""Read many references at once, and keep going past the bad ones.

Enters: a modality and its references. Leaves: `Readings`, samples in the order asked for,
in memory or, of a large cohort, on disk, and one sentence for each that could not be read,
so that all faults of a cohort are shown together.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from bedside.data.cache import Place, code_of, fits_in_memory, key_of
from bedside.errors import DataError, Problems, sentence
from bedside.modalities.sample_file import SampleFile, write_samples
from bedside.schema import Array, Modality, Reference, Sample

SLICE = 512
"""References handed to the threads at a time: bounds what waits in memory."""


@dataclass(frozen=True)
class Readings:
    """N references, read.

    Args:
        samples: N samples in order, None where one could not be read. Those of a large
            cohort lie on disk and are looked up one by one: pass over them once.
        problems: position -> the sentence that says why; of each that could not be read.
        key: names files, their state and how they were read; None where they lie in memory.
    """

    samples: Sequence[Sample | None]
    problems: dict[int, str]
    key: str | None = None

    @cached_property
    def readable(self) -> Array:
        """(N,) bool; no sample is looked up for it."""
        readable = np.ones(len(self.samples), dtype=bool)
        readable[list(self.problems)] = False
        return readable

    def at(self, rows: Iterable[int]) -> Iterator[Sample]:
        """The samples of some rows, one by one; unreadable ones are left out."""
        return (sample for row in rows if (sample := self.samples[int(row)]) is not None)


def read_all(
    modality: Modality,
    references: Sequence[Reference],
    *,
    threads: int,
    progress: Callable[[int], None] | None = None,
) -> Readings:
    """Read every reference into memory; decoders release the interpreter's lock, so threads pay.

    Args:
        modality: its `read` is called once for each reference, from several threads.
        references: N of them.
        threads: at least 1; the result does not depend on it.
        progress: called, in this thread, with the number read so far.
    """
    problems: dict[int, str] = {}
    answers = _answers(modality, references, threads)
    samples = list(_samples(answers, problems, progress=progress))
    return Readings(samples, problems)


def read_cohort(
    modality: Modality,
    references: Sequence[Reference],
    *,
    place: Place,
    threads: int,
    progress: Callable[[int], None] | None = None,
) -> Readings:
    """Read every reference of a cohort: once, into memory where it fits, else onto disk.

    What lies on disk is found again where the files, the modality and its code are the same,
    unless something could not be read.

    Args:
        modality: its `read` is called once for each reference, from several threads.
        references: N of them.
        place: where samples lie that do not fit into memory.
        threads: at least 1; the result does not depend on it.
        progress: called, in this thread, with the number read so far.

    Raises:
        RunError: the disk is full or cannot be written.
    """
    key = _key(modality, references) if place.folder.exists() else ""
    if key and place.holds(key):
        return Readings(SampleFile(place.folder), {}, key)
    first = read_all(modality, references[:SLICE], threads=threads, progress=progress)
    expected = sum(map(_size, first.samples)) / max(len(first.samples), 1) * len(references)
    problems = dict(first.problems)
    answers = _answers(modality, references[SLICE:], threads)
    rest = _samples(answers, problems, progress=progress, start=len(first.samples))
    if fits_in_memory(expected):
        place.clear()  # of more cases, before some were left out
        return Readings([*first.samples, *rest], problems)

    def write(folder: Path) -> bool:
        write_samples(folder, itertools.chain(first.samples, rest))
        return not problems

    key = key or _key(modality, references)
    place.make(key, write, size=expected)
    if place.holds(key):  # ours without problems, or that of another process
        problems = {}
    return Readings(SampleFile(place.folder), problems, key)


def raise_unreadable(readings: Readings) -> None:
    """Raise one error for all problems, the first twenty in full.

    Raises:
        DataError: at least one reference could not be read.
    """
    Problems(DataError, [readings.problems[n] for n in sorted(readings.problems)]).raise_if_any()


def _samples(
    answers: Iterator[Sample | str],
    problems: dict[int, str],
    *,
    progress: Callable[[int], None] | None,
    start: int = 0,
) -> Iterator[Sample | None]:
    """Samples from position `start` on; the sentences of the others join the problems."""
    for position, answer in enumerate(answers, start=start):
        if isinstance(answer, Sample):
            yield answer
        else:
            problems[position] = answer
            yield None
        if progress is not None:
            progress(position + 1)


def _answers(
    modality: Modality, references: Sequence[Reference], threads: int
) -> Iterator[Sample | str]:
    def read(reference: Reference) -> Sample | str:
        return _read_one(modality, reference)

    if threads <= 1:
        yield from map(read, references)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="read") as pool:
        try:
            for start in range(0, len(references), SLICE):
                yield from pool.map(read, references[start : start + SLICE])
        except BaseException:  # an interrupt must not wait for a whole slice
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _read_one(modality: Modality, reference: Reference) -> Sample | str:
    """The sample, or the sentence that says why there is none."""
    try:
        return _in_order(modality.read(reference))
    except DataError as error:
        return str(error)
    except Exception as error:  # its words may quote the data, so only its type is told
        return sentence(
            reference.where,
            expected="a value that can be read",
            got=f"an unforeseen {type(error).__name__}",
            remedy="Check this row's file, or leave the row out",
        )


def _in_order(sample: Sample) -> Sample:
    """The same values one after the other in memory: sums over them come out the same."""
    if isinstance(sample.values, str) or sample.values.flags.c_contiguous:
        return sample
    return replace(sample, values=np.ascontiguousarray(sample.values))


def _size(sample: Sample | None) -> int:
    """Bytes of a sample's values."""
    if sample is None:
        return 0
    return len(sample.values) if isinstance(sample.values, str) else sample.values.nbytes


def _key(modality: Modality, references: Sequence[Reference]) -> str:
    """A name of what is read, how, and by which code."""
    return key_of(code_of(modality), repr(modality), *map(_state, references))


def _state(reference: Reference) -> object:
    """What must be the same for a reference to be read alike."""
    content = reference.content
    if isinstance(content, Path):
        try:
            found = content.stat()
        except OSError as error:
            return content, type(error).__name__
        return content, found.st_size, found.st_mtime_ns
    if isinstance(content, np.ndarray):
        return _array_state(content)
    if isinstance(content, str):
        return content
    return sorted(
        (k, _array_state(v) if isinstance(v, np.ndarray) else v) for k, v in content.items()
    )


def _array_state(array: Array) -> object:
    return array.dtype, array.shape, key_of(array.tobytes())
