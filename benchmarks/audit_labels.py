"""How many planted label errors the audit finds, and how many of its doubts are planted.

    python benchmarks/audit_labels.py DATA        # or BEDSIDE_DATA=DATA

DATA holds imaging/pneumoniamnist.npz and imaging/nih_chest_xray; a set that is missing is
passed over, made-up chest X-rays are always used. Of the training and validation labels 3 %
or 8 % are given another value at random, three times; the audit's own steps are run and know
nothing of it. Precision: share of the doubted labels that were turned. It is a lower bound,
since the sets have errors of their own. Recall: share of the turned labels that are doubted.
Where a simple model tells the labels apart too poorly, nothing is doubted, by design.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image as Pillow

from bedside.audit.checks.label_errors import SEED, TELLING
from bedside.audit.described import describe_rows
from bedside.audit.doubt import doubt_labels
from bedside.audit.evidence import Evidence, Means
from bedside.data.cohort import Cohort
from bedside.data.synthetic.chest_xray import make_chest_xrays
from bedside.modalities.image import Image
from bedside.modalities.reading import Readings
from bedside.schema import Geometry, Sample, Targets

FLIPPED = (0.03, 0.08)
SEEDS = (1, 2, 3)


@dataclass(frozen=True)
class Labelled:
    """n images (n, H, W) outside a test part, their labels from 0, and whose they are."""

    name: str
    images: np.ndarray
    labels: np.ndarray
    patients: np.ndarray


def pneumonia(data: Path) -> Iterator[Labelled]:
    arrays = np.load(data / "imaging" / "pneumoniamnist.npz")
    images = np.concatenate([arrays[f"{part}_images"] for part in ("train", "val")])
    labels = np.concatenate([arrays[f"{part}_labels"] for part in ("train", "val")]).ravel()
    yield Labelled("PneumoniaMNIST, pneumonia", images, labels.astype(int), np.arange(len(labels)))


def nih(data: Path) -> Iterator[Labelled]:
    folder = data / "imaging" / "nih_chest_xray"
    with (folder / "labels.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    images = np.stack([np.asarray(Pillow.open(folder / row["path"]).convert("L")) for row in rows])
    patients = np.array([row["Patient ID"] for row in rows])
    for column, negative in (("View Position", "PA"), ("Finding Labels", "No Finding")):
        labels = np.array([int(row[column] != negative) for row in rows])
        yield Labelled(f"NIH ChestX-ray14, {column.lower()}", images, labels, patients)


def made_up(data: Path) -> Iterator[Labelled]:
    del data
    made = make_chest_xrays(patients=700, seed=5, size=64)
    for column in ("view", "hospital", "label"):
        labels = np.unique(made.table[column], return_inverse=True)[1]
        name = f"made-up chest X-rays, {column}"
        yield Labelled(name, made.arrays["image"], labels, made.table["patient_id"].to_numpy(str))


def doubts(found: Labelled, labels: np.ndarray, *, threads: int) -> tuple[np.ndarray, float, float]:
    """Rows of all doubted labels, the balanced accuracy, and the seconds taken.

    The steps of the audit's check, whose finding names the first rows only.
    """
    count = len(labels)
    table = pd.DataFrame({"case_id": [str(n) for n in range(count)], "who": found.patients})
    table["who"] = table["who"].astype("str")
    samples = [Sample(image, Geometry(shape=image.shape)) for image in found.images]
    one = (labels > 0).astype(np.float32)[:, None]  # not looked at: `labels` go in by themselves
    targets = Targets({"truth": one, "known": np.ones(one.shape, bool)}, ("no", "yes"))
    side = found.images.shape[1]
    means = Means({"image": Image(modality="image", column="image", size=(side, side))},
                  deep=True, threads=threads)  # fmt: skip
    cohort = Cohort(table, "made", patient="who")
    readings = {"image": Readings(samples, {})}
    evidence = Evidence(cohort, readings, targets, "binary", None, "patient", means)
    start = time.perf_counter()
    features = describe_rows(evidence, np.arange(count))
    doubt = doubt_labels(features, labels, cohort.groups(), seed=SEED)
    seconds = time.perf_counter() - start
    if doubt is None:
        return np.array([], dtype=int), 0.0, seconds
    rows = doubt.rows if doubt.accuracy >= TELLING else doubt.rows[:0]
    return rows, doubt.accuracy, seconds


def turned_labels(labels: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which a share was given another value, and the rows."""
    rng = np.random.default_rng(seed)
    rows = rng.choice(labels.size, round(share * labels.size), replace=False)
    classes = int(labels.max()) + 1
    given = labels.copy()
    given[rows] = (given[rows] + rng.integers(1, classes, rows.size)) % classes
    return given, rows


def lines(data: Path, *, threads: int) -> Iterator[str]:
    for load in (pneumonia, nih, made_up):
        try:
            sets = list(load(data))
        except (FileNotFoundError, ValueError):
            continue
        for found in sets:
            for share in (0.0, *FLIPPED):
                for seed in SEEDS if share else (0,):
                    given, turned = turned_labels(found.labels, share, seed)
                    rows, accuracy, seconds = doubts(found, given, threads=threads)
                    hits = np.isin(rows, turned)
                    precision = f"{hits.mean():.2f}" if rows.size and turned.size else "-"
                    recall = f"{hits.sum() / turned.size:.2f}" if turned.size else "-"
                    yield (
                        f"| {found.name} | {share:.0%} | {seed or '-'} | {accuracy:.2f} | "
                        f"{turned.size} of {given.size} | {rows.size} | {hits.sum()} | "
                        f"{precision} | {recall} | {seconds:.1f} |"
                    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=os.environ.get("BEDSIDE_DATA", "."))
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    heads = ["images, label", "share", "seed", "balanced accuracy", "turned", "doubted",
             "of them turned", "precision", "recall", "seconds"]  # fmt: skip
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for line in lines(Path(options.data), threads=options.threads):
        print(line, flush=True)


if __name__ == "__main__":
    main()
