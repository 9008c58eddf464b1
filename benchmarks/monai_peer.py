"""Train one network in bedside and in MONAI's usual way, side by side.

    python benchmarks/monai_peer.py --data DIR --encoder resnet --epochs 4 --output table.md
    python benchmarks/monai_peer.py --study synthetic --set data.patients=60 --epochs 1

Enters: a study of examples/ with two classes, the folder that its data lie in (the synthetic
study needs none), the encoder. Leaves: a Markdown table: training images a second (each epoch's
validation included), peak memory, AUROC on validation and on test. Every training has a process
of its own; the sides alternate, so that a slower minute of the machine slows all of them.

Same on all sides: images at the study's size, parts, encoder with a linear layer after it,
batch size, epochs, the epoch kept (best on validation), seed. MONAI's usual way is that of its
2-D classification tutorial: CacheDataset, DataLoader with workers, ScaleIntensity, RandRotate
and RandZoom, Adam at a constant rate, cross-entropy, ROCAUCMetric each epoch. The tutorial's
RandFlip is left out, since a heart has its side. bedside has its own recipe: augmentation of
whole batches (moved, turned, scaled, exposure, noise), AdamW in one cycle, averaged weights.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from studies import EXAMPLES, STUDIES, data_override

import bedside
from bedside.audit.gathering import gather, split_cases
from bedside.evaluation.record import make_exam
from bedside.models import ENCODERS
from bedside.models.network import as_callable
from bedside.progress import Progress
from bedside.run_folder import RunFolder
from bedside.training.candidates import make_job
from bedside.training.loop import train
from bedside.training.precision import set_threads

SIDES = ("monai", "bedside float32", "bedside")
QUIET = Progress(quiet=True)
GIB = 2**30
LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Side:
    """One training.

    Args:
        images_a_second: training cases times epochs over the seconds of training and validating.
        validation, test: AUROC.
        precision: of the arithmetic.
        memory_gib: peak of the process and its workers (shared pages counted once).
    """

    images_a_second: float
    validation: float
    test: float
    precision: str
    memory_gib: float = 0.0


def main() -> int:
    options = _options()
    if options.side:
        print(json.dumps(asdict(one_side(options))))
        return 0
    there = options.results is not None and options.results.exists()
    lines = options.results.read_text().splitlines() if there else []
    known = [json.loads(line) for line in lines]
    found = {side: [Side(**words) for name, words in known if name == side] for side in SIDES}
    for _ in range(options.repeats):
        for side in options.sides:
            found[side].append(in_own_process(side))
            print(side, found[side][-1], file=sys.stderr)
            if options.results:
                with options.results.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps([side, asdict(found[side][-1])]) + "\n")
    text = table({side: own for side, own in found.items() if own}, options)
    print(text)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    return 0


def in_own_process(side: str) -> Side:
    """Train in a new process and watch its memory."""
    command = [sys.executable, __file__, *sys.argv[1:], "--side", side]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        peak = 0
        while process.poll() is None:
            peak = max(peak, sum(map(proportional_bytes, descendants(process.pid))))
            time.sleep(LOOK_SECONDS)
        assert process.stdout is not None
        words = process.stdout.read()
    if process.returncode:
        raise SystemExit(f"{side}: ended with {process.returncode}")
    return Side(**{**json.loads(words.splitlines()[-1]), "memory_gib": peak / GIB})


def descendants(root: int) -> list[int]:
    """A process and all below it."""
    found = [root]
    for number in found:
        for path in Path(f"/proc/{number}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += [int(child) for child in path.read_text().split()]
    return found


def proportional_bytes(process: int) -> int:
    """Memory of a process, pages that several share counted in part (Linux)."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def one_side(options: argparse.Namespace) -> Side:
    """Read the study and train on one side."""
    overrides = [
        *data_override(STUDIES[options.study], options.data),
        *options.overrides,
        f"training.epochs={options.epochs}",
        f"training.patience={options.epochs}",
        f"training.batch_size={options.batch_size}",
        f"training.seed={options.seed}",
        f"training.precision={'float32' if options.side.endswith('float32') else 'auto'}",
    ]
    study = bedside.Study.load(EXAMPLES / STUDIES[options.study].file, overrides=overrides)
    threads = set_threads(study.threads)
    with tempfile.TemporaryDirectory() as scratch:
        materials = gather(study, threads=threads, progress=QUIET, beside=Path(scratch))
        split = split_cases(materials)
        if options.side == "monai":
            return train_in_monai(materials, split, options)
        return train_in_bedside(study, materials, split, encoder=options.encoder, scratch=scratch)


def train_in_bedside(
    study: bedside.Study, materials: Any, split: Any, *, encoder: str, scratch: str
) -> Side:
    """The package's own way."""
    preparation = materials.prepared(split, folder=RunFolder(Path(scratch)), progress=QUIET)
    exam = make_exam(study, materials.cohort, preparation, task=materials.task)
    job = make_job(
        study,
        {next(iter(study.inputs)): encoder},
        modalities=materials.modalities,
        preparation=preparation,
        task=materials.task,
        state=exam.state,
    )
    start = time.perf_counter()
    story = train(job, progress=QUIET)
    seconds = time.perf_counter() - start
    call = as_callable(job.network)
    scores = {}
    for part in ("validation", "test"):
        own = preparation.parts[part]
        truth = own.targets.arrays["truth"][:, 0]
        scores[part] = float(roc_auc_score(truth, call(own.arrays)["logits"][:, -1]))
    return Side(story.cases / seconds, **scores, precision=story.precision)


