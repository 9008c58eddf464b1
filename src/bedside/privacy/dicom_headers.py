"""A DICOM header under the basic profile of PS3.15, with dates that move and UIDs that match.

Enters: a dataset and the surrogates of its patient. Leaves: the same dataset, changed at every
depth: attributes of table E.1-1 removed, emptied or replaced; private ones gone; unique
identifiers replaced by a keyed hash, so that files of a patient still belong together; dates
moved by the patient's own whole weeks, times of the day kept; the method written down.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bedside.data.dicom_header import age_in_years, several
from bedside.privacy.dates import Reading, moved
from bedside.privacy.dicom_table import (
    BASIC,
    DATES,
    OF_LIFE,
    OPTIONS,
    PIXELS,
    PLACES,
    Action,
    actions_for,
    repeats,
)
from bedside.privacy.notes import deidentify_text
from bedside.privacy.spans import OLDEST_TOLD
from bedside.privacy.surrogates import Surrogates

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

STANDARD = "1.2.840.10008."
TEXTS = frozenset({"LT", "ST", "UT", "UC"})
SHORT_TEXTS = frozenset({"LO", "SH", "CS", "AE"})
DUMMIES: dict[str, Any] = {
    "AE": "ANONYMIZED", "AS": "000Y", "CS": "ANONYMIZED", "DS": "0", "IS": "0", "LO": "ANONYMIZED",
    "LT": "ANONYMIZED", "PN": "ANONYMIZED", "SH": "ANONYMIZED", "ST": "ANONYMIZED",
    "UC": "ANONYMIZED", "UT": "ANONYMIZED", "UR": "https://example.org/", "TM": "000000",
    "FD": 0.0, "FL": 0.0, "SL": 0, "SS": 0, "UL": 0, "US": 0, "OB": b"\0\0", "OW": b"\0\0",
    "UN": b"\0\0",
}  # fmt: skip
"""By value representation."""
DATE = re.compile(r"(\d{4})(\d{2})(\d{2})(.*)", re.DOTALL)
META_KEPT = ("TransferSyntaxUID", "MediaStorageSOPClassUID")
REVISION = "bedside"


@dataclass
class Cleaned:
    """What was done to one header.

    Args:
        counts: attributes by what became of them.
        doubts: keywords of attributes that a human should look at.
    """

    counts: dict[str, int] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


@dataclass(frozen=True)
class Cleaner:
    """Cleans the headers of one patient.

    Args:
        surrogates: of the patient.
        secret: by which unique identifiers are drawn, the same for all patients.
        options: names of `OPTIONS`.
        names: words of the patient's name and numbers, which may stand anywhere.
    """

    surrogates: Surrogates
    secret: bytes
    options: frozenset[str]
    names: tuple[str, ...] = ()

    def clean(self, dataset: Dataset) -> Cleaned:
        """Apply the profile to a dataset in place, its meta header included."""
        done = Cleaned()
        dataset.walk(lambda _, __: None)  # decodes every element, so that a damaged one shows now
        self._level(dataset, done, inside_dummy=False)
        dataset.PatientName = dataset.PatientID = self.surrogates.pseudonym()
        dataset.PatientIdentityRemoved = "YES"
        dataset.LongitudinalTemporalInformationModified = "MODIFIED"
        self._meta(dataset)
        return done

    def uid(self, old: str) -> str:
        """The same new identifier for the same old one; those of the standard stay."""
        if not old or old.startswith(STANDARD):
            return old
        digest = hmac.digest(self.secret, b"uid\0" + old.encode(), "sha256")
        return f"2.25.{int.from_bytes(digest[:16], 'big')}"

    def _level(self, dataset: Dataset, done: Cleaned, *, inside_dummy: bool) -> None:
        """One level of a dataset; the levels below it are reached through its sequences."""
        table = actions_for(self.options)
        for element in list(dataset):
            tag = int(element.tag)
            if element.tag.is_private or repeats(tag) or element.tag.element == 0:
                del dataset[element.tag]
                done.count("private" if element.tag.is_private else "removed")
                continue
            action = table.get(tag)
            if action is None and inside_dummy and element.VR in {*TEXTS, "PN", "UR"}:
                action = "dummy"
            self._element(dataset, element, action, done)

    def _element(
        self, dataset: Dataset, element: DataElement, action: Action | None, done: Cleaned
    ) -> None:
        if element.VR in ("DA", "DT") and action != "keep":
            self._date(element, done)
        elif element.VR == "TM" and not self._of_life(element):
            return  # times of the day stay: dates move by whole days
        elif element.VR == "UI" and action not in ("remove", "empty"):
            element.value = _each(element.value, self.uid)
            done.count("uid")
        elif element.VR == "SQ":
            self._sequence(dataset, element, action, done)
        elif action == "remove":
            del dataset[element.tag]
            done.count("removed")
        elif action == "empty":
            element.value = None
            done.count("emptied")
        elif action in ("dummy", "uid", "references"):
            if element.value not in (None, "", b""):
                element.value = DUMMIES.get(element.VR)
            done.count("replaced")
        elif element.VR == "PN":
            element.value = None
            done.count("emptied")
        else:
            self._text(element, action, done)

    def _sequence(
        self, dataset: Dataset, element: DataElement, action: Action | None, done: Cleaned
    ) -> None:
        if action == "remove":
            del dataset[element.tag]
            done.count("removed")
        elif action == "empty":
            element.value = []
            done.count("emptied")
        else:
            for item in element.value:
                self._level(item, done, inside_dummy=action == "dummy")

    def _date(self, element: DataElement, done: Cleaned) -> None:
        """Dates of care move; those of a life and of satellites go."""
        if self._of_life(element):
            element.value = None
            done.count("emptied")
            return
        new = [self._moved(str(value)) for value in several(element.value)]
        element.value = new[0] if len(new) == 1 else (new or None)
        if any(value == "" for value in new):
            done.doubts.append(element.keyword)
        done.count("date")

    @staticmethod
    def _of_life(element: DataElement) -> bool:
        return str(element.keyword).startswith(OF_LIFE) or bool(element.tag.group == PLACES)

    def _moved(self, words: str) -> str:
        found = DATE.fullmatch(words.strip())
        if found is None:
            return ""  # a year alone, or no date: neither can move by days
        new = moved(f"{found[1]}-{found[2]}-{found[3]}", self.surrogates.days, Reading())
        return "" if new is None else new.replace("-", "") + found[4]

    def _text(self, element: DataElement, action: Action | None, done: Cleaned) -> None:
        """Attributes that the table does not name, or that an option keeps or cleans."""
        if element.keyword == "PatientAge" and (age_in_years(element.value) or 0) > OLDEST_TOLD:
            element.value = f"{OLDEST_TOLD + 1:03d}Y"
        if element.VR not in {*TEXTS, *SHORT_TEXTS} or element.value in (None, ""):
            return
        words = "\\".join(str(value) for value in several(element.value))
        if action == "clean" or element.VR in TEXTS:
            result = deidentify_text(words, self.surrogates, names=self.names)
            if result.replaced or result.doubts:
                done.doubts.append(element.keyword)
            if result.replaced:
                element.value = result.text.split("\\") if "\\" in words else result.text
                done.count("cleaned")
        elif any(name.lower() in words.lower() for name in self.names) and action is None:
            element.value = None
            done.doubts.append(element.keyword)
            done.count("emptied")

    def _meta(self, dataset: Dataset) -> None:
        """A new meta header with nothing but what a reader needs, and an empty preamble."""
        from pydicom.dataset import FileMetaDataset
        from pydicom.uid import PYDICOM_IMPLEMENTATION_UID

        old, new = dataset.file_meta, FileMetaDataset()
        for keyword in META_KEPT:
            if keyword in old:
                setattr(new, keyword, old[keyword].value)
        if "SOPClassUID" in dataset:
            new.MediaStorageSOPClassUID = dataset.SOPClassUID
        if "SOPInstanceUID" in dataset:
            new.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        new.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
        dataset.file_meta = new
        dataset.preamble = b"\0" * 128


def write_method(dataset: Dataset, options: frozenset[str], *, pixels: bool) -> None:
    """Write down by which profile and options a dataset was de-identified (PS3.16 CID 7050)."""
    from pydicom import Dataset as New

    codes = [
        BASIC,
        DATES,
        *((OPTIONS[name].code, OPTIONS[name].meaning) for name in sorted(options)),
    ]
    if pixels:
        codes.append(PIXELS)
    dataset.DeidentificationMethod = "PS3.15 basic profile, by bedside"
    items = []
    for value, meaning in codes:
        item = New()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
        items.append(item)
    dataset.DeidentificationMethodCodeSequence = items


def names_in(dataset: Dataset) -> Iterator[str]:
    """Words of the patient's name and numbers, of four letters or more."""
    for keyword in ("PatientName", "PatientID", "OtherPatientNames", "AccessionNumber"):
        for value in several(dataset.get(keyword)):
            yield from (word for word in re.split(r"[\^=\s,.]+", str(value)) if len(word) > 3)


def _each(value: Any, change: Any) -> Any:
    values = [change(str(one)) for one in several(value)]
    return values[0] if len(values) == 1 else (values or None)
