"""A mask as DICOM: a SEG and an SR that refer to the series it lies on.

Enters: labels with their geometry and names, what was measured of them, and the series. Leaves:
two files; both carry the patient's name and number, as the series does (extra ``dicom-seg``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bedside.deployment.dicom_seg import SourceSeries, read_source, write_segmentation
from bedside.deployment.dicom_sr import write_report
from bedside.measurement.record import Record, measured
from bedside.schema import Array, Geometry


@dataclass(frozen=True)
class Marked:
    """A mask and what its numbers mean.

    Args:
        labels: (D, H, W).
        geometry: of the mask, which must be that of the series.
        structures: name -> number.
    """

    labels: Array
    geometry: Geometry
    structures: Mapping[str, int]


def write_seg_and_sr(
    marked: Marked, record: Record, *, source: SourceSeries, seg: Path, sr: Path
) -> None:
    """Write both files.

    Raises:
        InstallError: highdicom is not installed.
        DataError: the mask lies on other voxels than the series.
    """
    made = write_segmentation(
        seg, marked.labels, marked.geometry, source=source, structures=marked.structures
    )
    write_report(sr, record, segmentation=made, source=source)


def write_as_dicom(marked: Marked, series: Path, *, where: str, seg: Path, sr: Path) -> None:
    """Measure a mask and write it beside what was measured.

    Of a mask that holds no structure, the SEG alone is written: there is nothing to measure.

    Args:
        marked: the mask.
        series: folder of the DICOM series that it lies on.
        where: names the case in messages.
        seg: file of the segmentation.
        sr: file of the measurements.

    Raises:
        InstallError: highdicom is not installed.
        DataError: the series is unsound, or the mask does not lie on it.
    """
    source = read_source(series, where=where)
    there = {n: name for name, n in marked.structures.items() if (marked.labels == n).any()}
    if not there:
        write_segmentation(
            seg, marked.labels, marked.geometry, source=source, structures=marked.structures
        )
        return
    record = measured(np.asarray(marked.labels), marked.geometry, names=there)
    write_seg_and_sr(marked, record, source=source, seg=seg, sr=sr)
