"""Units of blood glucose: conversion, and what a reading can be.

Enters: readings and their declared unit. Leaves: readings in another unit, or what is
implausible about them. numpy alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from bedside.schema import Array

Unit: TypeAlias = Literal["mg/dL", "mmol/L"]

MG_DL_IN_ONE_MMOL_L = 18.016
"""Molar mass of glucose, 180.16 g/mol, in tenths of a litre."""


@dataclass(frozen=True)
class Plausible:
    """What readings in one unit can be.

    Args:
        highest: no device shows as much; sensors end at 500 mg/dL (28 mmol/L), meters at
            600.
        other_from, other_to: readings in this range no device shows in this unit, but in
            the other one they are common.
        median_from, median_to: where the median of one patient's readings lies.
    """

    highest: float
    other_from: float
    other_to: float
    median_from: float
    median_to: float

    def is_of_other_unit(self, values: Array) -> Array:
        """(n,) bool: readings that the other unit would explain."""
        return np.asarray((values >= self.other_from) & (values < self.other_to))


PLAUSIBLE: dict[Unit, Plausible] = {
    "mg/dL": Plausible(1000.0, other_from=0.0, other_to=20.0, median_from=40.0, median_to=450.0),
    "mmol/L": Plausible(
        1000.0 / MG_DL_IN_ONE_MMOL_L, other_from=36.0, other_to=1000.0, median_from=2.2,
        median_to=25.0,
    ),
}  # fmt: skip


def factor(unit: Unit, to: Unit) -> float:
    """What readings in `unit` are multiplied by to be in `to`."""
    if unit == to:
        return 1.0
    return MG_DL_IN_ONE_MMOL_L if unit == "mmol/L" else 1 / MG_DL_IN_ONE_MMOL_L


def converted(values: Array, unit: Unit, to: Unit) -> Array:
    """Readings in another unit, the same array where it is the same."""
    return values if unit == to else values * factor(unit, to)
