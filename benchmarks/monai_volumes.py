"""Outline structures in bedside and in MONAI's usual way, side by side.

    python benchmarks/monai_volumes.py --data DIR --epochs 4 --output table.md

Enters: the folder that Task04_Hippocampus lies in. Leaves: a Markdown table: patches a second
in training (loss, step and whatever prepares a batch; validation apart), by the clock and by
processor time, which other work on the machine hardly changes; Dice on validation
after as many patches, peak memory. Every side has a process of its own.

Same on both sides: cases, parts, spacing, patch, batch, patches of an epoch, epochs, seed, the
precision (bf16 on ours where the processor has it; `--precision float32` for both alike). Ours
comes twice, with the fast network and with the default.
MONAI's usual way is that of its spleen tutorial, on MR: CacheDataset with LoadImaged,
EnsureChannelFirstd, Orientationd, Spacingd, NormalizeIntensityd and SpatialPadd cached;
RandCropByPosNegLabeld, RandAffined, RandGaussianNoised and RandScaleIntensityd in a DataLoader
with workers; UNet of 16 to 128 channels with two residual units, patches filled up
to sides that it can halve three times; DiceLoss; Adam at 1e-4;
sliding_window_inference. ``--network unet3d`` gives it our network instead.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from studies import EXAMPLES, STUDIES, data_override

import bedside
from bedside.audit.gathering import gather, split_cases
from bedside.models.network import as_callable
from bedside.progress import Progress
from bedside.run_folder import RunFolder
from bedside.schema import PARTS
from bedside.tasks.outlining import outline
from bedside.training.candidates import candidate_encoders, make_job
from bedside.training.loop import Trainer
from bedside.training.precision import set_threads
from bedside.training.writers import fitted

OURS = ("half-unet3d", "unet3d")
"""Our networks: the fast one, and the default."""
SIDES = (*OURS, "monai")
WORKERS = 2


@dataclass
class Spent:
    """Seconds by the clock, and of processor time with that of workers that have ended."""

    seconds: float = 0.0
    cpu: float = 0.0

    def __enter__(self) -> None:
        self._start = time.perf_counter(), _processor_seconds()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._start[0]
        self.cpu += _processor_seconds() - self._start[1]


def _processor_seconds() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def main() -> int:
    options = _options()
    if options.side:
        print(json.dumps((_theirs if options.side == "monai" else _ours)(options)))
        return 0
    found = {side: _apart(side) for side in (options.only or SIDES)}
    text = _table(found, options)
    print(text)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("BEDSIDE_DATA"))
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--patches", type=int, help="of an epoch; default as a study would")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", default="auto", choices=["auto", "float32"])
    parser.add_argument("--network", default="unet", choices=["unet", "unet3d"])
    parser.add_argument("--no-dice", action="store_true", help="speed alone")
    parser.add_argument("--only", choices=SIDES, nargs="+")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path)
    return parser.parse_args()


def _apart(side: str) -> dict[str, Any]:
    """One side in a process of its own."""
    command = [sys.executable, *sys.argv, "--side", side]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return found


def _job(options: argparse.Namespace) -> tuple[Any, Any, Any]:
    """Our job on the study, its preparation and its cohort."""
    set_threads(options.threads)
    words = data_override(STUDIES["hippocampus"], options.data)
    encoder = options.side if options.side in OURS else "unet3d"
    words.append(f"model.encoders={{mri: {encoder}}}")
    words += [f"training.epochs={options.epochs}", f"training.precision={options.precision}"]
    if options.patches:
        words.append(f"training.cases_per_epoch={options.patches}")
    study = bedside.Study.load(EXAMPLES / "hippocampus.yaml", overrides=words)
    quiet = Progress(quiet=True)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        materials = gather(study, threads=options.threads, progress=quiet, beside=place)
        split = split_cases(materials)
        prepared = materials.prepared(split, folder=RunFolder(place), progress=quiet)
    task = materials.task
    state = task.fit(prepared.parts["train"].targets)
    state = fitted(task, prepared, state, carry_cases=False)
    (encoders,) = candidate_encoders(study, materials.modalities, task)
    job = make_job(
        study, encoders,
        modalities=materials.modalities, preparation=prepared, task=task, state=state,
    )  # fmt: skip
    return job, prepared, (materials.cohort, split)


def _ours(options: argparse.Namespace) -> dict[str, Any]:
    job, prepared, _ = _job(options)
    trainer = Trainer(job)
    trainer.prepare()
    spent = Spent()
    for _ in range(options.epochs):
        with spent:
            trainer.one_epoch(lambda _: None)
        trainer.story.epoch += 1
        trainer.story.step = 0
    found = _facts(options, job, spent, precision=trainer.story.precision)
    if not options.no_dice:
        part = prepared.parts["validation"]
        network = {"patch": as_callable(trainer.stepper.average.module)}
        masks = outline(network, part.arrays, job.state)["mask"]
        truth = [mask.voxels() for mask in part.targets.arrays["truth"]]
        found["dice"] = _dice([mask.voxels() for mask in masks], truth)
    return found


def _theirs(options: argparse.Namespace) -> dict[str, Any]:
    from monai import transforms as mt
    from monai.data import CacheDataset, DataLoader
    from monai.inferers import sliding_window_inference
    from monai.losses import DiceLoss

    warnings.simplefilter("ignore")
    job, _, (cohort, split) = _job(replace_precision(options))
    plan, recipe = job.state["plan"], job.recipe
    torch.manual_seed(job.seed)
    files = {
        part: [
            {
                "image": str(cohort.reference(int(row), "image").content),
                "label": str(cohort.reference(int(row), "mask").content),
            }
            for row in np.flatnonzero(split.parts == part)
        ]
        for part in PARTS
    }
    # their network needs sides that it can halve three times
    keys, size = ["image", "label"], [-(-side // 8) * 8 for side in plan["patch"][::-1]]
    fixed = [
        mt.LoadImaged(keys),
        mt.EnsureChannelFirstd(keys),
        mt.Orientationd(keys, axcodes="RAS"),
        mt.Spacingd(keys, pixdim=plan["spacing_mm"][::-1], mode=("bilinear", "nearest")),
        mt.NormalizeIntensityd("image"),
        mt.SpatialPadd(keys, spatial_size=size),
    ]
    drawn = [
        mt.RandCropByPosNegLabeld(
            keys, label_key="label", spatial_size=size, pos=1, neg=2, num_samples=2,
        ),
        mt.RandAffined(
            keys, prob=0.4, rotate_range=[np.deg2rad(20)] * 3, scale_range=[0.2] * 3,
            translate_range=[2] * 3, mode=("bilinear", "nearest"), padding_mode="border",
        ),
        mt.RandGaussianNoised("image", prob=0.2, std=0.15),
        mt.RandScaleIntensityd("image", factors=0.3, prob=0.3),
    ]  # fmt: skip
    training = CacheDataset(files["train"], mt.Compose(fixed + drawn), progress=False)
    loader = DataLoader(
        training, batch_size=max(1, recipe.batch_size // 2), shuffle=True, num_workers=WORKERS
    )
    network = _their_network(options, job)
    loss_of = DiceLoss(to_onehot_y=True, softmax=True)
    optimiser = torch.optim.Adam(network.parameters(), 1e-4)
    wanted, seen, spent = options.epochs * recipe.cases_per_epoch, 0, Spent()
    while seen < wanted:
        with spent:
            batches = iter(loader)
            for batch in batches:
                optimiser.zero_grad()
                loss = loss_of(network(batch["image"].as_tensor()), batch["label"].as_tensor())
                loss.backward()
                optimiser.step()
                seen += len(batch["image"])
                if seen >= wanted:
                    break
            del batches  # its workers end, and are counted
    found = {**_facts(options, job, spent, precision="float32"), "patches": seen}
    if not options.no_dice:
        checked = CacheDataset(files["validation"], mt.Compose(fixed[:-1]), progress=False)
        network.eval()
        said, truth = [], []
        with torch.no_grad():
            for case in checked:
                logits = sliding_window_inference(case["image"][None], size, 4, network)
                said.append(np.asarray(logits.argmax(dim=1)[0]))
                truth.append(np.asarray(case["label"][0]))
        found["dice"] = _dice(said, truth)
    return found


def replace_precision(options: argparse.Namespace) -> argparse.Namespace:
    """The same options; our job is only asked for its plan."""
    return argparse.Namespace(**{**vars(options), "precision": "float32"})


def _their_network(options: argparse.Namespace, job: Any) -> torch.nn.Module:
    from monai.networks.nets import UNet

    if options.network == "unet":
        return UNet(
            spatial_dims=3, in_channels=1, out_channels=1 + len(job.state["names"]),
            channels=(16, 32, 64, 128), strides=(2, 2, 2), num_res_units=2, norm="BATCH",
        )  # fmt: skip
    name = f"{job.state['plan']['input']}.values"

    class Alone(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = job.network.train()

        def forward(self, values: torch.Tensor) -> torch.Tensor:
            return self.inner({name: values})["logits"]

    return Alone()


def _facts(
    options: argparse.Namespace, job: Any, spent: Spent, *, precision: str
) -> dict[str, Any]:
    return {
        "patches": options.epochs * job.recipe.cases_per_epoch,
        "seconds": round(spent.seconds, 2),
        "cpu": round(spent.cpu, 2),
        "precision": precision,
        "patch": job.state["plan"]["patch"],
        "batch": job.recipe.batch_size,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _dice(said: list[Any], truth: list[Any]) -> list[float]:
    marks = [
        [2 * ((a == k) & (b == k)).sum() / ((a == k).sum() + (b == k).sum()) for k in (1, 2)]
        for a, b in zip(said, truth, strict=True)
    ]
    return [round(float(mean), 4) for mean in np.mean(marks, axis=0)]


def _table(found: dict[str, dict[str, Any]], options: argparse.Namespace) -> str:
    first = next(iter(found.values()))
    lines = [
        f"Patches of {' x '.join(map(str, first['patch']))} voxels, batches of {first['batch']}, "
        f"{options.threads} threads.",
        "",
        "| side | precision | patches | seconds | patches/s | patches per CPU second "
        "| Dice, validation | peak MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for side, own in found.items():
        dice = " / ".join(f"{value:.3f}" for value in own.get("dice", [])) or "not asked"
        rate = own["patches"] / own["seconds"]
        name = side if side == "monai" else f"bedside, `{side}`"
        lines.append(
            f"| {name} | {own['precision']} | {own['patches']} | {own['seconds']:.1f} "
            f"| {rate:.2f} | {own['patches'] / own['cpu']:.2f} | {dice} | {own['peak_mb']:.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
