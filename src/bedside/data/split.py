"""Which case belongs to train, validation and test.

Enters: a cohort, the study's `split` section and, for a stratified split, one class
per case. Leaves: a `Split`. A patient in two parts raises; it never warns. The same
seed gives the same parts whatever the order of the rows.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bedside.data.allotment import UNKNOWN, class_codes
from bedside.data.spans import (
    WITHIN,
    Spans,
    Whose,
    part_of_segments,
    spans_as_given,
    spans_by_segment,
    spans_within_patients,
)
from bedside.data.split_kinds import AS_WRITTEN, drawn_parts, given_parts
from bedside.errors import DataError, LeakageError, RunError, StudyError, sentence
from bedside.run_folder import atomic
from bedside.schema import PARTS, Array, Part

if TYPE_CHECKING:
    from bedside.data.cohort import Cohort
    from bedside.study import SplitSection


@dataclass(frozen=True)
class Split:
    """The part of each of N cases.

    Args:
        parts: (N,) str, each one of `PARTS`; of a segment that several parts share, or
            none, the one with most of it, or blank.
        by: what is kept together: patient, site, time or case; or time_within_patient.
        seed: the seed behind what was drawn.
        given: whether the parts came with the data.
        notes: plain sentences that the report must say.
        spans: of series: part -> (n, 3) segment, first step, step after the last.
    """

    parts: Array
    by: str
    seed: int
    given: bool = False
    notes: tuple[str, ...] = ()
    spans: Spans | None = None

    def rows(self, part: Part) -> Array:
        """(n,) rows of the cohort that belong to a part, ascending."""
        return np.flatnonzero(self.parts == part)

    def parts_of_cases(self) -> Array | None:
        """(N,) the part of each case, None where series are cut between parts."""
        cut = self.spans is not None and (self.by == WITHIN or self.given)
        return None if cut else self.parts

    def same_as(self, other: Split) -> bool:
        """Whether both put every case, or every step of every series, into the same part."""
        return self._table() == other._table()

    def _table(self) -> list[tuple[str, int, int, int]]:
        """Part, row, first and last step of each entry, sorted; of whole cases the steps are 0."""
        if self.spans is None:
            return sorted((str(part), row, 0, 0) for row, part in enumerate(self.parts))
        return sorted(
            (str(part), int(row), int(begin), int(end))
            for part, own in self.spans.items()
            for row, begin, end in own
        )

    def write(self, path: Path, cohort: Cohort) -> None:
        """Write ``case_id, patient_id, part`` (the second only where known), atomically.

        Of series, a line for each stretch, with its first and last step as ``from, to``.
        """
        rows = np.arange(len(cohort))
        columns: dict[str, Array] = {"part": self.parts}
        if self.spans is not None:
            table = self._table()
            rows = np.array([row for _, row, _, _ in table], dtype=np.int64)
            columns = {
                "part": np.array([part for part, *_ in table]),
                "from": np.array([begin for *_, begin, _ in table]),
                "to": np.array([end - 1 for *_, end in table]),
            }
        known: dict[str, Array] = {"case_id": cohort.ids()[rows]}
        if (patients := cohort.patients()) is not None:
            known["patient_id"] = patients[rows]
        columns = known | columns
        with atomic(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))


def make_split(cohort: Cohort, section: SplitSection, *, strata: Array | None = None) -> Split:
    """Split a cohort as the study says, and check the result.

    Args:
        cohort: the cases.
        section: the study's `split` section.
        strata: (N,) one class per case, as ints or str; every part will hold each.
            Negative numbers, NaN and blanks are unknown: spread evenly, not demanded.
            For several labels, pass each case's rarest label.

    Raises:
        StudyError: the study lacks a column that this kind of split needs.
        DataError: there are too few patients, sites or cases of a class.
        LeakageError: given parts share a patient.
    """
    if cohort.series is not None:
        return _split_series(cohort, section)
    codes = class_codes(strata, len(cohort))
    if section.by == WITHIN:
        raise StudyError(
            sentence(
                "split.by",
                expected="patient, site, time or case, since a row is a case",
                got=f"'{WITHIN}'",
                remedy="Keep it for a long table of readings, with an input of modality signal",
            )
        )
    if section.by == "patient" and cohort.patient is None:
        raise StudyError(
            sentence(
                "split.by",
                expected="a patient column for 'patient' (the default)",
                got="none",
                remedy="Name it as data.patient, or write split.by: case and accept that "
                "one patient may stand in two parts",
            )
        )
    find = given_parts if section.column else drawn_parts
    parts, notes = find(cohort, section, codes)
    split = Split(
        parts=parts,
        by=section.by,
        seed=section.seed,
        given=section.column is not None,
        notes=(*notes, *_overlap_note(parts, cohort, by=section.by)),
    )
    check_split(split, cohort)
    notes = (*split.notes, *_class_notes(split, codes))
    return Split(split.parts, split.by, seed=split.seed, given=split.given, notes=notes)


def _split_series(cohort: Cohort, section: SplitSection) -> Split:
    """Parts of series: of the time within each patient, of each reading, or of whole segments."""
    names = cohort.patients()
    if cohort.series is None or names is None:
        raise StudyError("data.patient: expected the column that says whose a reading is, got none")
    whose = Whose(cohort.series, cohort.groups(), names)
    if section.column or section.by == WITHIN:
        find = spans_as_given if section.column else spans_within_patients
        spans, notes = find(whose, section)
        parts = part_of_segments(spans, len(cohort))
        given = bool(section.column)
        return Split(parts, section.by, seed=section.seed, given=given, notes=notes, spans=spans)
    parts, notes = drawn_parts(cohort, section, np.full(len(cohort), UNKNOWN))
    notes = (*notes, *_overlap_note(parts, cohort, by=section.by))
    spans = spans_by_segment(whose, parts)
    split = Split(parts, section.by, seed=section.seed, notes=notes, spans=spans)
    check_split(split, cohort)
    return split


def check_split(split: Split, cohort: Cohort) -> None:
    """Check that every part holds cases and that no patient stands in two parts.

    Raises:
        DataError: a part is empty, a case has no part, or the lengths differ.
        LeakageError: patients have cases in several parts, and the split is not by case.
    """
    if len(split.parts) != len(cohort) or not np.isin(split.parts, PARTS).all():
        raise DataError(
            sentence(
                f"split of {cohort.source}",
                expected=f"one of {', '.join(PARTS)} for each of {len(cohort)} cases",
                got=f"{int(np.isin(split.parts, PARTS).sum())} such parts",
                remedy="Make the split again",
            )
        )
    empty = [part for part in PARTS if not (split.parts == part).any()]
    if empty:
        raise DataError(
            sentence(
                f"split of {cohort.source}",
                expected="cases in every part",
                got=f"none in {' and '.join(empty)}",
                remedy=AS_WRITTEN if split.given else "Add patients or change the shares",
            )
        )
    if split.by == "case" or cohort.patient is None:
        return
    if shared := _patients_in_several(split.parts, cohort.groups()):
        raise LeakageError(
            sentence(
                f"split of {cohort.source}",
                expected="each patient in one part",
                got=f"{shared} patient{'s' * (shared > 1)} with cases in more than one part",
                remedy="Use bedside's own split: remove split.column, or correct the column"
                if split.given
                else "Make the split again",
            )
        )


def read_split(path: Path, cohort: Cohort, *, section: SplitSection) -> Split:
    """Read a split that `Split.write` left and check it against the cohort.

    Raises:
        RunError: the file is missing, damaged, or belongs to other cases.
        LeakageError, DataError: as `check_split`.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, strict=True))
        if cohort.series is not None:
            return _series_split_of(rows, cohort, section=section)
        part_of = {row["case_id"]: row["part"] or "" for row in rows}
    except FileNotFoundError:
        raise RunError(f"{path.name}: no such file in {path.parent.name}/.") from None
    except (OSError, KeyError, ValueError, csv.Error):
        raise RunError(f"{path.name}: damaged, not a table of case_id and part.") from None
    ids = cohort.ids().tolist()
    strangers = len(set(ids) ^ set(part_of))
    if strangers or len(rows) != len(ids):
        raise RunError(
            sentence(
                path.name,
                expected=f"the {len(ids)} cases of {cohort.source}",
                got=f"{len(rows)} rows, {strangers} cases in only one of the two",
                remedy="The data changed since the split was made: start a new run",
            )
        )
    parts = np.array([part_of[case] for case in ids])
    notes = _overlap_note(parts, cohort, by=section.by)
    split = Split(parts, section.by, seed=section.seed, given=bool(section.column), notes=notes)
    check_split(split, cohort)
    return split


