"""Peak memory and time of outlining one large CT with a package, file to file.

    python benchmarks/outline_memory.py --shape 512 512 600

Enters: the sides of a made-up CT. Leaves: one line: the peak of `bedside predict`, a process of
its own, and its seconds. The package holds our network with the weights it begins with, which
is unsure of every voxel: the most that can be kept.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nibabel
import numpy as np
import torch

from bedside.deployment.package import Contents, Facts
from bedside.deployment.packing import write_package
from bedside.modalities.volume import Volume
from bedside.models.network import InputPlan, StudyNetwork
from bedside.tasks.segment import Segment

PATCH, SPACING = (96, 96, 96), (2.0, 1.6, 1.6)

TELLING = """
import sys
from pathlib import Path
from bedside.cli import main
try:
    main()
except SystemExit as left:
    if left.code:
        raise
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""
"""The command, and its own peak in KiB: what the system says of a child begins at its parent's."""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", type=int, nargs=3, default=(512, 512, 600))
    parser.add_argument("--overlap", type=float, default=0.25)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        write_ct(place / "ct.nii.gz", tuple(options.shape))
        write_random_package(place / "package", overlap=options.overlap)
        start = time.perf_counter()
        done = subprocess.run(
            [
                *(sys.executable, "-c", TELLING, "predict", str(place / "package")),
                *(str(place / "ct.nii.gz"), "-o", str(place / "out"), "--quiet"),
                *("--threads", str(options.threads)),
            ],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        seconds = time.perf_counter() - start
        written = nibabel.load(place / "out" / "ct_mask.nii.gz")
        peak = int(done.stdout.split()[-1]) / 2**20
        sides = " x ".join(map(str, written.shape))
        print(f"{sides} voxels: peak {peak:.2f} GiB, {seconds:.0f} s, {options.threads} threads")
    return 0


def write_ct(path: Path, shape: tuple[int, ...]) -> None:
    """A body of water in air, with noise, as int16 in Hounsfield units; slice by slice."""
    rng = np.random.default_rng(0)
    x, y = (np.linspace(-1, 1, side)[:, None] for side in shape[:2])
    inside = x**2 / 0.7 + y.T**2 / 0.5 < 1
    voxels = np.empty(shape, np.int16)
    for z in range(shape[2]):
        voxels[..., z] = np.where(inside, 40, -1000) + rng.normal(0, 15, shape[:2])
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([0.8, 0.8, 1.0, 1.0])), path)


def write_random_package(folder: Path, *, overlap: float) -> None:
    """A package of two structures with the weights that a network begins with."""
    task = Segment(structures={"organ": 1, "tumour": 2})
    volume = Volume(size="whole", normalise="cohort")
    state = {
        "channels": 1,
        "dtype": "float16",
        "normalise": "cohort",
        "spacing_mm": list(SPACING),
        "intensity": {"low": [-200.0], "high": [300.0], "mean": [40.0], "std": [60.0]},
    }
    plan = {"input": "ct", "patch": list(PATCH), "overlap": overlap}
    task_state = {
        "kind": "mask",
        "names": ["organ", "tumour"],
        "labels": {"organ": 1, "tumour": 2},
        "plan": plan,
    }
    torch.manual_seed(0)
    network = StudyNetwork(
        {"ct": InputPlan("unet3d", {"values": (1, *PATCH)}, state)},
        fusion="concat",
        head=lambda width: task.head(width, task_state),
        needs="pyramid",
    )
    facts = Facts(
        study="memory", model="unet3d", created="", data_version="", training_cases=0,
        split="", question=None, intended_use=None, contact=None, metrics={},
    )  # fmt: skip
    write_package(
        folder,
        {"patch": network},
        Contents({"ct": volume}, {"ct": state}, task, task_state, facts, ""),
    )


if __name__ == "__main__":
    sys.exit(main())
