"""Error grids: pairs judged by hand, the published lines as polygons, both units."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.path import Path

from bedside.evaluation import OF_GLUCOSE, metric_names
from bedside.evaluation.error_grids import ZONES, clarke_zones, parkes_zones
from bedside.evaluation.glucose import MG_PER_MMOL
from bedside.evaluation.windows import Windows
from bedside.schema import Array

from .forecasts_made import STATE, answers_of

CLARKE = [
    (100, 100, "A"), (100, 119, "A"), (100, 81, "A"), (60, 40, "A"), (65, 69, "A"),
    (100, 121, "B"), (100, 79, "B"), (250, 181, "B"), (71, 100, "B"), (300, 230, "B"),
    (100, 211, "C"), (150, 27, "C"), (160, 41, "C"), (180, 69.9, "E"), (175, 62, "C"),
    (150, 29, "B"), (100, 209, "B"),
    (60, 100, "D"), (69, 84, "D"), (50, 179, "D"), (250, 150, "D"), (400, 71, "D"),
    (60, 181, "E"), (69, 190, "E"), (200, 69, "E"), (350, 40, "E"),
]  # fmt: skip
"""True, predicted, zone: worked out from the lines of Clarke et al. 1987."""
ON_A_LINE = [(100, 120, "A"), (100, 80, "A"), (70, 180, "E"), (180, 70, "E"), (50, 70, "D")]
PARKES = [
    (100, 100, "A"), (30, 49, "A"), (50, 29, "B"), (30, 51, "B"), (140, 171, "B"), (140, 169, "A"),
    (385, 301, "A"), (385, 299, "B"), (430, 549, "A"),
    (50, 81, "C"), (70, 109, "B"), (70, 111, "C"), (120, 29, "C"), (119, 1, "B"), (260, 129, "C"),
    (25, 101, "D"), (80, 216, "D"), (80, 214, "C"), (250, 39, "D"), (249, 1, "C"),
    (35, 156, "E"), (35, 154, "D"), (10, 300, "E"),
]  # fmt: skip
"""For type 1: one side and the other of the corners in Pfützner et al. 2013, table 1."""
PARKES_TYPE2 = [
    (30, 51, "B"), (230, 331, "B"), (230, 329, "A"), (330, 229, "B"), (90, 81, "A"), (90, 79, "B"),
    (30, 61, "C"), (91, 0.1, "C"), (260, 129, "C"), (35, 91, "D"), (410, 109, "D"), (410, 111, "C"),
    (35, 201, "E"), (35, 199, "D"),
]  # fmt: skip


def letters(zones: Array) -> list[str]:
    return [ZONES[zone] for zone in zones]


@pytest.mark.parametrize("unit", ["mg/dL", "mmol/L"])
@pytest.mark.parametrize(
    ("cases", "options"), [(CLARKE, None), (PARKES, {}), (PARKES_TYPE2, {"diabetes_type": 2})]
)
def test_pairs_worked_by_hand(
    cases: list[tuple[float, float, str]], options: dict[str, int] | None, unit: str
) -> None:
    scale = MG_PER_MMOL if unit == "mmol/L" else 1.0
    truth, predicted = (np.array([case[k] for case in cases]) / scale for k in (0, 1))
    zone = clarke_zones if options is None else parkes_zones
    found = letters(zone(truth, predicted, unit=unit, **(options or {})))
    assert found == [case[2] for case in cases]


def test_on_a_line_of_clarke() -> None:
    truth, predicted = (np.array([case[k] for case in ON_A_LINE], dtype=float) for k in (0, 1))
    assert letters(clarke_zones(truth, predicted)) == [case[2] for case in ON_A_LINE]


POLYGONS = {
    1: {
        "B": [[(50, 0), (50, 30), (170, 145), (385, 300), (550, 450), (550, 0)],
              [(0, 50), (30, 50), (140, 170), (280, 380), (430, 550), (0, 550)]],
        "C": [[(120, 0), (120, 30), (260, 130), (550, 250), (550, 0)],
              [(0, 60), (30, 60), (50, 80), (70, 110), (260, 550), (0, 550)]],
        "D": [[(250, 0), (250, 40), (550, 150), (550, 0)],
              [(0, 100), (25, 100), (50, 125), (80, 215), (125, 550), (0, 550)]],
        "E": [[(0, 150), (35, 155), (50, 550), (0, 550)]],
    },
    2: {
        "B": [[(50, 0), (50, 30), (90, 80), (330, 230), (550, 450), (550, 0)],
              [(0, 50), (30, 50), (230, 330), (440, 550), (0, 550)]],
        "C": [[(90, 0), (260, 130), (550, 250), (550, 0)],
              [(0, 60), (30, 60), (280, 550), (0, 550)]],
        "D": [[(250, 0), (250, 40), (410, 110), (550, 160), (550, 0)],
              [(0, 80), (25, 80), (35, 90), (125, 550), (0, 550)]],
        "E": [[(0, 200), (35, 200), (50, 550), (0, 550)]],
    },
}  # fmt: skip
"""The zones as areas, in the order in which the later cover the earlier."""


@pytest.mark.parametrize("diabetes_type", [1, 2])
def test_lines_cut_the_plane_as_areas_do(diabetes_type: int, rng: np.random.Generator) -> None:
    pairs = rng.uniform(0.5, 549.5, (20_000, 2))
    wanted = np.full(len(pairs), "A")
    for zone, areas in POLYGONS[diabetes_type].items():
        for area in areas:
            wanted[Path(area).contains_points(pairs)] = zone
    found = parkes_zones(*pairs.T, diabetes_type=diabetes_type)
    assert (np.array(letters(found)) == wanted).all()
    assert len(set(wanted)) == 5


def test_beyond_the_drawn_grid_lines_go_straight_on() -> None:
    # type 1, B above: from (280, 380) to (430, 550) it climbs 170 in 150
    assert letters(parkes_zones(np.array([580.0, 580.0]), np.array([719.0, 721.0]))) == ["A", "B"]
    assert letters(clarke_zones(np.array([500.0]), np.array([611.0]))) == ["C"]


def test_shares_are_of_known_points_in_every_window() -> None:
    truth = np.array([[100.0, 60, np.nan], [100, 100, 100]])
    point = np.array([[100.0, 100, 100], [130, 100, 215]])
    windows = Windows.of(answers_of(truth, point))
    ones = np.ones((1, 2))
    found = {name: OF_GLUCOSE.load(name)(windows, ones)[0] for name in metric_names(OF_GLUCOSE)}
    wanted = {"clarke_a": (1 / 2 + 1 / 3) / 2, "clarke_b": (1 / 3) / 2, "clarke_c": (1 / 3) / 2,
              "clarke_d": 1 / 4, "clarke_e": 0.0, "clarke_ab": 5 / 12 + 1 / 6}  # fmt: skip
    assert {name: found[name] for name in wanted} == pytest.approx(wanted)
    for grid in ("clarke", "parkes", "parkes_type2"):
        assert sum(found[f"{grid}_{zone.lower()}"] for zone in ZONES) == pytest.approx(1)
    # Parkes: (60, 100) lies above the line from (50, 80) to (70, 110), (100, 130) above the one
    # from (30, 50) to (140, 170), (100, 215) above that from (70, 110) to (260, 550): C, B, C
    assert found["parkes_ab"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert found["parkes_c"] == pytest.approx((1 / 2 + 1 / 3) / 2)


def test_mmol_are_judged_like_mg() -> None:
    truth = np.array([[100.0, 60, 150], [200, 100, 300]])
    point = np.array([[110.0, 100, 30], [60, 130, 200]])
    mg = Windows.of(answers_of(truth, point))
    mmol = Windows.of(
        answers_of(truth / MG_PER_MMOL, point / MG_PER_MMOL, state={**STATE, "unit": "mmol/L"})
    )
    for name in metric_names(OF_GLUCOSE):
        metric = OF_GLUCOSE.load(name)
        assert metric(mmol, np.ones((1, 2))) == pytest.approx(metric(mg, np.ones((1, 2))))
