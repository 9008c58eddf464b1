"""The kinds of split: by patient, case, site or time, or as the data give it.

Enters: a cohort, the study's `split` section, one class per case. Leaves: a part per
case and the notes that the report must say. `make_split` checks the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bedside.data.allotment import allot, class_codes
from bedside.data.raw_cases import rows_named
from bedside.errors import DataError, StudyError, sentence

if TYPE_CHECKING:
    from bedside.data.cohort import Cohort
    from bedside.schema import Array
    from bedside.study import SplitSection

AS_WRITTEN = "Correct the column, or remove split.column to have bedside split"


def parse_times(cohort: Cohort) -> Array:
    """(N,) float64 that sorts as the time column does: numbers, or ISO 8601 dates.

    Raises:
        StudyError: the study names no time column.
        DataError: a time is blank or in another form; rows are named.
    """
    import pandas as pd

    if cohort.time is None:
        raise StudyError("split.by: 'time' needs a time column, got none. Name it as data.time.")
    column = cohort.cases[cohort.time]
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.notna().all():
        return np.asarray(numbers, dtype=np.float64)
    dates = pd.to_datetime(column, format="ISO8601", errors="coerce", utc=True)
    rows = np.flatnonzero(dates.isna())
    if len(rows):
        raise DataError(
            sentence(
                f"column '{cohort.time}' of {cohort.source}",
                expected="numbers only, or dates such as 2024-01-31 only",
                got=f"{len(rows)} others ({rows_named(rows, cohort.first_row)})",
                remedy="Write the dates in that form",
            )
        )
    return np.asarray(dates.dt.as_unit("us").astype("int64"), dtype=np.float64)


def drawn_parts(
    cohort: Cohort, section: SplitSection, codes: Array
) -> tuple[Array, tuple[str, ...]]:
    """Parts (N,) drawn by bedside, and notes for the report.

    Raises:
        StudyError: the column that this kind of split needs is not named.
        DataError: too few units, or a site or time that cannot be used.
    """
    if section.by == "site":
        return _by_site(cohort, section, codes)
    if section.by == "time":
        return _by_time(cohort, section)
    names, units = _units(cohort, section.by)
    shares = (1 - section.validation - section.test, section.validation, section.test)
    what = _word(cohort, section.by)
    return allot(names, units, codes, shares=shares, seed=section.seed, what=what), ()


def _units(cohort: Cohort, by: str) -> tuple[Array, Array]:
    """Sorted names of what is kept together, and each case's place (N,) among them."""
    patients = cohort.patients()
    names = cohort.ids() if by == "case" or patients is None else patients
    unique, units = np.unique(names, return_inverse=True)
    return unique, units


def _word(cohort: Cohort, by: str) -> str:
    return "cases" if by == "case" or cohort.patient is None else "patients"


def _by_site(cohort: Cohort, section: SplitSection, codes: Array) -> tuple[Array, tuple[str, ...]]:
    """Whole sites form the test part; validation is drawn from the other sites."""
    sites = _sites(cohort)
    tests = _named_sites(cohort, section, sites) or _draw_sites(sites, section)
    in_test = np.isin(sites, sorted(tests))
    units = _units(cohort, "site")[1]
    moved = np.isin(units, units[in_test]) & ~in_test
    in_test |= moved
    notes = [f"The test part is {len(tests)} of {len(np.unique(sites))} sites."]
    if moved.any():
        notes.append(
            f"{len(np.unique(units[moved]))} patients were seen at test sites and at others; "
            f"their {int(moved.sum())} cases from other sites are in the test part too."
        )
    rest = np.flatnonzero(~in_test)
    parts = np.full(len(cohort), "test", dtype="<U10")
    if len(rest):
        parts[rest] = _carve(cohort, section, codes, rows=rest)
    return parts, tuple(notes)


def _carve(cohort: Cohort, section: SplitSection, codes: Array, *, rows: Array) -> Array:
    """Train or validation for some rows, by patient where patients are known.

    Only the classes that these rows hold are asked of both parts.
    """
    names, units = _units(cohort, section.by)
    share = section.validation / (1 - section.test)
    kept, places = np.unique(units[rows], return_inverse=True)
    return allot(
        names[kept],
        places,
        class_codes(codes[rows], len(rows)),
        shares=(1 - share, share),
        seed=section.seed,
        what=_word(cohort, section.by),
    )


