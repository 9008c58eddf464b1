"""How a file that offers several views of itself is to be read.

Enters: the words of an image input. Leaves: a `View`. Nothing is imported here, so that a
study without DICOM does not pay for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Frame: TypeAlias = Literal["first", "middle"] | int
Window: TypeAlias = Literal["first", "full"] | int | tuple[float, float]


@dataclass(frozen=True)
class View:
    """Which frame and which grey window of a DICOM file is shown; other files have neither.

    Args:
        frame: ``first``, ``middle`` or a number, 1 for the first; None refuses files of
            several frames.
        window: ``first`` takes the file's first table or window and, where it has none,
            the full range of its stored bits; ``full`` always that range; a number, that
            window of the file; ``(center, width)``, that window in the units after the
            rescale (Hounsfield units in CT), for every file alike.
    """

    frame: Frame | None = None
    window: Window = "first"
