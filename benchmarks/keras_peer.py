"""Images a second beside Keras on TensorFlow: the same network, machine and minute.

    python benchmarks/keras_peer.py --output table.md

Enters: nothing; the images are noise. TensorFlow is installed into a virtual environment
of its own (--venv, by default in the user's cache), never into ours. Both halves stay
loaded and are asked in turn, so that what else the machine does falls on both. Leaves: a
table with the median ratio, its range over the rounds, and the precision of each side.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TENSORFLOW = "tensorflow-cpu==2.21.0"


@dataclass(frozen=True)
class Contest:
    """One row: what both sides do, and in which precision each.

    Args:
        title: of the row.
        what: ``train`` or ``predict``.
        workload: the network.
        ours: precision of ours, as a study words it.
        theirs: precision of Keras.
        cases: of one round.
        batch_size: of training; Keras' own default in predicting.
        their_batch_size: where theirs is another one, 0 where it is the same.
        wanted: ratio that was promised, 0 where none was.
    """

    title: str
    what: str
    workload: str
    ours: str
    theirs: str = "float32"
    cases: int = 320
    batch_size: int = 32
    their_batch_size: int = 0
    wanted: float = 0.0


CONTESTS = [
    Contest("training, precision auto", "train", "cnn", "auto", wanted=2.0),
    Contest("training, like for like", "train", "cnn", "float32", wanted=1.05),
    Contest("training, both in bf16", "train", "cnn", "bf16", "bf16"),
    Contest("training, the same batch of 32", "train", "lstm", "auto", cases=12_800, wanted=1.8),
    Contest(
        "training, our default batch of 256",
        "train",
        "lstm",
        "auto",
        cases=12_800,
        batch_size=256,
        their_batch_size=32,
        wanted=5.0,
    ),
    Contest("predicting, as packaged", "predict", "cnn", "float32", cases=640, wanted=5.0),
    Contest("predicting, package in bf16", "predict", "cnn", "bf16", cases=640),
]


class Half:
    """A worker process that is asked for one measurement at a time."""

    def __init__(self, python: Path | str, script: str) -> None:
        self.process = subprocess.Popen(
            [str(python), str(HERE / script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, **words: Any) -> tuple[float, str]:
        """Seconds and precision of one measurement."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.process.args}: died. Run it alone to see why.")
        found = json.loads(answer)
        return found["seconds"], found["precision"]

    def close(self) -> None:
        """Let the worker end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


@dataclass(frozen=True)
class Result:
    """Cases a second of both sides, one pair a round."""

    contest: Contest
    ours: list[float]
    theirs: list[float]
    precision: str


def main() -> int:
    options = _options()
    python = install(options.venv)
    halves = (Half(sys.executable, "keras_peer_ours.py"), Half(python, "keras_peer_theirs.py"))
    contests = [c for c in CONTESTS if {c.what, c.workload} >= set(options.only)]
    results = []
    try:
        for contest in contests:
            results.append(measure(contest, *halves, rounds=options.rounds))
            print(row(results[-1]), file=sys.stderr)
    finally:
        for half in halves:
            half.close()
    text = table(results) + "\n\n" + machine()
    print(text)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    only = ["train", "predict", "cnn", "lstm"]
    parser.add_argument("--only", choices=only, nargs="+", default=[], help="all of these")
    parser.add_argument("--venv", type=Path, default=cache / "bedside" / "keras-peer")
    parser.add_argument("--output", type=Path, help="also write the table to this file")
    return parser.parse_args()


def install(venv: Path) -> Path:
    """Python of an environment with TensorFlow, made where there is none."""
    python = venv / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    probe = subprocess.run([str(python), "-c", "import keras"], capture_output=True, check=False)
    if probe.returncode:
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, TENSORFLOW], check=True)
    return python


def measure(contest: Contest, ours: Half, theirs: Half, *, rounds: int) -> Result:
    """Both sides in turn, who begins changing from round to round."""
    words: dict[str, Any] = {"what": contest.what, "workload": contest.workload}
    words["cases"] = contest.cases
    sizes: dict[Half, dict[str, int]] = {ours: {}, theirs: {}}
    if contest.what == "train":
        sizes[ours]["batch_size"] = contest.batch_size
        sizes[theirs]["batch_size"] = contest.their_batch_size or contest.batch_size
    found: dict[Half, list[float]] = {ours: [], theirs: []}
    precisions = {ours: contest.ours, theirs: contest.theirs}
    became = ""
    for number in range(rounds + 1):  # the first warms both up and does not count
        for half in (ours, theirs) if number % 2 else (theirs, ours):
            seconds, used = half.ask(**words, **sizes[half], precision=precisions[half])
            became = used if half is ours else became
            if number:
                found[half].append(contest.cases / seconds)
    return Result(contest, found[ours], found[theirs], became)


def table(results: list[Result]) -> str:
    """One row a contest."""
    lines = [
        "| | ours, cases a second | in | Keras on TensorFlow | in | ratio (range) | promised |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *map(row, results)])


def row(result: Result) -> str:
    """One line of the table."""
    ratios = [a / b for a, b in zip(result.ours, result.theirs, strict=True)]
    contest = result.contest
    return (
        f"| {contest.workload}: {contest.title} | {statistics.median(result.ours):.0f} | "
        f"{result.precision} | {statistics.median(result.theirs):.0f} | {contest.theirs} | "
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) | "
        f"{contest.wanted or ''} |"
    )


def machine() -> str:
    """Processor, its bf16 instructions, and how many of it."""
    info = Path("/proc/cpuinfo")
    words = info.read_text(encoding="utf-8") if info.exists() else ""
    name = next(
        (line.split(":", 1)[1].strip() for line in words.splitlines() if "model name" in line),
        platform.processor() or platform.machine(),
    )
    flags = [flag for flag in ("amx_bf16", "avx512_bf16", "avx512f", "avx2") if flag in words]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"Machine: {name}, {cores} cores, {', '.join(flags) or 'no AVX2'}; {TENSORFLOW}."


if __name__ == "__main__":
    sys.exit(main())
