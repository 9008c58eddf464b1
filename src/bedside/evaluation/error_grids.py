"""Error grids: what a wrong glucose value would do to the patient who trusts it.

Enters: true and predicted glucose. Leaves: a zone for each pair, A (harmless) to E
(the opposite of what is needed), and the metrics that are shares of zones.

Clarke: Clarke et al. 1987, doi:10.2337/diacare.10.5.622, drawn by its five authors for
people who treat themselves. Consensus (Parkes): drawn by 100 physicians, one grid for
type 1 and one for type 2 diabetes; Parkes et al. 2000, doi:10.2337/diacare.23.8.1143;
its lines as numbers: Pfützner et al. 2013, doi:10.1177/193229681300700517. ISO
15197:2013 judges all meters by the grid of type 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from bedside.evaluation.glucose import in_mg_dl
from bedside.evaluation.windows import Block, Each, Windows
from bedside.schema import Array

ZONES = "ABCDE"
Line = tuple[tuple[float, float], ...]
"""Corners (true, predicted) in mg/dL; beyond the last it goes on as straight."""


@dataclass(frozen=True)
class Lines:
    """The lines between zones A|B, B|C, C|D, D|E, on either side of the diagonal.

    Args:
        above: predicted too high: a point above the n-th line is at least in the next zone.
        below: predicted too low: the same below the line, from its first corner on.
    """

    above: tuple[Line, ...]
    below: tuple[Line, ...]


PARKES: Mapping[int, Lines] = {
    1: Lines(
        above=(
            ((0, 50), (30, 50), (140, 170), (280, 380), (430, 550)),
            ((0, 60), (30, 60), (50, 80), (70, 110), (260, 550)),
            ((0, 100), (25, 100), (50, 125), (80, 215), (125, 550)),
            ((0, 150), (35, 155), (50, 550)),
        ),
        below=(
            ((50, 30), (170, 145), (385, 300), (550, 450)),
            ((120, 30), (260, 130), (550, 250)),
            ((250, 40), (550, 150)),
        ),
    ),
    2: Lines(
        above=(
            ((0, 50), (30, 50), (230, 330), (440, 550)),
            ((0, 60), (30, 60), (280, 550)),
            ((0, 80), (25, 80), (35, 90), (125, 550)),
            ((0, 200), (35, 200), (50, 550)),
        ),
        below=(
            ((50, 30), (90, 80), (330, 230), (550, 450)),
            ((90, 0), (260, 130), (550, 250)),
            ((250, 40), (410, 110), (550, 160)),
        ),
    ),
}
"""Type of diabetes -> its grid."""


def clarke_zones(truth: Array, predicted: Array, *, unit: str = "mg/dL") -> Array:
    """Zones of Clarke's grid.

    Args:
        truth: of any shape, in `unit`.
        predicted: of the same shape.
        unit: ``mg/dL`` or ``mmol/L``.

    Returns:
        int8 of the same shape, 0 for A to 4 for E.
    """
    x, y = in_mg_dl(truth, unit), in_mg_dl(predicted, unit)
    zones = np.full(np.shape(x), 1, dtype=np.int8)
    missed = (y >= 70) & (y < 180)
    zones[((x < 70) | (x > 240)) & missed] = 3
    zones[(x > 70) & (y > 180) & (y > x + 110)] = 2
    zones[(x >= 130) & (x <= 180) & (y < 7 / 5 * (x - 130))] = 2
    zones[(np.abs(y - x) <= 0.2 * x) | ((x < 70) & (y < 70))] = 0
    zones[((x <= 70) & (y >= 180)) | ((x >= 180) & (y <= 70))] = 4
    return zones


def parkes_zones(
    truth: Array, predicted: Array, *, unit: str = "mg/dL", diabetes_type: int = 1
) -> Array:
    """Zones of the consensus grid; a point on a line belongs to the harmless side.

    Args:
        truth: of any shape, in `unit`.
        predicted: of the same shape.
        unit: ``mg/dL`` or ``mmol/L``.
        diabetes_type: 1 or 2.

    Returns:
        int8 of the same shape, 0 for A to 4 for E.
    """
    x, y = in_mg_dl(truth, unit), in_mg_dl(predicted, unit)
    lines = PARKES[diabetes_type]
    zones = np.zeros(np.shape(x), dtype=np.int8)
    for zone, line in enumerate(lines.above, start=1):
        zones[y > height(line, x)] = zone
    for zone, line in enumerate(lines.below, start=1):
        zones[(x >= line[0][0]) & (y < height(line, x))] = zone
    return zones


def height(line: Line, x: Array) -> Array:
    """The line at `x`, straight on beyond its last corner."""
    corners = np.asarray(line, dtype=np.float64)
    (x1, y1), (x2, y2) = corners[-2:]
    beyond = y2 + (x - x2) * (y2 - y1) / (x2 - x1)
    return np.where(x > x2, beyond, np.interp(x, corners[:, 0], corners[:, 1]))


def _shares(zones: Array, block: Block) -> Array:
    """(n, S) zones -> (n, 5) share of each window's known steps in each zone."""
    return block.over_steps((zones[:, :, None] == np.arange(len(ZONES))).astype(np.float64))


def in_clarke(block: Block) -> Array:
    """(n, 5) share of each of Clarke's zones in each window."""
    return _shares(clarke_zones(block.truth, block.point, unit=block.unit), block)


def in_parkes(block: Block) -> Array:
    """(n, 5) share of each zone of the consensus grid for type 1."""
    return _shares(parkes_zones(block.truth, block.point, unit=block.unit), block)


def in_parkes_type2(block: Block) -> Array:
    """(n, 5) share of each zone of the consensus grid for type 2."""
    zones = parkes_zones(block.truth, block.point, unit=block.unit, diabetes_type=2)
    return _shares(zones, block)


def _share_of(zones: str, each: Each) -> Callable[[Windows, Array], Array]:
    """The metric that is the share of some zones."""
    columns = [ZONES.index(zone) for zone in zones]

    def metric(windows: Windows, weights: Array) -> Array:
        return np.asarray(windows.mean(each, weights)[:, columns].sum(axis=1))

    return metric


clarke_a, clarke_b, clarke_c, clarke_d, clarke_e = (_share_of(z, in_clarke) for z in ZONES)
clarke_ab = _share_of("AB", in_clarke)
parkes_a, parkes_b, parkes_c, parkes_d, parkes_e = (_share_of(z, in_parkes) for z in ZONES)
parkes_ab = _share_of("AB", in_parkes)
parkes_type2_a, parkes_type2_b, parkes_type2_c, parkes_type2_d, parkes_type2_e = (
    _share_of(z, in_parkes_type2) for z in ZONES
)
parkes_type2_ab = _share_of("AB", in_parkes_type2)
