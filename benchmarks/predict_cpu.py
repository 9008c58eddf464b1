"""CPU seconds of `bedside predict` on one image, for the whole process.

    python benchmarks/predict_cpu.py runs/cxr/package image.png

Runs the command several times, each in a new process, and prints the user and
system time of each and the best: other programs only ever add to it. The first
run on a machine also makes the package's self-check.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

BUDGET_SECONDS = 1.5


def cpu_seconds(command: list[str]) -> float:
    """Run a command; user + system time of the process and its threads."""
    pid = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        raise SystemExit(f"{' '.join(command)}: ended with status {status}.")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", type=Path)
    parser.add_argument("image", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        output = str(Path(folder) / "predictions.csv")
        call = ["predict", str(options.package), str(options.image), "-o", output]
        start = "import sys; from bedside.cli import main; sys.argv[0] = 'bedside'; main()"
        command = [sys.executable, "-c", start, *call]
        seconds = [cpu_seconds(command) for _ in range(options.repeats)]
    print("CPU seconds of each run: " + " ".join(f"{value:.2f}" for value in seconds))
    print(f"best {min(seconds):.2f} s, budget {BUDGET_SECONDS} s")


if __name__ == "__main__":
    main()
