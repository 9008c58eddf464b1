"""Made-up chest X-ray reports with known facts.

Enters: number of patients and a seed. Leaves: a `SyntheticCohort` whose table holds
``findings``, ``indication`` and ``impression`` in the manner of reports, ``priority``
(routine, soon, urgent) and ``facts``: JSON of what is present and what is denied.

What is planted, so that a model or a summary can be judged against it:

* 40 % of reports show nothing; the others show one to three signs, each with a side or
  lobe and a degree; a report denies some of the signs that it does not show, so that a
  sign's name says nothing by itself;
* the impression follows from the facts, the most urgent first; three readers, one a
  hospital, have their own words for nothing acute;
* patients have 1 to 4 reports; what is chronic stays and is called unchanged, an effusion
  may grow;
* of the reports that show nothing, a third are the reader's ready-made text, word for word;
  all others are made from parts, so that few of a test part were seen in training.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from bedside.data.synthetic import SyntheticCohort
from bedside.data.synthetic.report_grammar import (
    BY_NAME,
    DICTATED,
    DICTATED_ABSENT,
    NORMAL_HEART,
    PRIORITIES,
    ROUTINE,
    SIGNS,
    Fact,
    aside,
    denied,
    impression,
    seen,
)
from bedside.errors import DataError, sentence

if TYPE_CHECKING:
    import pandas as pd

MIN_PATIENTS = 3
HOSPITALS = ("Northfield", "Harbour", "Hillside")
"""In the order of their readers."""
REPORTS = (0.55, 0.27, 0.12, 0.06)
NOTHING_SEEN = 0.4
READY_MADE = 0.35
SIGNS_SHOWN = (0.6, 0.3, 0.1)
GROWS = 0.7
COMPLAINTS = ("cough", "dyspnea", "chest pain", "fever", "fall", "preoperative evaluation",
              "shortness of breath", "follow-up")  # fmt: skip
FIRST_DAY = date(2021, 1, 4)


@dataclass(frozen=True)
class Report:
    """One report.

    Args:
        patient_id: whose.
        number: of the patient's reports, from 1.
        day: of the film.
        reader: place of the hospital in `HOSPITALS`.
        sex: F or M.
        age: in years, at the first film.
        facts: what it shows.
        absent: names of the signs that it denies.
        dictated: whether it is the reader's ready-made text.
    """

    patient_id: str
    number: int
    day: date
    reader: int
    sex: str
    age: int
    facts: tuple[Fact, ...]
    absent: tuple[str, ...]
    dictated: bool

    @property
    def priority(self) -> str:
        """That of its most urgent fact."""
        ranks = [PRIORITIES.index(fact.priority) for fact in self.facts]
        return PRIORITIES[max(ranks, default=PRIORITIES.index(ROUTINE))]


def make_reports(*, patients: int, seed: int) -> SyntheticCohort:
    """Make up reports, one to four a patient.

    Args:
        patients: how many.
        seed: of everything that is drawn.

    Returns:
        A table with case_id, patient_id, hospital, sex, age (years at the first film), time
        (ISO date), indication, findings, impression, priority and facts: JSON
        ``{"present": [{"name", "place", "degree", "change"}], "absent": [names]}``.

    Raises:
        DataError: too few patients.
    """
    if patients < MIN_PATIENTS:
        raise DataError(
            sentence(
                "synthetic reports, patients",
                expected=f"at least {MIN_PATIENTS}",
                got=str(patients),
                remedy="Ask for more",
            )
        )
    generators = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(patients))
    rows = []
    for number, rng in enumerate(generators, start=1):
        rows += [_row(report, rng) for report in _reports_of(f"R{number:04d}", rng)]
    return SyntheticCohort(table=_table(rows), arrays={})


def _table(rows: list[dict[str, object]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows)


def _reports_of(patient_id: str, rng: np.random.Generator) -> list[Report]:
    """All reports of a patient: what is chronic stays, and is called unchanged."""
    reader, sex = int(rng.integers(len(HOSPITALS))), "FM"[int(rng.integers(2))]
    age = int(np.clip(np.rint(rng.normal(60, 16)), 18, 95))
    day = FIRST_DAY + timedelta(days=int(rng.integers(0, 900)))
    before: tuple[Fact, ...] = ()
    reports = []
    for number in range(1, 2 + int(rng.choice(len(REPORTS), p=REPORTS))):
        facts = _facts(before, rng)
        dictated = not facts and rng.random() < READY_MADE
        absent = DICTATED_ABSENT if dictated else _absent(facts, rng)
        reports.append(Report(patient_id, number, day, reader, sex, age, facts, absent, dictated))
        before = facts
        day += timedelta(days=int(rng.integers(3, 300)))
    return reports


def _facts(before: Sequence[Fact], rng: np.random.Generator) -> tuple[Fact, ...]:
    """What a film shows, the one before known."""
    kept = [fact for fact in (_later(fact, rng) for fact in before) if fact is not None]
    if rng.random() < NOTHING_SEEN:
        return tuple(kept)
    wanted = 1 + int(rng.choice(len(SIGNS_SHOWN), p=SIGNS_SHOWN))
    have = {fact.name for fact in kept}
    free = [sign for sign in SIGNS if sign.name not in have]
    for place in rng.permutation(len(free))[: max(0, wanted - len(kept))]:
        sign = free[int(place)]
        kept.append(Fact(sign.name, str(rng.choice(sign.places)), str(rng.choice(sign.degrees))))
    return tuple(kept)


def _later(fact: Fact, rng: np.random.Generator) -> Fact | None:
    """What became of a fact by the next film; None where it is gone."""
    sign = BY_NAME[fact.name]
    if sign.chronic:
        return replace(fact, change="unchanged")
    rank = sign.degrees.index(fact.degree)
    if fact.name == "pleural effusion" and rank + 1 < len(sign.degrees) and rng.random() < GROWS:
        return replace(fact, degree=sign.degrees[rank + 1], change="increased")
    return None


def _absent(facts: Sequence[Fact], rng: np.random.Generator) -> tuple[str, ...]:
    """Some of the signs that are not shown, those that readers rule out most often first."""
    shown = {fact.name for fact in facts}
    usual = [s.name for s in SIGNS[:4] if s.name not in shown and rng.random() < 0.8]
    rare = [s.name for s in SIGNS[4:] if s.name not in shown and rng.random() < 0.2]
    return (*usual, *(name for name in rare if name != "cardiomegaly"))


def _row(report: Report, rng: np.random.Generator) -> dict[str, object]:
    person = "man" if report.sex == "M" else "woman"
    complaint = str(rng.choice(COMPLAINTS))
    present = [vars(fact) for fact in report.facts]
    return {
        "case_id": f"{report.patient_id}-{report.number}",
        "patient_id": report.patient_id,
        "hospital": HOSPITALS[report.reader],
        "sex": report.sex,
        "age": report.age,
        "time": report.day.isoformat(),
        "indication": f"{report.age}-year-old {person} with {complaint}.",
        "findings": " ".join(_findings(report, rng)),
        "impression": impression(report.facts, reader=report.reader),
        "priority": report.priority,
        "facts": json.dumps({"present": present, "absent": list(report.absent)}),
    }


def _findings(report: Report, rng: np.random.Generator) -> list[str]:
    """The sentences of the findings, in an order of their own."""
    if report.dictated:
        return [DICTATED[report.reader]]
    sentences = [seen(fact, rng) for fact in report.facts]
    absent = list(report.absent)
    while absent:  # in one list, or in several
        count = min(len(absent), int(rng.integers(1, 4)))
        sentences.append(denied(absent[:count], rng))
        absent = absent[count:]
    if "cardiomegaly" not in {fact.name for fact in report.facts}:
        sentences.append(str(rng.choice(NORMAL_HEART)))
    sentences += [aside(rng) for _ in range(int(rng.integers(0, 3)))]
    return [sentences[place] for place in rng.permutation(len(sentences))]
