"""A record as FHIR R4: one Bundle a note, of resources that other systems read.

Enters: a record and the note's text. Leaves: a Bundle (collection) with a DocumentReference that
names the note, a Composition with its sections and summaries, and an Observation for each
entity and code that says whether the note states or denies it; a Condition in its place where the
label is a disease and the patient is known, since FHIR has no condition without a subject.
Everything is preliminary: no human has confirmed it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape

from bedside.modalities.text_sections import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Resource: TypeAlias = dict[str, Any]
SYSTEMS = {
    "icd-10": "http://hl7.org/fhir/sid/icd-10",
    "icd10": "http://hl7.org/fhir/sid/icd-10",
    "icd-10-cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "icd-10-gm": "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
    "icd-9-cm": "http://hl7.org/fhir/sid/icd-9-cm",
    "snomed": "http://snomed.info/sct",
    "snomed ct": "http://snomed.info/sct",
    "snomed-ct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "atc": "http://www.whocc.no/atc",
    "umls": "http://www.nlm.nih.gov/research/umls",
}
"""How systems of codes are called, and their addresses in FHIR."""
DISEASES = frozenset({"disease", "condition", "diagnosis", "disorder", "problem"})
"""Labels of entities that are conditions of a patient."""
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
XHTML = "http://www.w3.org/1999/xhtml"
NOTE = {"coding": [{"system": "http://loinc.org", "code": "34109-9", "display": "Note"}]}


def bundle(record: Mapping[str, Any], written: str, *, begun: str) -> Resource:
    """One record as a Bundle.

    Args:
        record: as `structure.structured` made it, headed by its note's name.
        written: the text of the note as it was written.
        begun: when the work began, ISO 8601 with time zone; the same on going on.
    """
    own = _Resources(record, written, begun)
    document = own.add(own.document())
    entities = record.get("entities", ())
    for one in [*entities, *_alone(record.get("codes", ()), entities)]:
        own.add(own.finding(one, document))
    for name, answer in record.get("classes", {}).items():
        own.add(own.answer(name, answer, document))
    sections = own.sections()
    if sections:
        own.add(own.composition(sections))
    return {
        "resourceType": "Bundle",
        "id": own.identity("bundle"),
        "type": "collection",
        "timestamp": begun,
        "entry": own.entries,
    }


def coding(codes: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Codes of a record with the addresses of their systems."""
    return [{"system": _address(one["system"]), "code": one["code"]} for one in codes]


def _alone(
    codes: Iterable[Mapping[str, Any]], entities: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Codes that no entity has."""
    inside = {place for one in entities for place in range(one["start"], one["end"])}
    return [one for one in codes if not inside.issuperset(range(one["start"], one["end"]))]


def _address(system: str) -> str:
    if ":" in system:
        return system
    return SYSTEMS.get(system.lower(), f"urn:bedside:codes:{quote(system, safe='')}")


class _Resources:
    """The resources of one note, which name each other."""

    def __init__(self, record: Mapping[str, Any], written: str, begun: str) -> None:
        self._record, self._written, self._begun = record, written, begun
        self.entries: list[dict[str, Any]] = []
        patient = record.get("patient")
        self._patient = None if patient is None else {"identifier": {"value": patient}}

    def identity(self, name: str) -> str:
        """An identity of a resource that is the same whenever it is made again."""
        record = self._record
        key = f"bedside:{record['number']}:{record['note']}:{record.get('sha256')}:{name}"
        return str(uuid5(NAMESPACE_URL, key))

    def add(self, resource: Resource) -> str:
        """Add a resource; its address."""
        own = self.identity(str(len(self.entries)))
        self.entries.append({"fullUrl": f"urn:uuid:{own}", "resource": {**resource, "id": own}})
        return f"urn:uuid:{own}"

    def document(self) -> Resource:
        identifiers = [{"value": self._record["note"]}]
        if "sha256" in self._record:
            hashed = {"system": "urn:bedside:sha256", "value": self._record["sha256"]}
            identifiers.append(hashed)
        return {
            "resourceType": "DocumentReference",
            "status": "current",
            "identifier": identifiers,
            **self._subject(),
            "content": [{"attachment": {"contentType": "text/plain"}}],
            **({"description": self._record["error"]} if "error" in self._record else {}),
        }

    def finding(self, found: Mapping[str, Any], document: str) -> Resource:
        code = {"text": found["words"]}
        if found["codes"]:
            code = {"coding": coding(found["codes"]), **code}
        label = found.get("label")
        about = {"extension": [_place(found)], "code": code, **self._subject()}
        if label is not None and label.lower() in DISEASES and self._patient is not None:
            state = "refuted" if found["denied"] else "unconfirmed"
            return {
                "resourceType": "Condition",
                **about,
                "verificationStatus": {"coding": [{"system": VERIFICATION, "code": state}]},
                "evidence": [{"detail": [{"reference": document}]}],
            }
        return {
            "resourceType": "Observation",
            **about,
            **({} if label is None else {"category": [{"text": label}]}),
            "status": "preliminary",
            "valueBoolean": not found["denied"],
            "derivedFrom": [{"reference": document}],
        }

    def answer(self, name: str, answer: Mapping[str, Any], document: str) -> Resource:
        numbers = [
            {"code": {"text": key}, "valueQuantity": {"value": value}}
            for key, value in answer.items()
            if isinstance(value, int | float)
        ]
        decision = answer.get("decision")
        return {
            "resourceType": "Observation",
            "status": "preliminary",
            "code": {"text": name},
            **self._subject(),
            **({} if decision is None else {"valueString": str(decision)}),
            **({"component": numbers} if numbers else {}),
            "derivedFrom": [{"reference": document}],
        }

    def sections(self) -> list[dict[str, Any]]:
        """Sections and summaries as a Composition has them."""
        found = []
        for one in self._record.get("sections", ()):
            loinc = KINDS[one["kind"]].loinc if one["kind"] else ""
            code = {"coding": [{"system": "http://loinc.org", "code": loinc}]}
            text = self._written[one["body"] : one["end"]]
            found.append(_section(one["heading"], text, {"code": code} if loinc else {}))
        for name, text in self._record.get("summaries", {}).items():
            if text:
                found.append(_section(f"Summary ({name})", text, {}))
        return found

    def composition(self, sections: list[dict[str, Any]]) -> Resource:
        return {
            "resourceType": "Composition",
            "status": "preliminary",
            "type": NOTE,
            **self._subject(),
            "date": self._begun,
            "author": [{"display": "bedside"}],
            "title": "Note",
            "section": sections,
        }

    def _subject(self) -> dict[str, Any]:
        return {} if self._patient is None else {"subject": self._patient}


def _section(title: str, text: str, more: Mapping[str, Any]) -> dict[str, Any]:
    bare = "".join(letter if letter >= " " or letter in "\t\n\r" else " " for letter in text)
    narrative = {
        "status": "additional",
        "div": f'<div xmlns="{XHTML}"><pre>{escape(bare)}</pre></div>',
    }
    return {"title": title, **more, "text": narrative}


def _place(found: Mapping[str, Any]) -> dict[str, Any]:
    """Where in the note something stands, and how sure who found it is."""
    inner: list[dict[str, Any]] = [
        {"url": "start", "valueInteger": found["start"]},
        {"url": "end", "valueInteger": found["end"]},
    ]
    if "probability" in found:
        inner.append({"url": "probability", "valueDecimal": found["probability"]})
        inner.append({"url": "by", "valueString": found["by"]})
    return {"url": "urn:bedside:place", "extension": inner}
