"""Measure the base install: its size on disk, and the CPU time of ``bedside --help``.

Enters: this working tree and constraints.txt. Leaves: one line per measure; exit 1 when the
size is above ``--limit-mb``. Installs into a new environment in a temporary folder.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_BASE = {
    *("torch", "pandas", "matplotlib", "scikit-learn", "scikit-image"),
    *("tokenizers", "nibabel"),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="interpreter to install into")
    parser.add_argument("--limit-mb", type=float, default=600.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = Path(folder) / "venv"
        python = install_base(environment, interpreter=options.python)
        names = installed(python)
        megabytes = size_mb(environment)
        print(f"base install: {megabytes:.0f} MB on disk, {len(names)} packages, pip included")
        print(f"bedside --help: {help_seconds(environment):.2f} s of CPU, best of five")
    wrong = sorted(names & NOT_BASE)
    if wrong:
        print(f"the base install holds {', '.join(wrong)}, which belong to the study extra")
    if megabytes > options.limit_mb:
        print(f"above the limit of {options.limit_mb:.0f} MB")
    return int(bool(wrong) or megabytes > options.limit_mb)


def install_base(environment: Path, *, interpreter: str) -> Path:
    """Create an environment and install the project without extras; returns its interpreter."""
    subprocess.run([interpreter, "-m", "venv", str(environment)], check=True)
    python = environment / "bin" / "python"
    # A copy, so that the build leaves nothing in the working tree.
    source = environment.parent / "source"
    ignored = shutil.ignore_patterns(".git", ".venv", "build", "*.egg-info", "__pycache__", "runs")
    shutil.copytree(ROOT, source, ignore=ignored)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-c", str(ROOT / "constraints.txt"), str(source)], check=True)
    return python


def installed(python: Path) -> set[str]:
    listing = subprocess.run(
        [str(python), "-m", "pip", "freeze"], check=True, capture_output=True, text=True
    ).stdout
    return {line.split("==")[0].split(" @ ")[0].lower() for line in listing.splitlines()}


def size_mb(folder: Path) -> float:
    """Space taken on disk in MB (10^6 bytes), byte-compiled files and pip included."""
    blocks = sum(f.stat().st_blocks for f in folder.rglob("*") if not f.is_symlink())
    return blocks * 512 / 1e6


def help_seconds(environment: Path, *, repeats: int = 5) -> float:
    """CPU seconds of ``bedside --help``, the best of some repeats after a first one."""
    command = [str(environment / "bin" / "bedside"), "--help"]
    taken = []
    for _ in range(repeats + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken[1:])


if __name__ == "__main__":
    sys.exit(main())
