"""Read many references at once, and keep going past the bad ones.

Enters: a modality and its references. Leaves: `Readings`, samples in the order
asked for and one sentence for each that could not be read, so that all faults
of a cohort are shown together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bedside.errors import DataError, Problems, sentence
from bedside.schema import Modality, Reference, Sample

SLICE = 512
"""References handed to the threads at a time: bounds what waits in memory."""


@dataclass(frozen=True)
class Readings:
    """N references, read.

    Args:
        samples: N samples in order, None where one could not be read.
        problems: position -> the sentence that says why.
    """

    samples: list[Sample | None]
    problems: dict[int, str]


def read_all(
    modality: Modality,
    references: Sequence[Reference],
    *,
    threads: int,
    progress: Callable[[int], None] | None = None,
) -> Readings:
    """Read every reference; decoders release the interpreter's lock, so threads pay.

    Args:
        modality: its `read` is called once for each reference, from several threads.
        references: N of them.
        threads: at least 1; the result does not depend on it.
        progress: called, in this thread, with the number read so far.
    """
    samples: list[Sample | None] = []
    problems: dict[int, str] = {}
    for position, answer in enumerate(_answers(modality, references, threads)):
        if isinstance(answer, Sample):
            samples.append(answer)
        else:
            samples.append(None)
            problems[position] = answer
        if progress is not None:
            progress(position + 1)
    return Readings(samples, problems)


def raise_unreadable(readings: Readings) -> None:
    """Raise one error for all problems, the first twenty in full.

    Raises:
        DataError: at least one reference could not be read.
    """
    Problems(DataError, [readings.problems[n] for n in sorted(readings.problems)]).raise_if_any()


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
        return modality.read(reference)
    except DataError as error:
        return str(error)
    except Exception as error:  # its words may quote the data, so only its type is told
        return sentence(
            reference.where,
            expected="a value that can be read",
            got=f"an unforeseen {type(error).__name__}",
            remedy="Check this row's file, or leave the row out",
        )
