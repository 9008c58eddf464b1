"""Which stretches of a series belong to which part.

Enters: a series, whose each segment is, and the study's `split` section. Leaves: for
each part a table of spans (segment, from, to). A window belongs to the part that all
its targets lie in; what it looks back on may lie before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from bedside.data.long_table import PART_NAMES
from bedside.errors import DataError, LeakageError, StudyError, sentence
from bedside.schema import PARTS, Array

if TYPE_CHECKING:
    from bedside.data.series import Series
    from bedside.study import SplitSection

Spans: TypeAlias = Mapping[str, Array]
"""Part -> (n, 3) int64: segment, first step and the step after the last, within the segment."""

WITHIN = "time_within_patient"


@dataclass(frozen=True)
class Whose:
    """The N segments of a series and their owners.

    Args:
        series: all segments.
        patients: (N,) integers, equal for segments of one patient; a patient's segments
            stand in the order of time.
        names: (N,) str, the patients' names, by which they are drawn.
    """

    series: Series
    patients: Array
    names: Array


def spans_within_patients(whose: Whose, section: SplitSection) -> tuple[Spans, tuple[str, ...]]:
    """The latest part of every patient's time is test, that before validation.

    Whole patients are held out first, drawn by seed whatever the order of the rows.
    Training ends before the first point that hangs on a later reading.

    Raises:
        DataError: there are too few patients to hold some out.
    """
    held = _held_out(whose, section)
    spans: dict[str, list[tuple[int, int, int]]] = {str(part): [] for part in PART_NAMES}
    lengths = whose.series.lengths
    for patient in np.unique(whose.patients):
        own = np.flatnonzero(whose.patients == patient)
        if held[own[0]]:
            spans["held_out_patients"] += [(int(s), 0, int(lengths[s])) for s in own]
            continue
        total = int(lengths[own].sum())
        first_test = total - round(section.test * total)
        first_validation = first_test - round(section.validation * total)
        edges = (0, first_validation, first_test, total)
        for part, (begin, end) in zip(PARTS, pairwise(edges), strict=True):
            spans[part] += _cut_out(own, lengths[own], begin=begin, end=end)
    found = _tables(spans)
    found["train"] = _without_later_readings(found["train"], whose.series)
    return _without_empty(found), _notes(whose, found)


def spans_by_segment(whose: Whose, parts: Array) -> Spans:
    """Whole segments, where the split is made by patient, site or time."""
    lengths = whose.series.lengths
    spans = {
        part: [(int(s), 0, int(lengths[s])) for s in np.flatnonzero(parts == part)]
        for part in PART_NAMES
    }
    return _without_empty(_tables(spans))


def part_of_segments(spans: Spans, segments: int) -> Array:
    """(N,) the part with most of each segment's steps, blank where no part has any."""
    steps = np.zeros((len(PART_NAMES), segments), dtype=np.int64)
    for code, part in enumerate(PART_NAMES):
        own = spans.get(part, np.zeros((0, 3), dtype=np.int64))
        np.add.at(steps[code], own[:, 0], own[:, 2] - own[:, 1])
    names = np.array(PART_NAMES)[steps.argmax(axis=0)]
    return np.where(steps.any(axis=0), names, "")


def spans_as_given(whose: Whose, section: SplitSection) -> tuple[Spans, tuple[str, ...]]:
    """The part that stands beside each reading; blank is context alone.

    Raises:
        DataError: a part has no reading.
        LeakageError: under `by: patient`, a patient has readings of several parts; or a
            held-out patient has readings of another part.
    """
    codes = whose.series.codes
    if codes is None:
        raise StudyError("split.column: the readings were loaded without it.")
    found: dict[str, Array] = {}
    for code, part in enumerate(PART_NAMES):
        found[part] = _runs(codes == code, whose.series)
    for part in ("train", "validation", "test"):
        if not len(found[part]):
            raise DataError(
                sentence(
                    f"split.column '{section.column}'",
                    expected="readings of train, validation and test",
                    got=f"none of {part}",
                    remedy="Correct the column, or remove split.column to have bedside split",
                )
            )
    _refuse_torn(whose, found, by=section.by)
    found["train"] = _without_later_readings(found["train"], whose.series)
    return _without_empty(found), _notes(whose, found)


