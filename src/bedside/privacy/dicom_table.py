"""Table E.1-1 of PS3.15: what the basic profile does to each attribute.

Enters: the table as the library dicom-anonymizer keeps it (edition 2026c), and the options that
were asked for. Leaves: tag -> action. Of the library only the table is used: its engine looks at
the top level of a header alone and moves no dates.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from bedside.extras import check_extra

EDITION = "dicomfields_2026c"
Action = Literal["remove", "empty", "dummy", "uid", "references", "keep", "clean"]
ACTIONS: Mapping[str, Action] = {
    "X_TAGS": "remove",
    "Z_TAGS": "empty",
    "X_Z_TAGS": "empty",
    "D_TAGS": "dummy",
    "Z_D_TAGS": "dummy",
    "X_D_TAGS": "dummy",
    "X_Z_D_TAGS": "dummy",
    "U_TAGS": "uid",
    "X_Z_U_STAR_TAGS": "references",
}
"""Where the table leaves a choice by the type of an attribute, what every object allows."""


@dataclass(frozen=True)
class Option:
    """An option of the profile.

    Args:
        code: of CID 7050.
        meaning: of the code.
        action: what it does instead.
        keywords: to which attributes.
    """

    code: str
    meaning: str
    action: Action
    keywords: tuple[str, ...]


BASIC = ("113100", "Basic Application Confidentiality Profile")
DATES = ("113107", "Retain Longitudinal Temporal Information Modified Dates Option")
PIXELS = ("113101", "Clean Pixel Data Option")
OPTIONS: Mapping[str, Option] = {
    "characteristics": Option(
        "113108", "Retain Patient Characteristics Option", "keep",
        ("PatientAge", "PatientSex", "PatientSexNeutered", "PatientSize", "PatientWeight",
         "EthnicGroup", "SmokingStatus", "PregnancyStatus"),
    ),
    "descriptions": Option(
        "113105", "Clean Descriptors Option", "clean",
        ("StudyDescription", "SeriesDescription", "ProtocolName", "ImageComments",
         "AcquisitionComments", "AcquisitionProtocolDescription", "DerivationDescription",
         "ContrastBolusAgent", "RequestedProcedureDescription", "ReasonForStudy",
         "PerformedProcedureStepDescription", "AdmittingDiagnosesDescription",
         "AdditionalPatientHistory", "AcquisitionDeviceProcessingDescription"),
    ),
    "device": Option(
        "113109", "Retain Device Identity Option", "keep",
        ("StationName", "DeviceSerialNumber", "DetectorID", "GantryID", "PlateID", "CassetteID",
         "GeneratorID", "PerformedStationName", "PerformedStationAETitle",
         "DateOfLastCalibration", "TimeOfLastCalibration"),
    ),
}  # fmt: skip
"""By the name that the command knows them by."""
OF_LIFE = ("PatientBirth", "PatientDeath", "PatientAlternativeCalendar", "PatientDied")
"""Dates that begin so tell the person, not the care: they do not move, they go."""
PLACES = 0x0016
"""The group of satellite positions."""


@lru_cache(maxsize=8)
def actions_for(options: Collection[str]) -> dict[int, Action]:
    """What to do to each attribute of the table; groups that repeat are not in it.

    Args:
        options: names of `OPTIONS`, as a frozenset.

    Raises:
        InstallError: the extra ``privacy`` is not installed.
    """
    from pydicom.datadict import tag_for_keyword

    check_extra("privacy", where="DICOM")
    table = importlib.import_module(f"dicomanonymizer.dicom_anonymization_databases.{EDITION}")
    found: dict[int, Action] = {}
    for name, action in ACTIONS.items():
        for tag in getattr(table, name):
            if len(tag) == 2:
                found[tag[0] << 16 | tag[1]] = action
    for name in sorted(options):
        for keyword in OPTIONS[name].keywords:
            found[int(tag_for_keyword(keyword) or 0)] = OPTIONS[name].action
    found.pop(0, None)
    return found


def repeats(tag: int) -> bool:
    """Whether a tag is of the curves and overlays, which the profile removes."""
    group = tag >> 16
    return group & 0xFF00 in (0x5000, 0x6000)