def train_in_monai(materials: Any, split: Any, options: argparse.Namespace) -> Side:
    """MONAI's usual way, as in its tutorial of 2-D classification."""
    with warnings.catch_warnings():
        from monai.data import CacheDataset, DataLoader, decollate_batch
        from monai.metrics import ROCAUCMetric
        from monai.transforms import (
            Activations,
            AsDiscrete,
            Compose,
            EnsureChannelFirstd,
            EnsureTyped,
            RandRotated,
            RandZoomd,
            ScaleIntensityd,
        )  # fmt: skip
        from monai.utils import set_determinism
    set_determinism(seed=options.seed)
    common = [EnsureChannelFirstd("image", channel_dim=0), ScaleIntensityd("image")]
    varied = [
        RandRotated("image", range_x=np.pi / 18, prob=0.5, keep_size=True),
        RandZoomd("image", min_zoom=0.9, max_zoom=1.1, prob=0.5),
    ]
    transforms = {
        "train": Compose([*common, *varied, EnsureTyped("image")]),
        "validation": Compose([*common, EnsureTyped("image")]),
    }
    truth = materials.targets.arrays["truth"][:, 0].astype(int)
    samples = next(iter(materials.readings.values())).samples
    sets, loaders = {}, {}
    for part in ("train", "validation", "test"):
        cases = [
            {"image": grey(samples[row].values), "label": truth[row]} for row in split.rows(part)
        ]
        sets[part] = CacheDataset(
            cases, transforms.get(part, transforms["validation"]), progress=False
        )
        loaders[part] = DataLoader(
            sets[part],
            batch_size=options.batch_size,
            shuffle=part == "train",
            num_workers=options.workers,
            drop_last=part == "train",  # batch norm cannot learn from one case
            persistent_workers=options.workers > 0,
        )
    side = tuple(sets["train"][0]["image"].shape)
    encoder = ENCODERS.load(options.encoder)({"values": side})
    network = WithLogits(encoder)
    optimiser = torch.optim.Adam(network.parameters(), options.rate)
    loss_of = torch.nn.CrossEntropyLoss()
    metric, soft, onehot = (
        ROCAUCMetric(),
        Activations(softmax=True),
        AsDiscrete(to_onehot=2),
    )

    def auroc(part: str) -> float:
        network.eval()
        with torch.no_grad():
            answers = [(network(b["image"]), b["label"]) for b in loaders[part]]
        logits = torch.cat([logits for logits, _ in answers])
        labels = torch.cat([label for _, label in answers])
        metric(
            [soft(one) for one in decollate_batch(logits)],
            [onehot(one) for one in decollate_batch(labels, detach=False)],
        )
        value = float(metric.aggregate())
        metric.reset()
        return value

    best, kept, seen, start = -1.0, {}, 0, time.perf_counter()
    for _ in range(options.epochs):
        network.train()
        for batch in loaders["train"]:
            optimiser.zero_grad()
            loss = loss_of(network(batch["image"]), batch["label"])
            loss.backward()
            optimiser.step()
            seen += len(batch["label"])
        now = auroc("validation")
        if now > best:
            best, kept = now, {k: v.clone() for k, v in network.state_dict().items()}
    speed = seen / (time.perf_counter() - start)
    network.load_state_dict(kept)
    return Side(speed, best, auroc("test"), "float32")


def grey(values: np.ndarray) -> np.ndarray:
    """(H, W) or (H, W, 3) -> (1, H, W), colours averaged."""
    return (values if values.ndim == 2 else values.mean(axis=2).astype(values.dtype))[None]


class WithLogits(torch.nn.Module):
    """An encoder of the registry and one linear layer to two logits."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder, self.linear = encoder, torch.nn.Linear(encoder.width, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.linear(self.encoder({"values": images}).pooled)


def table(found: dict[str, list[Side]], options: argparse.Namespace) -> str:
    """One row a side: medians of its trainings."""
    peer = statistics.median(one.images_a_second for one in found[next(iter(found))])
    lines = [
        f"{options.study}, {options.encoder}: {options.epochs} epochs, batches of "
        f"{options.batch_size}; MONAI: Adam at {options.rate:g}, {options.workers} workers.",
        "",
        "| side | runs | precision | images/s | ratio | GiB | validation AUROC | test |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for side, own in found.items():
        speed, memory, validation, test = (
            statistics.median(getattr(one, name) for one in own)
            for name in ("images_a_second", "memory_gib", "validation", "test")
        )
        lines.append(
            f"| {side} | {len(own)} | {own[0].precision} | {speed:.0f} | {speed / peer:.2f} | "
            f"{memory:.2f} | {validation:.4f} | {test:.4f} |"
        )
    return "\n".join(lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("BEDSIDE_DATA"))
    parser.add_argument("--study", choices=STUDIES, default="pneumoniamnist")
    parser.add_argument("--encoder", default="resnet")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1e-3, help="of MONAI's side")
    parser.add_argument("--workers", type=int, default=2, help="of MONAI's DataLoader")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--output", type=Path, help="also write the table to this file")
    parser.add_argument("--results", type=Path, help="one JSON line a training; goes on there")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
