"""Small cohorts with known faults, for the tests of the audit."""

import io

import numpy as np
import pandas as pd
from PIL import Image
from scipy.ndimage import gaussian_filter

from bedside.audit.evidence import Evidence, Means
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
    samples = list(samples)
    untold = {row: "It cannot be read." for row, sample in enumerate(samples) if sample is None}
    return Readings(samples, untold | (problems or {}))


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


def evidence(
    samples=None,
    *,
    table=None,
    targets=None,
    kind="binary",
    parts=None,
    by="patient",
    means=None,
):
    samples = pictures() if samples is None else samples
    n = len(samples)
    return Evidence(
        table or cohort(n),
        {"xray": readings(samples)},
        targets or binary(np.arange(n) % 2),
        kind,
        parts,
        by,
        means or Means(),
    )


def alike_pictures(n=150, *, side=48, seed=0):
    """n smooth pictures (n, S, S) that share one anatomy and differ in the detail, like films."""
    rng = np.random.default_rng(seed)
    shared = gaussian_filter(rng.normal(size=(side, side)), side / 8)
    own = gaussian_filter(rng.normal(size=(n, side, side)), (0, side / 16, side / 16))
    grain = gaussian_filter(rng.normal(size=(n, side, side)), (0, 1, 1))
    both = shared / shared.std() * 2 + own / own.std() + 0.3 * grain / grain.std()
    return np.clip(128 + 28 * both, 0, 255).astype(np.uint8)


def altered(picture, kind, seed=0):
    """A near copy: cropped by 5 %, JPEG of quality 60, brighter by 10 %, or at half resolution."""
    rng = np.random.default_rng(seed)
    side = picture.shape[0]
    image = Image.fromarray(picture)
    if kind == "crop":
        cut = 0.05 * side
        top, left = rng.uniform(0, cut, 2)
        box = (left, top, left + side - cut, top + side - cut)
        image = image.resize((side, side), Image.Resampling.BICUBIC, box=box)
    elif kind == "jpeg":
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=60)
        image = Image.open(stream).convert("L")
    elif kind == "brighter":
        image = image.point(lambda grey: min(255, round(1.1 * grey)))
    else:
        image = image.resize((side // 2, side // 2), Image.Resampling.BILINEAR)
        image = image.resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(image)


def as_samples(arrays):
    return [Sample(values, Geometry(shape=values.shape, source=PNG)) for values in arrays]
