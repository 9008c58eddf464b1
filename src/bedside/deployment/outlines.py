"""Outlines of new cases as files: a mask a case, on the voxels of its source.

Enters: what a package answered, and how the sources lie. Leaves: NIfTI masks in the axes and
the affine of their sources, of pictures PNG in their size, with the study's own numbers for
structures; beside them, where asked for, maps of uncertainty, and DICOM SEG and SR.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bedside.errors import DataError, RunError, sentence
from bedside.modalities.label_masks import write_mask
from bedside.modalities.picture_masks import write_picture_mask

if TYPE_CHECKING:
    from bedside.data.packed_mask import PackedMask
    from bedside.schema import Geometry, Reference, Sample, State

TABLE = "predictions.csv"
MASK, DOUBT = "_mask", "_uncertainty"
ENDINGS = (".nii.gz", ".nii", ".dcm", ".png", ".jpg", ".jpeg", ".tif", ".tiff")


@dataclass(frozen=True)
class Answered:
    """What a package said of one case, and where it came from.

    Args:
        case: its name.
        mask: on the grid of the source.
        geometry: of the source.
        doubt: entropy at every voxel, in 255ths of the largest; None where not asked for.
        source: of the case's one input.
        where: names the case in messages.
    """

    case: str
    mask: PackedMask
    geometry: Geometry
    doubt: PackedMask | None = None
    source: Reference | Sample | None = None
    where: str = "the case"


def series_of(answered: Answered) -> Path:
    """The folder of the DICOM series that a case was read from.

    Raises:
        DataError: it came from something else.
    """
    content = getattr(answered.source, "content", None)
    path = Path(content) if isinstance(content, str | Path) else None
    if path is None or not path.is_dir():
        raise DataError(
            sentence(
                answered.where,
                expected="a DICOM series, which a DICOM segmentation refers to",
                got="something else",
                remedy="Name the folder of the series, or leave dicom out",
            )
        )
    return path


@dataclass
class MaskFolder:
    """A folder that masks are written into, none over another.

    Args:
        folder: made where it is not there.
        state: of the task, with the numbers of its structures.
        dicom: whether a mask of a DICOM series is written as SEG and SR as well.
        taken: names that were used.
    """

    folder: Path
    state: State
    dicom: bool = False
    taken: set[str] = field(default_factory=set)

    @property
    def flat(self) -> bool:
        """Whether pictures are outlined."""
        return bool(self.state.get("space", "volume") != "volume")

    @property
    def ending(self) -> str:
        """Of masks, and of maps beside them."""
        return ".png" if self.flat else ".nii.gz"

    def write(self, answered: Answered) -> str:
        """Write one mask, and what is asked for beside it; the mask's name, after the case's.

        Raises:
            RunError: the folder cannot be written.
            InstallError: DICOM is asked for, and highdicom is not installed.
            DataError: DICOM is asked for, and the source is no sound series.
        """
        mask, geometry = answered.mask, answered.geometry
        labels = [self.state["labels"][name] for name in self.state["names"]]  # JSON has no order
        numbers = np.array([0, *labels], dtype=np.uint8)
        name = self._name(answered.case)
        structures = {name: int(n) for name, n in self.state["labels"].items()}
        voxels = numbers[mask.voxels()]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self.flat:
                write_picture_mask(self.folder / name, voxels)
            else:
                write_mask(self.folder / name, voxels, geometry, structures=structures)
            if answered.doubt is not None:
                self._write_doubt(self._doubt_name(name), answered.doubt, geometry)
            if self.dicom:
                # pydicom is slow to import, and most predictions need none of it
                from bedside.deployment.mask_dicom_out import Marked, write_as_dicom

                stem = name.removesuffix(self.ending)
                write_as_dicom(
                    Marked(voxels, geometry, structures),
                    series_of(answered),
                    where=answered.where,
                    seg=self.folder / f"{stem}.dcm",
                    sr=self.folder / f"{stem}_measurements.dcm",
                )
        except OSError as error:
            raise RunError(
                sentence(
                    "Folder of masks",
                    expected="a folder that can be written",
                    got=error.strerror or type(error).__name__,
                    remedy="Name another one with -o",
                )
            ) from error
        return name

    def _write_doubt(self, name: str, doubt: PackedMask, geometry: Geometry) -> None:
        """Entropy as a share of the largest: 0 to 255 in a PNG, 0 to 1 in a NIfTI file."""
        if self.flat:
            write_picture_mask(self.folder / name, doubt.voxels())
        else:
            share = doubt.voxels().astype(np.float32) / 255
            write_mask(self.folder / name, share, geometry)

    def _doubt_name(self, name: str) -> str:
        """``a_mask.png`` -> ``a_uncertainty.png``."""
        return f"{name.removesuffix(MASK + self.ending)}{DOUBT}{self.ending}"

    def _name(self, case: str) -> str:
        stem = Path(case).name or "case"
        for ending in ENDINGS:
            stem = stem.removesuffix(ending)
        name, count = f"{stem}{MASK}{self.ending}", 1
        while name in self.taken:
            count += 1
            name = f"{stem}_{count}{MASK}{self.ending}"
        self.taken.add(name)
        return name
