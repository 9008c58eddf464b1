"""A mask -> a DICOM segmentation that refers to the series it was made on.

Enters: labels on the voxels of a DICOM series, and that series. Leaves: a SEG file, one binary
segment a structure, all slices written, empty ones too, so that what is read again is the same bit
for bit. It carries the patient's name and number, as every DICOM object of a patient does. The
library highdicom writes it (extra ``dicom-seg``; Bridge 2022, doi:10.1007/s10278-022-00683-y).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset

from bedside import __version__
from bedside.data.dicom_header import read_dicom
from bedside.data.quiet_readers import quiet
from bedside.errors import DataError, sentence
from bedside.extras import check_extra
from bedside.modalities.label_masks import refuse_other_grid
from bedside.modalities.volume_axes import as_stored
from bedside.modalities.volume_dicom import LaidSeries, lay_series
from bedside.run_folder import atomic
from bedside.schema import Array, Geometry

MAKER = "bedside"
KINDS = {
    "liver": "Liver", "kidney": "Kidney", "lung": "Lung", "brain": "Brain", "heart": "Heart",
    "spleen": "Spleen", "pancreas": "Pancreas", "prostate": "Prostate", "colon": "Colon",
    "vessel": "BloodVessel", "vein": "Vein", "artery": "Artery", "aorta": "Aorta",
    "hippocampus": "Hippocampus",
}  # fmt: skip
"""Word in a structure's name -> its concept in SNOMED CT, by the name that pydicom gives it."""
LESIONS = ("tumour", "tumor", "lesion", "cancer", "metastasis", "nodule", "mass")
BLANKS = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate",
          "StudyTime", "AccessionNumber", "ReferringPhysicianName")  # fmt: skip
"""Attributes that a valid object has, if only blank."""


@dataclass(frozen=True)
class SourceSeries:
    """The headers of a series in the order of its slices, and how these lie."""

    laid: LaidSeries
    headers: tuple[Dataset, ...]


def read_source(folder: Path, *, where: str) -> SourceSeries:
    """Read the headers of a series.

    Raises:
        DataError: no sound series, or one that names no frame of reference.
    """
    laid = lay_series(folder, where=where)
    headers = []
    for path in dict.fromkeys(each.path for each in laid.slices):
        with quiet(), path.open("rb") as stream:
            header = read_dicom(stream, where=where, pixels=False)
        for keyword in BLANKS:
            if keyword not in header:
                setattr(header, keyword, None)
        headers.append(header)
    needed = ("FrameOfReferenceUID", "StudyInstanceUID", "SeriesInstanceUID")
    if missing := [keyword for keyword in needed if not headers[0].get(keyword)]:
        raise DataError(
            sentence(
                where,
                expected="a series whose headers say what they belong to",
                got=f"one without {', '.join(missing)}",
                remedy="Export it from the archive again",
            )
        )
    return SourceSeries(laid, tuple(headers))


def write_segmentation(
    path: Path,
    labels: Array,
    geometry: Geometry,
    *,
    source: SourceSeries,
    structures: Mapping[str, int],
) -> Dataset:
    """Write labels as DICOM SEG; returns what was written.

    Args:
        path: of the file.
        labels: (D, H, W), upright.
        geometry: of the mask, which must be that of the series.
        source: the series.
        structures: name -> number. Segments are numbered from 1 in the order of these numbers, so
            that labels 1, 2, 3 keep theirs.

    Raises:
        InstallError: highdicom is not installed.
        DataError: the mask lies on other voxels than the series.
    """
    check_extra("dicom-seg", where="DICOM SEG")
    import highdicom as hd

    refuse_other_grid(geometry, source.laid.geometry, where="the DICOM series")
    stored, _ = as_stored(labels, source.laid.geometry)
    ordered = sorted(structures.items(), key=lambda pair: pair[1])
    frames = np.transpose(_renumbered(stored, [number for _, number in ordered]), (2, 1, 0))
    if len(source.headers) == 1:  # one file of all frames: in the order of that file
        order = np.argsort([each.frame for each in source.laid.slices])
        frames = frames[order]
    with quiet():
        made = hd.seg.Segmentation(
            source_images=list(source.headers),
            pixel_array=np.ascontiguousarray(frames),
            segmentation_type="BINARY",
            segment_descriptions=[
                _described(hd, place, name) for place, (name, _) in enumerate(ordered, start=1)
            ],
            series_instance_uid=hd.UID(),
            series_number=900,
            sop_instance_uid=hd.UID(),
            instance_number=1,
            manufacturer=MAKER,
            manufacturer_model_name=MAKER,
            software_versions=__version__,
            device_serial_number="none",
            omit_empty_frames=False,
            content_label="SEGMENTATION",
        )
        with atomic(path) as partial:
            made.save_as(partial)
    return made


def _renumbered(labels: Array, numbers: list[int]) -> Array:
    """Labels 1, 2, ... in the order of `numbers`; others become background."""
    table = np.zeros(max(int(labels.max()), *numbers) + 1, dtype=np.uint8)
    table[numbers] = np.arange(1, len(numbers) + 1)
    return np.asarray(table[labels])


def _described(hd: Any, number: int, name: str) -> Any:
    """One segment's description."""
    from pydicom.sr.codedict import codes

    category, kind = concept_of(name)
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=name[:64],
        segmented_property_category=category,
        segmented_property_type=kind,
        algorithm_type="SEMIAUTOMATIC",
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name=MAKER, family=codes.DCM.ArtificialIntelligence, version=__version__
        ),
        tracking_uid=hd.UID(),
        tracking_id=name[:64],
    )


def concept_of(name: str) -> tuple[Any, Any]:
    """Category and kind of a structure in SNOMED CT; plain tissue where the name says nothing."""
    from pydicom.sr.codedict import codes

    lower = name.lower()
    if any(word in lower for word in LESIONS):
        return codes.SCT.MorphologicallyAbnormalStructure, codes.SCT.Mass
    for word, kind in KINDS.items():
        if word in lower:
            return codes.SCT.AnatomicalStructure, getattr(codes.SCT, kind)
    return codes.SCT.Tissue, codes.SCT.Tissue
