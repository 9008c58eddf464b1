"""Small cohorts with known faults, for the tests of the audit."""

import numpy as np
import pandas as pd

from bedside.audit.evidence import Evidence
from bedside.data.cohort import Cohort
from bedside.modalities.reading import Readings
from bedside.schema import Geometry, Sample, Targets

PNG = {"format": "PNG", "mode": "L", "bits": 8}


def picture(seed, *, shape=(24, 24), source=None, size=None):
    """An image of noise, different for every seed."""
    values = np.random.default_rng(seed).integers(0, 256, size=shape, dtype=np.uint8)
    return Sample(values, Geometry(shape=size or shape, source=PNG if source is None else source))


def pictures(n=60):
    return [picture(seed) for seed in range(n)]


def readings(samples, problems=None):
    return Readings(list(samples), problems or {})


def binary(truth, known=None):
    truth = np.asarray(truth, np.float32)[:, None]
    known = np.ones_like(truth, bool) if known is None else np.asarray(known, bool)[:, None]
    return Targets({"truth": truth, "known": known}, ("normal", "pneumonia"))


def given_parts(n=60):
    """Half of n cases to train, then a quarter each to validate and test."""
    return np.repeat(["train", "validation", "test"], [n - 2 * (n // 4), n // 4, n // 4])


def cohort(n=60, *, patients="own", first_row=2, **columns):
    """A table of n cases; `patients` is "own" (one each), None, or n ids."""
    table = pd.DataFrame({"case_id": [f"case-{i}" for i in range(n)], **columns})
    if patients is not None:
        table["who"] = [f"SECRET-{i}" for i in range(n)] if isinstance(patients, str) else patients
    return Cohort(
        table,
        "cases.csv",
        first_row=first_row,
        patient=None if patients is None else "who",
        site="site" if "site" in columns else None,
    )


def evidence(samples=None, *, table=None, targets=None, kind="binary", parts=None, by="patient"):
    samples = pictures() if samples is None else samples
    n = len(samples)
    return Evidence(
        table or cohort(n),
        {"xray": readings(samples)},
        targets or binary(np.arange(n) % 2),
        kind,
        parts,
        by,
    )
