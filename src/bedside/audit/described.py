"""Hand-made features of cases before any split, for checks that train small models.

Enters: the evidence and rows. Leaves: one row of features a case; modalities are fitted
on training cases alone, and cases are prepared a few hundred at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bedside.audit.asked import drawn
from bedside.audit.evidence import Evidence
from bedside.audit.linear_reading import compress
from bedside.baselines.features import describe_inputs
from bedside.schema import Array, Arrays, Modality, Sample, State

CHUNK = 256
MOST_CASES, MOST_DEEP = 6_000, 20_000
"""Cases that are described: in a run, in an audit of its own; about 2 ms each."""


@dataclass(frozen=True)
class Described:
    """Cases outside the test part, described once for all checks.

    Args:
        rows: (n,) of the cohort, ascending.
        features: (n, F) float32.
        left_out: how many were not drawn, as too many.
    """

    rows: Array
    features: Array
    left_out: int

    @cached_property
    def compressed(self) -> Array:
        """(n, at most 256) principal components of the features."""
        return compress(self.features)


def describe_cases(evidence: Evidence, *, fewest: int) -> Described | None:
    """Describe readable cases outside the test part, by lot where there are many.

    Returns:
        None where no modality says how, or there are fewer than `fewest` cases.

    Raises:
        DataError: features are not finite.
    """
    if not evidence.means.modalities:
        return None
    most = MOST_DEEP if evidence.means.deep else MOST_CASES
    every = drawn(evidence, describable_rows(evidence), most=len(evidence.cohort))
    rows = drawn(evidence, every, most=most)
    if rows.size < fewest:
        return None
    return Described(rows, describe_rows(evidence, rows), every.size - rows.size)


def describable_rows(evidence: Evidence) -> Array:
    """Rows of which every input that a modality describes was read."""
    whole = np.ones(len(evidence.cohort), dtype=bool)
    for name in evidence.means.modalities:
        whole &= evidence.inputs[name].readable
    return np.flatnonzero(whole)


def describe_rows(evidence: Evidence, rows: Array) -> Array:
    """(n, F) float32 features of n readable rows.

    Raises:
        DataError: features are not finite.
    """
    parts = evidence.parts
    learnt = rows if parts is None else rows[parts[rows] == "train"]
    states = {
        name: modality.fit(_samples(evidence, name, learnt))
        for name, modality in evidence.means.modalities.items()
    }
    blocks = []
    with evidence.means.progress.bar("describing cases", rows.size) as done, threadpool_limits(1):
        step = CHUNK * max(evidence.means.threads, 1)
        for start in range(0, rows.size, step):
            blocks.append(_described(evidence, states, rows[start : start + step]))
            done(min(start + step, rows.size))
    return np.concatenate(blocks)


def _described(evidence: Evidence, states: Mapping[str, State], rows: Array) -> Array:
    arrays: Arrays = {}
    modalities: Mapping[str, Modality] = evidence.means.modalities
    for name, modality in modalities.items():
        prepared = [modality.prepare(s, states[name]) for s in _samples(evidence, name, rows)]
        own = modality.collate(prepared)
        arrays |= {f"{name}.{key}": values for key, values in own.items()}
    return describe_inputs(modalities, arrays, batch=CHUNK, threads=evidence.means.threads)


def _samples(evidence: Evidence, name: str, rows: Array) -> Iterator[Sample]:
    return evidence.inputs[name].at(rows)
