"""How many planted label errors the audit finds, and how many of its doubts are planted.

    python benchmarks/audit_labels.py DATA        # or BEDSIDE_DATA=DATA

DATA holds imaging/pneumoniamnist.npz. Of the training and validation labels 3 % are turned
round at random, three times; the audit's own steps are run on the training and validation
part and know nothing of it. Precision: share of the doubted labels that were turned.
It is a lower bound, since the set has errors of its own. Recall: share of the turned labels
that are doubted.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd

from bedside.audit.checks.label_errors import SEED
from bedside.audit.described import describe_rows
from bedside.audit.doubt import doubt_labels
from bedside.audit.evidence import Evidence, Means
from bedside.audit.findings import SHOWN_ROWS
from bedside.data.cohort import Cohort
from bedside.modalities.image import Image
from bedside.modalities.reading import Readings
from bedside.schema import Geometry, Sample, Targets

FLIPPED = 0.03
PARTS = {"train": "train", "val": "validation", "test": "test"}


def doubts(
    images: np.ndarray, labels: np.ndarray, parts: np.ndarray, *, threads: int
) -> tuple[np.ndarray, float]:
    """Rows of all doubted labels, the most doubtful first, and the seconds taken.

    The steps of the audit's check, whose finding names the first rows only.
    """
    table = pd.DataFrame({"case_id": [str(n) for n in range(len(labels))]})
    readings = Readings([Sample(image, Geometry(shape=image.shape)) for image in images], {})
    truth = labels.astype(np.float32)[:, None]
    targets = Targets({"truth": truth, "known": np.ones(truth.shape, bool)}, ("normal", "ill"))
    modality = Image(modality="image", column="image", size=(28, 28))
    means = Means({"image": modality}, deep=True, threads=threads)
    evidence = Evidence(
        Cohort(table, "npz"), {"image": readings}, targets, "binary", parts, "case", means
    )
    start = time.perf_counter()
    rows = np.flatnonzero(parts != "test")
    features = describe_rows(evidence, rows)
    doubt = doubt_labels(features, labels[rows], evidence.cohort.groups()[rows], seed=SEED)
    return rows[doubt.rows], time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=os.environ.get("BEDSIDE_DATA", "."))
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    arrays = np.load(Path(options.data) / "imaging" / "pneumoniamnist.npz")
    images = np.concatenate([arrays[f"{part}_images"] for part in PARTS])
    labels = np.concatenate([arrays[f"{part}_labels"] for part in PARTS]).ravel().astype(int)
    parts = np.repeat(list(PARTS.values()), [len(arrays[f"{part}_labels"]) for part in PARTS])
    audited = np.flatnonzero(parts != "test")
    heads = ["seed", "turned", "doubted", "of them turned", "precision", "recall",
             f"of the first {SHOWN_ROWS}", "seconds"]  # fmt: skip
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for seed in (None, 1, 2, 3):
        given = labels.copy()
        turned = np.array([], dtype=int)
        if seed is not None:
            count = round(FLIPPED * audited.size)
            turned = np.random.default_rng(seed).choice(audited, count, replace=False)
            given[turned] = 1 - given[turned]
        doubted, seconds = doubts(images, given, parts, threads=options.threads)
        hits = np.isin(doubted, turned)
        print(
            f"| {seed or 'none'} | {turned.size} | {doubted.size} | {hits.sum()} | "
            f"{hits.mean():.2f} | {hits.sum() / max(turned.size, 1):.2f} | "
            f"{hits[:SHOWN_ROWS].mean():.2f} | {seconds:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
