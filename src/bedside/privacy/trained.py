"""A trained tagger beside the rules: its labels become kinds of identifiers.

Enters: a function that finds entities, and the labels it knows. Leaves: a `Tagger`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bedside.errors import StudyError, nearest, sentence
from bedside.modalities.text_entities import Entity
from bedside.privacy.identifiers import Tagger
from bedside.privacy.spans import KINDS, Kind, Span

NAMES: dict[Kind, tuple[str, ...]] = {
    "name": ("person", "patient", "doctor", "staff", "username", "first_name", "last_name"),
    "date": ("date_time", "dob", "time"),
    "phone": ("phone_number", "fax", "telephone"),
    "email": ("email_address",),
    "url": ("domain_name", "website"),
    "ip": ("ip_address",),
    "number": (
        *("id", "idnum", "mrn", "medicalrecord", "healthplan", "bioid", "device", "us_ssn"),
        *("credit_card", "iban_code", "us_driver_license", "us_passport", "us_bank_number"),
    ),
    "address": ("street_address", "street", "zip", "zip_code", "postal_code"),
    "place": ("gpe", "location", "loc", "city", "state", "location-other"),
    "organisation": ("organization", "org", "hospital", "employer"),
    "group": ("nrp", "norp", "nationality", "religion"),
}
"""Kind -> what it is called elsewhere: by Presidio, and in the notes of i2b2 2014."""


def kind_of_label(label: str) -> Kind:
    """The kind that a label means; capitals do not matter.

    Raises:
        StudyError: it is not known.
    """
    plain = label.lower().replace(" ", "_")
    for kind in KINDS:
        if plain == kind or plain in NAMES.get(kind, ()):
            return kind
    known = {*KINDS, *(name for names in NAMES.values() for name in names)}
    raise StudyError(
        sentence(
            "Tagger",
            expected="labels that name kinds of identifiers",
            got=f"'{label}'",
            remedy=f"Rename it and train again, or leave it out by target.labels. "
            f"{nearest(plain, known)}",
        )
    )


def identifying(
    find: Callable[[str], Iterable[tuple[Entity, float]]], labels: Sequence[str]
) -> Tagger:
    """A tagger for `find_identifiers`.

    Args:
        find: text -> entities with their probabilities.
        labels: all that it may give.

    Raises:
        StudyError: a label names no kind of identifier.
    """
    kinds = {label: kind_of_label(label) for label in labels}

    def tagged(text: str) -> list[Span]:
        return [
            Span(entity.start, entity.end, kinds[entity.label], probability, "tagger")
            for entity, probability in find(text)
        ]

    return tagged
