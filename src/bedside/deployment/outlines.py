"""Outlines of new cases as files: a mask a case, on the voxels of its source.

Enters: what a package answered, and how the sources lie. Leaves: NIfTI masks in the axes and
the affine of their sources, of pictures PNG in their size, with the study's own numbers for
structures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bedside.errors import RunError, sentence
from bedside.modalities.label_masks import write_mask
from bedside.modalities.picture_masks import write_picture_mask

if TYPE_CHECKING:
    from bedside.data.packed_mask import PackedMask
    from bedside.schema import Geometry, State

TABLE = "predictions.csv"
ENDINGS = (".nii.gz", ".nii", ".dcm", ".png", ".jpg", ".jpeg", ".tif", ".tiff")


@dataclass
class MaskFolder:
    """A folder that masks are written into, none over another.

    Args:
        folder: made where it is not there.
        state: of the task, with the numbers of its structures.
        taken: names that were used.
    """

    folder: Path
    state: State
    taken: set[str] = field(default_factory=set)

    @property
    def flat(self) -> bool:
        """Whether pictures are outlined."""
        return bool(self.state.get("space", "volume") != "volume")

    def write(self, case: str, mask: PackedMask, geometry: Geometry) -> str:
        """Write one mask; the file's name, after that of the case.

        Raises:
            RunError: the folder cannot be written.
        """
        labels = [self.state["labels"][name] for name in self.state["names"]]  # JSON has no order
        numbers = np.array([0, *labels], dtype=np.uint8)
        name = self._name(case)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self.flat:
                write_picture_mask(self.folder / name, numbers[mask.voxels()])
            else:
                write_mask(
                    self.folder / name,
                    numbers[mask.voxels()],
                    geometry,
                    structures={name: int(n) for name, n in self.state["labels"].items()},
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

    def _name(self, case: str) -> str:
        stem = Path(case).name or "case"
        for ending in ENDINGS:
            stem = stem.removesuffix(ending)
        ending = ".png" if self.flat else ".nii.gz"
        name, count = f"{stem}_mask{ending}", 1
        while name in self.taken:
            count += 1
            name = f"{stem}_{count}_mask{ending}"
        self.taken.add(name)
        return name
