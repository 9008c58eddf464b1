"""All that is measured in one mask, and how two time points differ.

Enters: a mask of labels with its geometry, and what is asked: which structure is the tumour, which
its organ, how wide the margins. Leaves: a `Record`, and its form as JSON and as rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from bedside.errors import DataError, StudyError, nearest, sentence
from bedside.measurement.relations import (
    Distance,
    Shell,
    distance_between,
    distance_to_edge,
    shells_around,
)
from bedside.measurement.sizes import Size, size_of
from bedside.schema import Array, Geometry

MARGINS_MM = (5.0, 10.0)
TUMOURS = ("tumour", "tumor", "lesion", "cancer", "metastasis", "nodule")
"""Words in a name by which a tumour is found where none is named."""
PROGRESSION, RESPONSE, LEAST_MM = 20.0, -30.0, 5.0
"""Of RECIST 1.1: growth and shrinking of the diameter in %, and the least growth in mm."""


@dataclass(frozen=True)
class Asked:
    """What to measure.

    Args:
        tumour: name of the structure that distances start from; None finds one by its name.
        organ: name of the structure it lies in; None measures no distance to its surface.
        margins_mm: of the shells around the tumour.
    """

    tumour: str | None = None
    organ: str | None = None
    margins_mm: tuple[float, ...] = MARGINS_MM


@dataclass(frozen=True)
class Record:
    """What was measured.

    Args:
        spacing_mm: of the mask's grid along D, H and W.
        sizes: name of each structure that is there -> its size.
        absent: names of structures that have no voxel.
        tumour: name of the tumour, where there is one.
        organ: name of its organ, where asked for.
        distances: name -> from the tumour to that structure.
        to_surface: from the tumour to the organ's surface.
        shells: around the tumour.
    """

    spacing_mm: tuple[float, ...]
    sizes: dict[str, Size]
    absent: tuple[str, ...] = ()
    tumour: str | None = None
    organ: str | None = None
    distances: dict[str, Distance] = field(default_factory=dict)
    to_surface: Distance | None = None
    shells: tuple[Shell, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, numbers in the units of their names."""
        return asdict(self)


@dataclass(frozen=True)
class Change:
    """One structure at two time points; % of the earlier value, None where it was not there."""

    before_ml: float
    after_ml: float
    volume_percent: float | None
    before_mm: float
    after_mm: float
    diameter_percent: float | None
    words: str


def measured(
    labels: Array,
    geometry: Geometry,
    *,
    names: Mapping[int, str],
    asked: Asked | None = None,
    progress: Callable[[str], None] | None = None,
) -> Record:
    """Measure a mask.

    Args:
        labels: (D, H, W), upright.
        geometry: of the mask; must say how it lies.
        names: number -> name of the structures; others of the mask get their number as a name.
        asked: None for the defaults.
        progress: told the name of what is measured next.

    Raises:
        DataError: the mask does not say how its voxels lie, or holds no structure.
        StudyError: a structure is asked for that has no name here.
    """
    asked, told = asked or Asked(), progress or (lambda _: None)
    affine, spacing = geometry.affine, geometry.spacing_mm
    if affine is None or spacing is None:
        raise DataError(
            sentence(
                "the mask",
                expected="one that says how its voxels lie, in mm",
                got="one without",
                remedy="Write it with the geometry of its image, as NIfTI, NRRD or DICOM SEG",
            )
        )
    names = all_names(labels, names)
    numbers = {name: number for number, name in names.items()}
    tumour, organ = _roles(asked, numbers)
    sizes: dict[str, Size] = {}
    for name, number in numbers.items():
        told(name)
        found = size_of(labels == number, affine)
        if found is not None:
            sizes[name] = found
    absent = tuple(name for name in numbers if name not in sizes)
    if tumour is None or tumour not in sizes:
        return Record(spacing, sizes, absent, tumour, organ)
    distances: dict[str, Distance] = {}
    for name in sizes:
        if name in (tumour, organ):
            continue
        told(f"{tumour} to {name}")
        apart = distance_between(labels == numbers[tumour], labels == numbers[name], affine)
        if apart is not None:
            distances[name] = apart
    told("margins")
    edge = None
    if organ is not None:
        edge = distance_to_edge(labels, affine, tumour=numbers[tumour], organ=numbers[organ])
    shells = shells_around(
        labels, numbers[tumour], affine, margins_mm=asked.margins_mm, names=names
    )
    return Record(spacing, sizes, absent, tumour, organ, distances, edge, tuple(shells))


def all_names(labels: Array, names: Mapping[int, str]) -> dict[int, str]:
    """Number -> name, also of structures without one.

    Raises:
        DataError: the mask (D, H, W) holds background alone.
    """
    found: set[int] = set()
    for plane in labels:  # slice by slice: all at once would be sorted, and copied for it
        found.update(np.unique(plane).tolist())
    present = sorted(found - {0})
    if not present:
        raise DataError(
            sentence(
                "the mask",
                expected="at least one structure",
                got="background alone",
                remedy="Check that it is the mask, and not an empty prediction",
            )
        )
    unnamed = [number for number in present if number not in names]
    return dict(sorted({**{n: f"structure_{n}" for n in unnamed}, **names}.items()))


def _roles(asked: Asked, numbers: Mapping[str, int]) -> tuple[str | None, str | None]:
    """Tumour and organ."""
    for option, name in (("--tumour", asked.tumour), ("--organ", asked.organ)):
        if name is not None and name not in numbers:
            raise StudyError(
                f"{option}: expected a structure of the mask. {nearest(name, numbers)}"
            )
    tumour = asked.tumour
    if tumour is None:
        found = [name for name in numbers if any(word in name.lower() for word in TUMOURS)]
        tumour = found[0] if len(found) == 1 else None
    if asked.organ is not None and asked.organ == tumour:
        raise StudyError("--organ: expected another structure than the tumour, got the same.")
    return tumour, asked.organ


def changes(before: Record, after: Record) -> dict[str, Change]:
    """How each structure of two time points changed, by name."""
    found = {}
    for name in dict.fromkeys([*before.sizes, *after.sizes]):
        old, new = before.sizes.get(name), after.sizes.get(name)
        ml = [size.volume_ml if size else 0.0 for size in (old, new)]
        mm = [size.longest_axial_mm if size else 0.0 for size in (old, new)]
        tumour = name in (before.tumour, after.tumour)
        found[name] = Change(
            before_ml=ml[0],
            after_ml=ml[1],
            volume_percent=_percent(*ml),
            before_mm=mm[0],
            after_mm=mm[1],
            diameter_percent=_percent(*mm),
            words=recist_words(*mm) if tumour else "",
        )
    return found


def recist_words(before_mm: float, after_mm: float) -> str:
    """What RECIST 1.1 calls such a change of one target lesion's diameter; a help, no diagnosis.

    Source: Eisenhauer 2009, doi:10.1016/j.ejca.2008.10.026. There the sum over all target lesions
    counts, growth is measured from the smallest sum so far, and new lesions count as well.
    """
    percent = _percent(before_mm, after_mm)
    if percent is None:
        return "new: not there before"
    if not after_mm:
        return "disappeared: as in complete response"
    if percent <= RESPONSE:
        return "smaller by at least 30 %: as in partial response"
    if percent >= PROGRESSION and after_mm - before_mm >= LEAST_MM:
        return "larger by at least 20 % and 5 mm: as in progression"
    return "neither: as in stable disease"


def _percent(before: float, after: float) -> float | None:
    return 100 * ((after - before) / before) if before else None
