"""Made-up clinical notes whose identifiers, entities and sections are known by offset.

Enters: number of patients and a seed. Leaves: a `SyntheticCohort` whose table holds ``note`` and,
as JSON with offsets in characters, ``identifiers``, ``entities`` and ``sections``.

What is planted:

* every note begins with a head (name, number, birth date) and ends with a signature; between them
  stand sections in one order, with drawn sentences;
* a patient has one to four notes at true intervals, in which names and numbers come again; dates
  are written in five forms;
* two family names are eponyms too (Foley, Parkinson), and the notes speak of the catheter and the
  disease, so that whoever replaces names by dictionary alone destroys findings;
* conditions and symptoms are stated or denied, and say so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from bedside.data.synthetic import SyntheticCohort
from bedside.data.synthetic.note_grammar import (
    CONDITIONS,
    DATES,
    DEVICES,
    DRUGS,
    EMPLOYERS,
    FAMILY,
    GIVEN,
    HOSPITALS,
    KIN,
    SECTIONS,
    STREETS,
    SYMPTOMS,
    TOWNS,
)
from bedside.errors import DataError, sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

MIN_PATIENTS = 3
NOTES = (0.4, 0.3, 0.2, 0.1)
FIRST_DAY = date(2019, 1, 7)
SLOT = re.compile(r"\{(\w+)\}")
Choice = TypeVar("Choice")


@dataclass
class Draft:
    """A note while it is written.

    Args:
        text: so far.
        identifiers: start, end, kind and words.
        entities: start, end, kind, words and whether it is denied.
        sections: start, end and heading.
    """

    text: str = ""
    identifiers: list[dict[str, Any]] = field(default_factory=list)
    entities: list[dict[str, Any]] = field(default_factory=list)
    sections: list[dict[str, Any]] = field(default_factory=list)

    def write(self, words: str) -> None:
        """Add words that identify nobody."""
        self.text += words

    def identify(self, words: str, kind: str) -> None:
        """Add an identifier."""
        start = len(self.text)
        self.text += words
        entry = {"start": start, "end": len(self.text), "kind": kind, "words": words}
        self.identifiers.append(entry)

    def mention(self, words: str, kind: str, *, denied: bool = False) -> None:
        """Add an entity."""
        start = len(self.text)
        self.text += words
        entry = {"start": start, "end": len(self.text), "kind": kind, "words": words}
        self.entities.append({**entry, "denied": denied})


@dataclass(frozen=True)
class Person:
    """A made-up patient."""

    number: str
    sex: str
    given: str
    family: str
    born: date
    phone: str
    address: str
    town: str
    kin: str
    relative: str

    @property
    def pronoun(self) -> str:
        return "She" if self.sex == "F" else "He"


def make_notes(*, patients: int, seed: int) -> SyntheticCohort:
    """Make up notes, one to four a patient.

    Args:
        patients: how many.
        seed: of everything that is drawn.

    Returns:
        A table with case_id, patient_id, hospital, sex, time (ISO date), note, and as JSON
        identifiers ``[{"start", "end", "kind", "words"}]``, entities (also ``"denied"``) and
        sections ``[{"start", "end", "heading"}]``.

    Raises:
        DataError: too few patients.
    """
    import pandas as pd

    if patients < MIN_PATIENTS:
        raise DataError(
            sentence(
                "synthetic notes, patients",
                expected=f"at least {MIN_PATIENTS}",
                got=str(patients),
                remedy="Ask for more",
            )
        )
    rows = []
    for number, rng in enumerate(
        map(np.random.default_rng, np.random.SeedSequence(seed).spawn(patients)), start=1
    ):
        rows += _notes_of(f"N{number:04d}", rng)
    return SyntheticCohort(table=pd.DataFrame(rows), arrays={})


def _notes_of(patient_id: str, rng: np.random.Generator) -> list[dict[str, object]]:
    person, hospital = _person(rng), int(rng.integers(len(HOSPITALS)))
    day = FIRST_DAY + timedelta(days=int(rng.integers(0, 1200)))
    found: list[dict[str, object]] = []
    for place in range(1 + int(rng.choice(len(NOTES), p=NOTES))):
        day += timedelta(days=int(rng.integers(3, 90)))
        draft = _note(person, HOSPITALS[hospital], day, rng)
        found.append(
            {
                "case_id": f"{patient_id}-{place + 1}",
                "patient_id": patient_id,
                "hospital": HOSPITALS[hospital],
                "sex": person.sex,
                "time": day.isoformat(),
                "note": draft.text,
                "identifiers": json.dumps(draft.identifiers),
                "entities": json.dumps(draft.entities),
                "sections": json.dumps(draft.sections),
            }
        )
    return found


def _person(rng: np.random.Generator) -> Person:
    sex = "FM"[int(rng.integers(2))]
    kin = _one(tuple(KIN), rng)
    town = _one(TOWNS, rng)
    street = f"{rng.integers(2, 400)} {_one(STREETS, rng)}"
    return Person(
        number=f"{rng.integers(1_000_000, 9_999_999)}",
        sex=sex,
        given=_one(GIVEN[sex], rng),
        family=_one(FAMILY, rng),
        born=date(1925, 1, 1) + timedelta(days=int(rng.integers(0, 27_000))),
        phone=f"({rng.integers(200, 999)}) {rng.integers(200, 999)}-{rng.integers(1000, 9999)}",
        address=f"{street}, {town}",
        town=town,
        kin=kin,
        relative=_one(GIVEN[KIN[kin]], rng),
    )


def _note(person: Person, hospital: str, day: date, rng: np.random.Generator) -> Draft:
    draft, doctor = Draft(), _one(FAMILY, rng)
    slots = _slots(person, hospital, doctor, day=day, rng=rng)
    head = "Patient: {fullname}   MRN: {number}   DOB: {born}\nDate of admission: {date}\n"
    _fill(draft, head, slots)
    for heading, sentences in SECTIONS:
        start = len(draft.text)
        draft.write(f"\n{heading}:\n")
        count = 1 + int(rng.integers(len(sentences)))
        for place in sorted(rng.permutation(len(sentences))[:count].tolist()):
            _fill(draft, sentences[place] + " ", slots)
        draft.write("\n")
        draft.sections.append({"start": start, "end": len(draft.text), "heading": heading})
    _fill(draft, "\nElectronically signed by: {signature}, MD, {date}\n", slots)
    return draft


def _slots(
    person: Person, hospital: str, doctor: str, *, day: date, rng: np.random.Generator
) -> Mapping[str, Callable[[Draft], None]]:
    """What each slot of a sentence writes."""

    def told(words: Callable[[], str], kind: str) -> Callable[[Draft], None]:
        return lambda draft: draft.identify(words(), kind)

    def said(words: Callable[[], str]) -> Callable[[Draft], None]:
        return lambda draft: draft.write(words())

    def meant(pool: Sequence[str], kind: str, *, denied: bool = False) -> Callable[[Draft], None]:
        return lambda draft: draft.mention(_one(pool, rng), kind, denied=denied)

    age = (day - person.born).days // 365
    drug = [DRUGS[0]]

    def next_drug(draft: Draft) -> None:
        drug[0] = DRUGS[int(rng.integers(len(DRUGS)))]
        draft.mention(drug[0][0], "drug")

    def near() -> str:
        return _written(day + timedelta(days=int(rng.integers(-40, 60))), rng)

    return {
        "fullname": told(lambda: f"{person.given} {person.family}", "name"),
        "family": told(lambda: person.family, "name"),
        "relative": told(lambda: person.relative, "name"),
        "doctor": told(lambda: doctor, "name"),
        "signature": told(lambda: f"{_one(GIVEN['F'], rng)} {doctor}", "name"),
        "number": told(lambda: person.number, "number"),
        "born": told(lambda: _written(person.born, rng), "date"),
        "date": told(near, "date"),
        "day": told(lambda: _written(day, rng), "date"),
        "year": told(lambda: str(day.year - int(rng.integers(1, 20))), "date"),
        "age": told(lambda: str(age), "age") if age > 89 else said(lambda: str(age)),
        "phone": told(lambda: person.phone, "phone"),
        "email": told(f"{person.given}.{person.family}@example.com".lower, "email"),
        "address": told(lambda: person.address, "address"),
        "town": told(lambda: person.town, "place"),
        "hospital": told(lambda: hospital, "organisation"),
        "employer": told(lambda: _one(EMPLOYERS, rng), "organisation"),
        "title": said(lambda: "Mrs." if person.sex == "F" else "Mr."),
        "sex": said(lambda: "woman" if person.sex == "F" else "man"),
        "pronoun": said(lambda: person.pronoun),
        "possessive": said(lambda: "her" if person.sex == "F" else "his"),
        "kin": said(lambda: person.kin),
        "condition": meant(CONDITIONS, "condition"),
        "denied_condition": meant(CONDITIONS, "condition", denied=True),
        "symptom": meant(SYMPTOMS, "symptom"),
        "denied": meant(SYMPTOMS, "symptom", denied=True),
        "device": meant(DEVICES, "device"),
        "drug": next_drug,
        "dose": said(lambda: drug[0][1]),
    }


def _fill(draft: Draft, words: str, slots: Mapping[str, Callable[[Draft], None]]) -> None:
    at = 0
    for slot in SLOT.finditer(words):
        draft.write(words[at : slot.start()])
        slots[slot[1]](draft)
        at = slot.end()
    draft.write(words[at:])


def _written(day: date, rng: np.random.Generator) -> str:
    form = _one(DATES, rng)
    month = day.strftime("%B")
    return form.format(m=day.month, d=day.day, y=day.year, yy=day.year % 100, month=month)


def _one(pool: Sequence[Choice], rng: np.random.Generator) -> Choice:
    return pool[int(rng.integers(len(pool)))]
