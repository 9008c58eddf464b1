"""Small cohorts for the tests of splits."""

from typing import Any

import pandas as pd
import pytest

from bedside.data.cohort import Cohort
from bedside.data.split import Split, make_split
from bedside.errors import BedsideError
from bedside.study import SplitSection


def cohort_of(patients: list[str] | None, **columns: list[Any]) -> Cohort:
    count = len(patients) if patients is not None else len(next(iter(columns.values())))
    table: dict[str, Any] = {"case_id": [f"c{i}" for i in range(count)]}
    table |= {} if patients is None else {"who": patients}
    cases = pd.DataFrame(table | columns)
    named = {name: name for name in ("site", "time", "part") if name in columns}
    return Cohort(cases, "cases.csv", first_row=2, patient="who" if patients else None, **named)


def many(patients: int = 100, cases: int = 2) -> list[str]:
    return [f"p{i:03d}" for i in range(patients) for _ in range(cases)]


def patients_of(split: Split, cohort: Cohort, part: Any) -> set[str]:
    names = cohort.patients()
    assert names is not None
    return set(names[split.rows(part)].tolist())


def refused(cohort: Cohort, strata: Any = None, **words: Any) -> BedsideError:
    with pytest.raises(BedsideError) as caught:
        make_split(cohort, SplitSection(**words), strata=strata)
    return caught.value
