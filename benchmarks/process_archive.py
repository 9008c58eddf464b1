"""A made-up archive processed whole: peak memory as it grows, and SIGKILL at random moments.

    python benchmarks/process_archive.py --notes 10000 100000 --form csv --kills 5
    python benchmarks/process_archive.py --notes 1000 10000 --form csv --package runs/notes/package

Enters: numbers of notes, the form of the archive (csv or folder), and packages, none or several.
Made-up notes are numbered and written over and over; a dictionary of nine codes stands beside
them. Leaves: a table: for each size the seconds, notes a second and the peak of the
process's own memory; of the largest archive, processed again and killed at random moments,
whether the file of records is that of the undisturbed run, byte for byte. Ends with 1 where
it is not, or where the largest archive takes 10 % more memory than the smallest.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bedside.data.synthetic.notes import make_notes

CODES = {
    "hypertension": "I10", "atrial fibrillation": "I48", "type 2 diabetes": "E11",
    "Parkinson's disease": "G20", "pneumonia": "J18", "asthma": "J45", "heart failure": "I50",
    "chest pain": "R07.4", "fever": "R50",
}  # fmt: skip
PATIENTS = 400
GROWTH = 1.1
CHILD = """
import json, sys
from pathlib import Path
from bedside.deployment.notes.job import process
packages, notes, output, options = json.loads(sys.argv[1])
process(packages, notes, output, **options)
status = Path("/proc/self/status").read_text()
print([line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")][0])
"""
"""The peak since this program began: what a parent asks for begins at its own."""


def notes(count: int) -> Iterator[tuple[str, str]]:
    """Names and texts; no text twice."""
    made = make_notes(patients=PATIENTS, seed=11).table["note"].tolist()
    for number in range(count):
        yield f"visit-{number:06d}", f"Visit {number}\n{made[number % len(made)]}"


def write_archive(folder: Path, form: str, count: int) -> Path:
    """An archive of so many notes, which is not made again where it is there."""
    place = folder / f"notes-{count}{'.csv' if form == 'csv' else ''}"
    if place.exists():
        return place
    if form == "csv":
        with place.open("w", newline="", encoding="utf-8") as stream:
            table = csv.writer(stream)
            table.writerow(["id", "text"])
            table.writerows(notes(count))
        return place
    place.mkdir()
    for name, text in notes(count):
        (place / f"{name}.txt").write_text(text, encoding="utf-8")
    return place


def start(archive: Path, output: Path, options: argparse.Namespace) -> subprocess.Popen[str]:
    """A process of its own that makes the records."""
    columns = {"column": "text", "id_column": "id"} if options.form == "csv" else {}
    words = {**columns, "codes": str(archive.parent / "codes.csv"), "threads": options.threads}
    asked = json.dumps([options.package, str(archive), str(output), words])
    command = [sys.executable, "-c", CHILD, asked]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def undisturbed(archive: Path, output: Path, options: argparse.Namespace) -> tuple[float, float]:
    """Seconds and MiB at the peak."""
    begun = time.perf_counter()
    done = start(archive, output, options)
    said, _ = done.communicate()
    if done.returncode:
        raise SystemExit("the process failed")
    return time.perf_counter() - begun, int(said) / 1024


def killed(archive: Path, output: Path, options: argparse.Namespace, seconds: float) -> list[int]:
    """Kill the work at random moments, then let it end; whole lines that stood at each death."""
    rng = random.Random(options.seed)
    moments = sorted(rng.uniform(0.02, 0.95) for _ in range(options.kills))
    lines = []
    for before, after in zip([0.0, *moments], moments, strict=False):
        work = start(archive, output, options)
        time.sleep(max((after - before) * seconds, 0.5))
        work.send_signal(signal.SIGKILL)
        work.communicate()
        content = output.read_bytes() if output.exists() else b""
        lines.append(content.count(b"\n"))
    work = start(archive, output, options)
    work.communicate()
    return lines


def main() -> int:
    """Print the tables."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        folder = Path(scratch)
        rows = [f"{term},{code},ICD-10" for term, code in CODES.items()]
        (folder / "codes.csv").write_text("\n".join(["term,code,system", *rows, ""]))
        print("| archive | notes | seconds | notes a second | peak MiB |\n|---|---|---|---|---|")
        peaks = []
        for count in sorted(options.notes):
            archive = write_archive(folder, options.form, count)
            output = folder / f"records-{count}.jsonl"
            seconds, peak = undisturbed(archive, output, options)
            peaks.append(peak)
            rate = f"{seconds:.0f} | {count / seconds:.0f} | {peak:.0f}"
            print(f"| {options.form} | {count:,} | {rate} |", flush=True)
        same = True
        if options.kills:
            again = folder / "killed.jsonl"
            lines = killed(archive, again, options, seconds)
            same = again.read_bytes() == output.read_bytes()
            told = ", ".join(f"{n:,}" for n in lines)
            print(f"\nKilled with {told} records there; the same bytes at the end: {same}")
        failed = "error" in json.loads(output.read_bytes().splitlines()[-1])
    return int(not same or failed or peaks[-1] > GROWTH * peaks[0])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--notes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--form", choices=["csv", "folder"], default="csv")
    parser.add_argument("--package", nargs="*", default=[])
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--seed", type=int, default=7, help="of the moments")
    parser.add_argument("--scratch", type=Path, help="where the archive is made, then removed")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
