"""Measurements -> a DICOM structured report (TID 1500) that refers to segments and series.

Enters: a record of measurements, the SEG they were made on, and its series. Leaves: an SR file that
archives and viewers read: of each structure its volume and diameters, of the tumour the distances
and margins as well. The library highdicom writes it (extra ``dicom-seg``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydicom import Dataset

from bedside import __version__
from bedside.data.quiet_readers import quiet
from bedside.deployment.dicom_seg import MAKER, SourceSeries, concept_of
from bedside.extras import check_extra
from bedside.measurement.record import Record
from bedside.run_folder import atomic

OWN = "99BEDSIDE"
"""Coding scheme of what no published one has a code for."""
DIGITS = 4


def write_report(
    path: Path, record: Record, *, segmentation: Dataset, source: SourceSeries
) -> None:
    """Write a record as DICOM SR.

    Args:
        path: of the file.
        record: what was measured in the segmentation.
        segmentation: what `dicom_seg.write_segmentation` wrote.
        source: the series.

    Raises:
        InstallError: highdicom is not installed.
    """
    check_extra("dicom-seg", where="DICOM SR")
    import highdicom as hd
    from pydicom.sr.codedict import codes

    device = hd.sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=hd.UID(), name=MAKER, model_name=__version__
        ),
    )
    numbers = {str(s.SegmentLabel): int(s.SegmentNumber) for s in segmentation.SegmentSequence}
    groups = [
        _group(hd, record, name, segmentation=segmentation, number=number)
        for name, number in numbers.items()
        if name in record.sizes
    ]
    report = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=device),
        procedure_reported=hd.sr.CodedConcept("363679005", "SCT", "Imaging procedure"),
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )
    with quiet():
        made = hd.sr.Comprehensive3DSR(
            evidence=[segmentation, *source.headers],
            content=report[0],
            series_instance_uid=hd.UID(),
            series_number=901,
            sop_instance_uid=hd.UID(),
            instance_number=1,
            manufacturer=MAKER,
            is_complete=True,
            is_final=False,
            is_verified=False,
        )
        with atomic(path) as partial:
            made.save_as(partial)


def _group(hd: Any, record: Record, name: str, *, segmentation: Dataset, number: int) -> Any:
    category, kind = concept_of(name)
    segment = segmentation.SegmentSequence[number - 1]
    return hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(
            uid=segment.TrackingUID, identifier=segment.TrackingID
        ),
        referenced_segment=hd.sr.ReferencedSegment.from_segmentation(segmentation, number),
        finding_category=category,
        finding_type=kind,
        measurements=_measurements(hd, record, name),
    )


def _measurements(hd: Any, record: Record, name: str) -> list[Any]:
    """Size of a structure and, of the tumour, where it lies."""
    from pydicom.sr.codedict import codes

    def told(concept: Any, value: float, unit: Any) -> Any:
        return hd.sr.Measurement(name=concept, value=round(value, DIGITS), unit=unit)

    def own(code: str, meaning: str) -> Any:
        return hd.sr.CodedConcept(code, OWN, meaning[:64])

    ml, mm = hd.sr.CodedConcept("ml", "UCUM", "ml"), codes.UCUM.Millimeter
    size = record.sizes[name]
    found = [
        told(codes.SCT.Volume, size.volume_ml, ml),
        told(codes.SCT.LongAxis, size.longest_axial_mm, mm),
        told(codes.SCT.ShortAxis, size.across_mm, mm),
        told(own("LONGEST3D", "Longest diameter in space"), size.longest_mm, mm),
    ]
    if name != record.tumour:
        return found
    for place, (other, apart) in enumerate(record.distances.items(), start=1):
        found.append(told(own(f"DISTANCE{place}", f"Distance to {other}"), apart.mm, mm))
    if record.to_surface is not None:
        meaning = f"Distance to surface of {record.organ}"
        found.append(told(own("SURFACE", meaning), record.to_surface.mm, mm))
    for shell in record.shells:
        code = f"SHELL{shell.margin_mm:g}"
        found.append(told(own(code, f"Shell of {shell.margin_mm:g} mm"), shell.volume_ml, ml))
    return found
