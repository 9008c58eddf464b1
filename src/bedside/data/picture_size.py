"""The size that a first study file gives to its images.

Enters: cases with a column of files, or the shape of an array. Leaves: (height, width)
where all images looked at have one size that is worth keeping, None otherwise.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from bedside.data.written_paths import written_path

if TYPE_CHECKING:
    from pathlib import Path

    from bedside.data.raw_cases import RawCases

TINY, SMALL = 16, 128
LOOKED_AT = 5


def image_size(raw: RawCases, column: str, root: Path) -> list[int] | None:
    """[height, width] where the first images are all alike and small; None otherwise."""
    cells = raw.cases[column].dropna().head(LOOKED_AT)
    sizes = {_size_of(written_path(root, cell)) for cell in cells}
    size = next(iter(sizes)) if len(sizes) == 1 else None
    return kept_size(*size) if size is not None else None


def kept_size(height: int, width: int) -> list[int] | None:
    """The images' own size where it is small enough to keep and large enough to see."""
    return [height, width] if min(height, width) >= TINY and max(height, width) <= SMALL else None


def _size_of(file: Path) -> tuple[int, int] | None:
    """(height, width) from the file's header; None where it cannot be told."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file) as image:
                return image.height, image.width
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