def _series_split_of(rows: list[dict[str, str]], cohort: Cohort, *, section: SplitSection) -> Split:
    """Stretches of series as `Split.write` left them."""
    place = {name: row for row, name in enumerate(cohort.ids().tolist())}
    found: dict[str, list[tuple[int, int, int]]] = {}
    for row in rows:
        span = (place[row["case_id"]], int(row["from"]), int(row["to"]) + 1)
        found.setdefault(row["part"], []).append(span)
    spans = {part: np.array(own, dtype=np.int64) for part, own in found.items()}
    parts = part_of_segments(spans, len(cohort))
    return Split(parts, section.by, seed=section.seed, given=bool(section.column), spans=spans)


def _overlap_note(parts: Array, cohort: Cohort, *, by: str) -> tuple[str, ...]:
    """What the report says in red about a split by case."""
    if by != "case":
        return ()
    if cohort.patient is None:
        return ("Patients are unknown: one patient may have cases in more than one part.",)
    shared = _patients_in_several(parts, cohort.groups())
    return (f"Split by case: {shared} patients have cases in more than one part.",)


def _patients_in_several(parts: Array, groups: Array) -> int:
    pairs = np.unique(np.stack([groups, np.searchsorted(sorted(PARTS), parts)]), axis=1)
    return int((np.bincount(pairs[0]) > 1).sum())


def _class_notes(split: Split, codes: Array) -> tuple[str, ...]:
    """Which parts lack a class; a test or validation part of one class cannot be scored."""
    classes = set(codes[codes >= 0].tolist())
    notes = []
    for part in PARTS:
        held = len(classes & set(codes[split.rows(part)].tolist()))
        needed = min(2, len(classes))
        if held < needed:
            raise DataError(
                sentence(
                    f"{part} part",
                    expected=f"cases of at least {needed} of {len(classes)} classes",
                    got=str(held),
                    remedy=AS_WRITTEN if split.given else "Choose other sites, shares or a seed",
                )
            )
        if held < len(classes):
            notes.append(f"The {part} part holds {held} of {len(classes)} classes.")
    return tuple(notes)
