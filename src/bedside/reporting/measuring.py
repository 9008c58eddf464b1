"""From the files of a mask, its image and an earlier mask to measurements.

Enters: paths. Leaves: a `Measured` and the changes. Messages name what is wrong by the argument,
not by its file, whose name may be a patient's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bedside.errors import StudyError, sentence
from bedside.measurement.record import (
    MARGINS_MM,
    Asked,
    Change,
    Record,
    all_names,
    changes,
    measured,
)
from bedside.modalities.label_masks import decode_mask, names_told, refuse_other_grid
from bedside.modalities.volume_files import decode_volume
from bedside.reporting.measurement_figures import Measured
from bedside.schema import Array, Geometry, Reference, Sample

SEG, SR = "segmentation.dcm", "measurements.dcm"
MOST_MM = 100.0
"""Widest margin."""


@dataclass(frozen=True)
class Files:
    """The files of one measurement.

    Args:
        mask: of labels.
        image: on the mask's grid, for the pictures.
        previous: an earlier mask of the same person.
    """

    mask: Path
    image: Path | None = None
    previous: Path | None = None


def measure_files(
    files: Files,
    *,
    names: Sequence[str] = (),
    asked: Asked | None = None,
    progress: Callable[[str], None] | None = None,
) -> tuple[Measured, dict[str, Change] | None]:
    """Measure a mask, and compare it with an earlier one where that is given.

    Args:
        files: which.
        names: ``tumour=2``: what the numbers mean, in place of what the file says.
        asked: what to measure.
        progress: told the name of what is measured next.

    Raises:
        StudyError: a name has another form, or a structure is asked for that is not there.
        DataError: a file cannot be read, or image and mask lie on different grids.
    """
    given = parse_names(names)
    mask = decode_mask(Reference("the mask", files.mask))
    image = None
    if files.image is not None:
        shown = decode_volume(Reference("--image", files.image))
        refuse_other_grid(mask.geometry, shown.geometry, where="--image")
        image = _first_channel(shown)
    told = names_told(mask.geometry) | given
    record, labels, affine = _record(mask, told, asked, progress)
    found = Measured(labels, affine, all_names(labels, told), record, image)
    if files.previous is None:
        return found, None
    before = decode_mask(Reference("--previous", files.previous))
    earlier, _, _ = _record(before, names_told(before.geometry) | told, asked, progress)
    return found, changes(earlier, record)


def _record(
    mask: Sample,
    told: dict[int, str],
    asked: Asked | None,
    progress: Callable[[str], None] | None,
) -> tuple[Record, Array, Array]:
    labels, affine = mask.values, mask.geometry.affine
    if isinstance(labels, str):
        raise TypeError("a mask holds an array")
    record = measured(labels, mask.geometry, names=told, asked=asked, progress=progress)
    if affine is None:
        raise TypeError("a measured mask has an affine")
    return record, labels, affine


def _first_channel(sample: Sample) -> Array:
    if isinstance(sample.values, str):
        raise TypeError("a volume holds an array")
    return sample.values if sample.values.ndim == 3 else sample.values[..., 0]


def write_dicom(folder: Path, found: Measured, series: Path) -> None:
    """Write the mask as DICOM SEG and the measurements as DICOM SR; both name the patient.

    Args:
        folder: for the two files.
        found: what was measured.
        series: folder of the DICOM series that the mask lies on.

    Raises:
        InstallError: highdicom is not installed.
        DataError: the series is unsound, or the mask does not lie on it.
    """
    from bedside.deployment.dicom_seg import read_source
    from bedside.deployment.mask_dicom_out import Marked, write_seg_and_sr

    spacing = found.record.spacing_mm
    geometry = Geometry(found.labels.shape, spacing, affine=found.affine)
    structures = {name: number for number, name in found.names.items()}
    marked, source = (
        Marked(found.labels, geometry, structures),
        read_source(series, where="--series"),
    )
    write_seg_and_sr(marked, found.record, source=source, seg=folder / SEG, sr=folder / SR)


def asked_for(
    *, tumour: str | None, organ: str | None, margins_mm: Sequence[float] | None
) -> Asked:
    """What the command's options ask for.

    Raises:
        StudyError: a margin is not above 0 and at most 100 mm.
    """
    margins = tuple(sorted(set(margins_mm or MARGINS_MM)))
    if not all(0 < margin <= MOST_MM for margin in margins):
        raise StudyError(
            sentence(
                "--margin",
                expected=f"mm above 0 and at most {MOST_MM:g}",
                got="another number",
                remedy="Correct it",
            )
        )
    return Asked(tumour, organ, margins)


def parse_names(words: Sequence[str]) -> dict[int, str]:
    """``tumour=2`` -> {2: "tumour"}.

    Raises:
        StudyError: another form, or a number or name that stands twice.
    """
    found: dict[int, str] = {}
    for word in words:
        name, mark, number = word.rpartition("=")
        fault = not mark or not name.strip() or not number.strip().isdecimal()
        if fault or int(number) == 0 or int(number) in found or name.strip() in found.values():
            raise StudyError(
                sentence(
                    "--name",
                    expected="NAME=NUMBER, each once and the number from 1, such as tumour=2",
                    got="another form" if fault else "one that stands twice, or 0",
                    remedy="Correct it",
                )
            )
        found[int(number)] = name.strip()
    return found
