"""Hand-made features of cases before any split, for checks that train small models.

Enters: the evidence and rows. Leaves: one row of features a case; modalities are fitted
on training cases alone, and cases are prepared a few hundred at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bedside.audit.evidence import Evidence
from bedside.baselines.features import describe_inputs
from bedside.schema import Array, Arrays, Modality, Sample, State

CHUNK = 256


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
