"""Audit, prepare and train on many made-up images, and print time and memory by stage.

    python benchmarks/scale.py /scratch --cases 10000 30000 100000 --output table.md

Enters: a folder with room for the images (45 KB each), the arrays made of them and the run.
Leaves: for each number of cases the CPU seconds of every stage per 1,000 images (wall-clock
seconds of a shared machine tell nothing), the peak memory of the whole process as the kernel
counts it, and what lay on disk. The images
are 8-bit grey PNG of 256 x 256, two a patient, each unlike all others, with a faint disc in
half of them; sites and sexes are drawn. Images that are there are taken as they are.

`--audit` measures `bedside audit`, which looks at more cases, in place of `bedside run`.
Everything after `--` goes to the command: `-- --set training.batch_size=128`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIDE, GROUPS = 256, 1000
BASES = 300
"""Patterns of which each image mixes two."""
STUDY = """\
name: scale
data: {{table: {table}, patient: patient_id, site: hospital}}
inputs: {{film: {{modality: image, column: file}}}}
target: {{task: classify, column: label, positive: disc}}
training: {{epochs: 1}}
evaluation: {{subgroups: [sex]}}
"""
GIB = 2**30
CACHE = ".bedside-cache"


@dataclass(frozen=True)
class Measured:
    """One command on so many cases.

    Args:
        cases: how many.
        seconds: wall-clock.
        cpu_seconds: of the whole process, all threads.
        peak_bytes: most memory of the process, as the kernel counts it.
        stages: name -> the numbers of its last line in the log.
        disk_bytes: what lies on disk as it was read.
        auroc: of the network on the test part; None for an audit.
    """

    cases: int
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    stages: dict[str, dict[str, float]]
    disk_bytes: int
    auroc: float | None


def main() -> int:
    options = _options()
    options.folder.mkdir(parents=True, exist_ok=True)
    measured = []
    for cases in options.cases:
        table = make_cases(options.folder, cases)
        measured.append(measure(options.folder, table, cases, options=options))
        print(f"{cases} cases: {measured[-1].seconds:.0f} s", file=sys.stderr)
    text = report(measured, "audit" if options.audit else "run")
    print(text)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folder", type=Path, help="scratch; runs and their caches in it are deleted, images are not"
    )
    parser.add_argument("--cases", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    parser.add_argument("--audit", action="store_true", help="measure the audit on its own")
    parser.add_argument("--output", type=Path, help="also write the table to this file")
    words = sys.argv[1:]
    end = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:end])
    options.words = words[end + 1 :]
    return options


def make_cases(folder: Path, cases: int) -> Path:
    """Write the first so many made-up cases and their table; returns its path."""
    rng = np.random.default_rng(0)
    bases = np.stack([_field(rng, 12) for _ in range(BASES)])
    numbers = range(cases)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        labels = list(pool.map(lambda number: _write_image(folder, bases, number), numbers))
    path = folder / f"cases-{cases}.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["case_id", "patient_id", "hospital", "sex", "file", "label"])
        for number, label in zip(numbers, labels, strict=True):
            patient = number // 2
            who = [f"p{patient}", "NESW"[patient % 4], "FM"[patient // 4 % 2]]
            table.writerow([f"c{number}", *who, _name(number), label])
    return path


def _name(number: int) -> str:
    return f"images/{number // GROUPS:03d}/{number:06d}.png"


def _write_image(folder: Path, bases: np.ndarray, number: int) -> str:
    """One image, the same whatever else is made; returns its label."""
    rng = np.random.default_rng([1, number])
    ill = bool(rng.integers(2))
    path = folder / _name(number)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        Image.fromarray(_picture(rng, bases, ill=ill)).save(partial, format="PNG", compress_level=1)
        partial.replace(path)
    return "disc" if ill else "none"


def _picture(rng: np.random.Generator, bases: np.ndarray, *, ill: bool) -> np.ndarray:
    one, two = rng.integers(BASES, size=2)
    down, across = rng.integers(SIDE, size=2)
    share = rng.uniform(0.3, 0.7)
    mixed = share * bases[one] + (1 - share) * np.roll(bases[two], (down, across), (0, 1))
    mixed = mixed + 0.7 * _field(rng, 24) + 0.12 * rng.standard_normal((SIDE, SIDE), np.float32)
    if ill:
        middle, radius = rng.uniform(40, SIDE - 40, 2), rng.uniform(10, 18)
        rows, columns = np.ogrid[:SIDE, :SIDE]
        mixed[(rows - middle[0]) ** 2 + (columns - middle[1]) ** 2 < radius**2] += 1.6
    return np.clip(rng.uniform(100, 130) + 34 * mixed, 0, 255).astype(np.uint8)


def _field(rng: np.random.Generator, coarse: int) -> np.ndarray:
    """A smooth field (SIDE, SIDE) float32 of unit spread."""
    small = Image.fromarray(rng.standard_normal((coarse, coarse), np.float32))
    field = np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    return field / field.std()


def measure(folder: Path, table: Path, cases: int, *, options: argparse.Namespace) -> Measured:
    """Run the command in a process of its own, and read its log."""
    study, run = folder / f"study-{cases}.yaml", folder / f"run-{cases}"
    for old in (run, folder / CACHE):  # so that every file is read
        shutil.rmtree(old, ignore_errors=True)
    study.write_text(STUDY.format(table=table.name), encoding="utf-8")
    command = [sys.executable, "-m", "bedside.cli", "audit" if options.audit else "run", study]
    command += [*([] if options.audit else ["-o", run]), *options.words]
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        raise SystemExit(f"the command failed with {cases} cases")
    metrics = json.loads((run / "metrics.json").read_text()) if not options.audit else {}
    return Measured(
        cases,
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss * 1024,
        read_stages(run / "log.jsonl"),
        sum(p.stat().st_size for p in (folder / CACHE).glob("*/*")),
        metrics["models"][metrics["deep"]]["auroc"]["value"] if metrics else None,
    )


def read_stages(log: Path) -> dict[str, dict[str, float]]:
    """Stage -> seconds, cpu_seconds and peak_mib; empty where there is no log."""
    if not log.exists():
        return {}
    lines: list[dict[str, Any]] = [json.loads(line) for line in log.read_text().splitlines()]
    return {
        line["name"]: {key: line[key] for key in ("seconds", "cpu_seconds", "peak_mib")}
        for line in lines
        if line["event"] == "stage" and line["state"] == "done"
    }


def report(measured: list[Measured], command: str) -> str:
    """CPU seconds per 1,000 images and peak memory, stage by stage."""
    header = " | ".join(f"{each.cases:,} images" for each in measured)
    lines = [
        f"`bedside {command}`: CPU seconds per 1,000 images (in brackets: peak MiB of the process "
        "so far).",
        "",
        f"| stage | {header} |",
        f"|---|{'---|' * len(measured)}",
    ]
    for stage in measured[-1].stages:
        cells = [_cell(each, stage) for each in measured]
        lines.append(f"| {stage} | {' | '.join(cells)} |")
    rows = {
        "whole process": [f"{m.cpu_seconds * 1000 / m.cases:.2f}" for m in measured],
        "wall-clock seconds": [f"{m.seconds:.0f}" for m in measured],
        "peak memory, GiB": [f"{m.peak_bytes / GIB:.2f}" for m in measured],
        "on disk as read, GiB": [f"{m.disk_bytes / GIB:.2f}" for m in measured],
        "test AUROC": ["-" if m.auroc is None else f"{m.auroc:.3f}" for m in measured],
    }
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
    return "\n".join(lines)


def _cell(measured: Measured, stage: str) -> str:
    facts = measured.stages[stage]
    return f"{facts['cpu_seconds'] * 1000 / measured.cases:.2f} ({facts['peak_mib']:.0f})"


if __name__ == "__main__":
    sys.exit(main())