def _sites(cohort: Cohort) -> Array:
    if cohort.site is None:
        raise StudyError("split.by: 'site' needs a site column, got none. Name it as data.site.")
    rows = np.flatnonzero(cohort.cases[cohort.site].isna())
    if len(rows):
        raise DataError(
            sentence(
                f"column '{cohort.site}' of {cohort.source}",
                expected="a site in every row",
                got=f"{len(rows)} blank ({rows_named(rows, cohort.first_row)})",
                remedy="Fill them in, or split by patient",
            )
        )
    sites = np.asarray(cohort.cases[cohort.site], dtype=str)
    if len(np.unique(sites)) < 2:
        raise DataError(
            sentence(
                f"column '{cohort.site}' of {cohort.source}",
                expected="at least two sites",
                got="one",
                remedy="Split by patient",
            )
        )
    return sites


def _named_sites(cohort: Cohort, section: SplitSection, sites: Array) -> set[str]:
    named = set(section.test_sites or ())
    known = set(sites.tolist())
    unknown = sorted(named - known)
    if unknown or named == known:
        got = f"'{unknown[0]}', which is not there" if unknown else "all of them"
        raise StudyError(
            sentence(
                "split.test_sites",
                expected=f"some of the {len(known)} sites in column '{cohort.site}'",
                got=got,
                remedy="Correct the list",
            )
        )
    return named


def _draw_sites(sites: Array, section: SplitSection) -> set[str]:
    """Add shuffled sites while they bring the test part nearer to its share."""
    names, sizes = np.unique(sites, return_counts=True)
    order = np.random.default_rng(section.seed).permutation(len(names))
    wanted, taken, chosen = section.test * len(sites), 0, set[str]()
    for site in order:
        nearer = abs(taken + sizes[site] - wanted) < abs(taken - wanted)
        if nearer and len(chosen) < len(names) - 1:
            chosen.add(str(names[site]))
            taken += int(sizes[site])
    return chosen or {str(names[order[np.argmin(sizes[order])]])}


def _by_time(cohort: Cohort, section: SplitSection) -> tuple[Array, tuple[str, ...]]:
    """The latest share is the test part, the share before it validation.

    A patient goes wholly to the part of the latest case: the other way round, the
    training part would hold cases later than the first test cases.
    """
    times = parse_times(cohort)
    names, units = _units(cohort, "time")
    latest = np.full(len(names), -np.inf)
    np.maximum.at(latest, units, times)
    ties = np.random.default_rng(section.seed).permutation(len(names))
    order = np.lexsort((ties, latest))
    last = max(1, round(section.test * len(names)))
    before = max(1, round(section.validation * len(names)))
    of_unit = np.full(len(names), "train", dtype="<U10")
    of_unit[order[-last:]] = "test"
    of_unit[order[-last - before : -last]] = "validation"
    parts = of_unit[units]
    start = latest[order[-last]]
    early = int(((parts == "test") & (times < start)).sum())
    note = f"{early} test cases are earlier than the test period; their patients have later ones."
    return parts, (note,) if early else ()


def given_parts(
    cohort: Cohort, section: SplitSection, codes: Array
) -> tuple[Array, tuple[str, ...]]:
    """The parts that came with the data; a missing validation part is carved out of train."""
    if section.by not in {"patient", "case"}:
        raise StudyError(
            sentence(
                "split.by",
                expected="patient or case beside split.column",
                got=f"'{section.by}'",
                remedy="Remove split.column to have bedside split, or change split.by",
            )
        )
    if cohort.part is None:
        raise StudyError("split.column: the cohort was loaded without it. Load it with this study.")
    parts = np.array(cohort.cases[cohort.part], dtype="<U10")
    for part in ("train", "test"):
        if not (parts == part).any():
            raise DataError(
                sentence(
                    f"column '{cohort.part}' of {cohort.source}",
                    expected="cases for train and test",
                    got=f"none for {part}",
                    remedy=AS_WRITTEN,
                )
            )
    if (parts == "validation").any():
        return parts, ()
    rows = np.flatnonzero(parts == "train")
    parts[rows] = _carve(cohort, section, codes, rows=rows)
    what = _word(cohort, section.by)
    return parts, (f"The data came without a validation part; it was drawn from train by {what}.",)