def _held_out(whose: Whose, section: SplitSection) -> Array:
    """(N,) bool: segments of patients that are held out whole."""
    names = np.unique(whose.names)
    if not section.held_out_patients:
        return np.zeros(len(whose.names), dtype=bool)
    count = int(np.ceil(section.held_out_patients * len(names)))
    if count >= len(names):
        raise DataError(
            sentence(
                "split.held_out_patients",
                expected="patients left to train on",
                got=f"{count} of {len(names)} held out",
                remedy="Lower it, or leave it out",
            )
        )
    drawn = np.random.default_rng(section.seed).permutation(len(names))[:count]
    return np.isin(whose.names, names[drawn])


def _cut_out(
    segments: Array, lengths: Array, *, begin: int, end: int
) -> list[tuple[int, int, int]]:
    """What of a patient's time from `begin` to `end`, in steps over all segments, is in which."""
    starts = np.concatenate([[0], np.cumsum(lengths)])
    found = []
    for segment, start, length in zip(segments, starts, lengths, strict=False):
        low, high = max(begin - int(start), 0), min(end - int(start), int(length))
        if low < high:
            found.append((int(segment), low, high))
    return found


def _runs(mask: Array, series: Series) -> Array:
    """(n, 3) runs of True, each within its segment."""
    edges = np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8))
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    inner = series.begins[1:-1]
    torn = inner[mask[inner] & mask[inner - 1]] if len(inner) else inner
    begins, ends = np.sort(np.append(begins, torn)), np.sort(np.append(ends, torn))
    segments = np.searchsorted(series.begins, begins, side="right") - 1
    first = series.begins[segments]
    return np.stack([segments, begins - first, ends - first], axis=1).astype(np.int64)


def _without_later_readings(spans: Array, series: Series) -> Array:
    """Training spans that end before the first point whose line leads to a later reading."""
    kept = []
    for segment, begin, end in spans.tolist():
        if end < int(series.lengths[segment]):
            first = int(series.begins[segment])
            steps = np.arange(begin, end)
            reach = series.reach[first + begin : first + end].astype(np.int64)
            hangs = steps * series.every_minutes + reach >= end * series.every_minutes
            late = np.flatnonzero(hangs)
            end = begin + int(late[0]) if len(late) else end  # noqa: PLW2901
        if begin < end:
            kept.append((segment, begin, end))
    return np.array(kept, dtype=np.int64).reshape(-1, 3)


def _refuse_torn(whose: Whose, spans: Mapping[str, Array], *, by: str) -> None:
    owners = {part: set(whose.patients[own[:, 0]].tolist()) for part, own in spans.items()}
    inside = owners["train"] | owners["validation"] | owners["test"]
    torn = len(owners["held_out_patients"] & inside)
    if by == "patient":
        torn += len(owners["train"] & (owners["validation"] | owners["test"]))
        torn += len(owners["validation"] & owners["test"])
    if torn:
        raise LeakageError(
            sentence(
                "split.column",
                expected="each held-out patient in that part alone"
                if by == WITHIN
                else "each patient in one part",
                got=f"{torn} patient{'s' * (torn > 1)} in more",
                remedy=f"Correct the column, or write split.by: {WITHIN}"
                if by == "patient"
                else "Correct the column",
            )
        )


def _tables(spans: Mapping[Any, list[tuple[int, int, int]]]) -> dict[str, Array]:
    return {p: np.array(own, dtype=np.int64).reshape(-1, 3) for p, own in spans.items()}


def _without_empty(spans: Mapping[str, Array]) -> Spans:
    return {part: own for part, own in spans.items() if len(own) or part != "held_out_patients"}


def _notes(whose: Whose, spans: Mapping[str, Array]) -> tuple[str, ...]:
    """What the report must say of a split by time within patients."""
    owners = {part: set(whose.patients[own[:, 0]].tolist()) for part, own in spans.items()}
    shared = len(owners["test"] & owners["train"])
    held = len(owners["held_out_patients"])
    notes = [
        f"Split by time within patients: {shared} patients of the test part are in the training "
        "part, too, with earlier readings. Forecasts at the beginning of a part look back on "
        "readings of the part before; what is forecast never lies in two parts."
    ]
    if held:
        whole = "1 patient was" if held == 1 else f"{held} patients were"
        notes.append(f"{whole} held out whole, as a further test part.")
    return tuple(notes)
