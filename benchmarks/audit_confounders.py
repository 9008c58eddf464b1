"""What the audit flags of planted confounders, and what it cries out about where there are none.

    python benchmarks/audit_confounders.py --output out.md
    python benchmarks/audit_confounders.py --data DATA --output out.md    # real sets as well

Enters: made-up chest X-rays whose label is drawn by lot or is their own, with a mark in a corner
that agrees with the label in so many cases, or a site that does; of each several seeds. With DATA
(imaging/pneumoniamnist.npz, imaging/adrenalmnist3d.npz, imaging/nih_chest_xray, and text/triage.csv
as `openi_triage.py` writes it; a set that is missing is passed over) the sets as published, and
PneumoniaMNIST with a mark. Leaves: a Markdown table of how often each check warned, and one of what
twice the data were said to bring and what they brought.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from bedside.audit.checks.borders import label_in_border
from bedside.audit.checks.confounders import columns_and_labels, confounded_attributes
from bedside.audit.checks.enough_data import gain_of_more_data
from bedside.audit.checks.telling_words import words_that_tell
from bedside.audit.evidence import Evidence, Means
from bedside.audit.gathering import gather, split_cases
from bedside.audit.learning_curve import draw_curve
from bedside.audit.linear_reading import auroc_of, fit_ridge
from bedside.data.cohort import Cohort
from bedside.data.synthetic import SyntheticCohort
from bedside.data.synthetic.chest_xray import make_chest_xrays
from bedside.modalities.image import Image
from bedside.modalities.reading import Readings
from bedside.progress import Progress
from bedside.schema import Geometry, Sample, Targets
from bedside.study import Study

AGREEMENTS = (1.0, 0.9, 0.8, 0.7, None)
SITE_SHARES = (0.9, 0.75, 0.5)
EXAMPLES = Path(__file__).parent.parent / "examples"


def main() -> int:
    options = _options()
    lines: list[str] = []
    for part in (marks, sites, promises) if options.seeds else ():
        lines += [*part(options.seeds), ""]
    if options.data:
        lines += real_sets(options.data)
    text = "\n".join(lines)
    print(text)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    return 0


@lru_cache
def made_up(seed: int) -> SyntheticCohort:
    return make_chest_xrays(patients=300, seed=seed, size=64)


def films(seed: int) -> tuple[np.ndarray, pd.DataFrame]:
    made = made_up(seed)
    return made.arrays["image"].copy(), made.table


def marks(seeds: int) -> Iterator[str]:
    """A 3 x 3 mark in a corner; labels by lot, or those of the nodules."""
    yield "| label | mark agrees with it | flagged with its place | warned otherwise |"
    yield "|---|---|---|---|"
    for kind in ("by lot", "nodule"):
        for agreement in AGREEMENTS:
            placed = other = 0
            for seed in range(seeds):
                images, table = films(seed)
                rng = np.random.default_rng(seed)
                truth = (table["label"] == "nodule").to_numpy().astype(int)
                labels = rng.integers(0, 2, len(images)) if kind == "by lot" else truth
                if agreement is not None:
                    marked = np.where(rng.random(len(images)) < agreement, labels, 1 - labels) == 1
                    images[marked, 4:7, 4:7] = 255
                warned = [
                    f.message
                    for f in label_in_border(evidence(images, labels, table))
                    if f.severity == "warn"
                ]
                right = any("one place" in w and "at the top left" in w for w in warned)
                placed, other = placed + right, other + (bool(warned) and not right)
            said = "no mark" if agreement is None else f"{agreement:.0%}"
            yield f"| {kind} | {said} | {placed} of {seeds} | {other} of {seeds} |"


def sites(seeds: int) -> Iterator[str]:
    """The made-up hospitals look unlike; a label by lot is commoner at one of them."""
    yield "| share of the label at one hospital, at the others | flagged | others flagged falsely |"
    yield "|---|---|---|"
    for share in SITE_SHARES:
        hit = false = 0
        for seed in range(seeds):
            images, table = films(seed)
            rng = np.random.default_rng(seed)
            first = (table["hospital"] == table["hospital"].mode()[0]).to_numpy()
            labels = (rng.random(len(images)) < np.where(first, share, 1 - share)).astype(int)
            warned = [
                f.message
                for f in confounded_attributes(evidence(images, labels, table))
                if f.severity == "warn"
            ]
            hit += any("'hospital'" in w for w in warned)
            false += any(f"'{c}'" in w for w in warned for c in ("sex", "age", "view"))
        yield f"| {share:.0%}, {1 - share:.0%} | {hit} of {seeds} | {false} of {seeds} |"


def promises(seeds: int) -> Iterator[str]:
    """Twice the data: what was said from n cases, and what 2 n brought on 20,000 others."""
    yield "| cases | studies | said, mean | brought, mean | interval holds it |"
    yield "|---|---|---|---|---|"
    more, truth = _drawn_cases(20_000, seed=1)
    for cases in (100, 200, 400):
        said, brought, held = [], [], 0
        for seed in range(4 * seeds):
            x, y = _drawn_cases(2 * cases, seed=100 + seed)
            own = x[:cases], y[:cases]
            curve = draw_curve(*own, np.arange(cases), now=cases, seed=seed)
            if curve is None:
                continue
            both = [
                auroc_of(fit_ridge(x[:m], y[:m])(more)[:, 0], truth[:, 0] == 1)
                for m in (cases, 2 * cases)
            ]
            said.append(curve.gain)
            brought.append(both[1] - both[0])
            held += curve.gain_low <= brought[-1] <= curve.gain_high
        yield (
            f"| {cases} | {len(said)} | {np.mean(said):+.3f} | {np.mean(brought):+.3f} | "
            f"{held} of {len(said)} |"
        )


def _drawn_cases(count: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 40))
    chance = 1 / (1 + np.exp(-x @ np.linspace(0, 0.5, 40)))
    return x, (rng.random(count) < chance).astype(float)[:, None]


def real_sets(data: Path) -> Iterator[str]:
    """What is said of sets as published, and of PneumoniaMNIST with a mark."""
    imaging = data / "imaging"
    sets = {
        "pneumoniamnist": ("data.npz", imaging / "pneumoniamnist.npz"),
        "adrenalmnist3d": ("data.npz", imaging / "adrenalmnist3d.npz"),
        "nih_chest_xray": ("data.table", imaging / "nih_chest_xray" / "labels.csv"),
        "openi_triage": ("data.table", data / "text" / "triage.csv"),
    }
    yield "| set | check | says | CPU seconds |"
    yield "|---|---|---|---|"
    checks = (
        label_in_border,
        confounded_attributes,
        columns_and_labels,
        words_that_tell,
        gain_of_more_data,
    )
    for name, (key, place) in sets.items():
        if not place.exists():
            continue
        study = Study.load(EXAMPLES / f"{name}.yaml", overrides=[f"{key}={place}"])
        own = read(study, place.parent)
        started = time.process_time()
        shared = own.glances, own.small, own.described
        yield f"| {name} | (shared: looking and describing) | | {_since(started)} |"
        del shared
        for check in checks:
            started = time.process_time()
            found = check(own)
            said = " ".join(f"**{f.severity}** {f.message}" for f in found) or "nothing"
            yield f"| {name} | {check.__name__} | {said} | {_since(started)} |"
        if name == "pneumoniamnist":
            yield from _marked_pneumonia(place)


def read(study: Study, beside: Path) -> Evidence:
    materials = gather(study, threads=1, progress=Progress(quiet=True), beside=beside)
    task = materials.task
    return Evidence(
        materials.cohort,
        materials.readings,
        materials.targets,
        materials.targets.kind,
        split_cases(materials).parts_of_cases(),
        study.split.by,
        Means(materials.modalities, target_columns=frozenset(task.columns_used())),
    )


def _marked_pneumonia(place: Path) -> Iterator[str]:
    arrays = np.load(place)
    clean, labels = arrays["train_images"], arrays["train_labels"].ravel().astype(int)
    for agreement in (1.0, 0.9):
        images, rng = clean.copy(), np.random.default_rng(0)
        marked = np.where(rng.random(len(images)) < agreement, labels, 1 - labels) == 1
        images[marked, 1:3, 1:3] = 255
        own = evidence(images, labels, pd.DataFrame({"patient_id": np.arange(len(images))}))
        (found,) = label_in_border(own)
        said = f"**{found.severity}** {found.message}"
        yield f"| pneumoniamnist, mark of {agreement:.0%} | label_in_border | {said} | |"


def evidence(images: np.ndarray, labels: np.ndarray, table: pd.DataFrame) -> Evidence:
    side = images.shape[1:]
    cases = table.astype(str).reset_index(drop=True)
    cases = cases.drop(columns=[c for c in ("case_id", "label") if c in cases])
    cases.insert(0, "case_id", [f"case-{n}" for n in range(len(cases))])
    site = "hospital" if "hospital" in cases else None
    samples = [Sample(image, Geometry(shape=image.shape)) for image in images]
    truth = labels[:, None].astype(np.float32)
    targets = Targets({"truth": truth, "known": np.ones(truth.shape, bool)}, ("without", "with"))
    return Evidence(
        Cohort(cases, "made-up films", patient="patient_id", site=site),
        {"xray": Readings(samples, {})},
        targets,
        "binary",
        None,
        "patient",
        Means({"xray": Image(size=side)}),
    )


def _since(started: float) -> str:
    return f"{time.process_time() - started:.1f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seeds", type=int, default=6, help="of made-up cohorts; 0: none")
    parser.add_argument("--output", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
