"""Decode a folder of DICOM files and compare each with its uncompressed sibling.

Enters: ``--data``, a folder in which compressed files are called after the plain one they
were made of (``a.dcm`` and ``a.dcm_RLE.dcm``). Leaves: one line a file, numbered, since
names may carry patients' names; exit 1 where a file is neither decoded nor refused in one
sentence, or differs from its sibling by more than its codec loses.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bedside.data.dicom_header import HEAD_BYTES, looks_like_dicom, read_dicom
from bedside.data.quiet_readers import quiet
from bedside.errors import DataError
from bedside.modalities.image_dicom_codec import stored_pixels
from bedside.modalities.image_files import decode
from bedside.modalities.image_view import View
from bedside.schema import Reference

LOSSY = ("4.50", "4.51", "4.53", "4.55", "4.81", "4.91", "4.203")
MOST_LEVELS, MEAN_LEVELS = 20.0, 2.0
"""What a lossy codec may differ by, in steps of its own stored values: at most, and on average."""


@dataclass
class Row:
    """One file: its transfer syntax, what became of it, and the difference to its sibling."""

    syntax: str
    outcome: str
    difference: str = "no sibling"
    wrong: bool = False
    milliseconds: float = 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of DICOM files")
    options = parser.parse_args()
    files = [path for path in sorted(options.data.iterdir()) if path.is_file()]
    rows = [(n, measured(path, n, files)) for n, path in enumerate(files, start=1)]
    print("| file | transfer syntax | outcome | ms | difference to its plain sibling |")
    print("|---:|---|---|---:|---|")
    for number, row in rows:
        if row is not None:
            told = f"{row.outcome} | {row.milliseconds:.0f} | {row.difference}"
            print(f"| {number} | {row.syntax} | {told}{' WRONG' if row.wrong else ''} |")
    return int(any(row.wrong for _, row in rows if row is not None))


def measured(path: Path, number: int, files: list[Path]) -> Row | None:
    """What becomes of one file; None where it is not DICOM."""
    where = f"file {number}"
    with path.open("rb") as stream:
        if not looks_like_dicom(stream.read(HEAD_BYTES)):
            return None
        with quiet():
            syntax = read_dicom(stream, where=where, pixels=False).file_meta.TransferSyntaxUID
    name = f"{syntax.name} ({str(syntax)[-4:].lstrip('.')})"
    start = time.perf_counter()
    try:
        values = decode(Reference(where, path), view=View(frame="middle")).values
    except DataError as error:
        return Row(name, f"refused: {error}", "", wrong="\n" in str(error))
    row = Row(name, f"decoded, {values.dtype} {' x '.join(map(str, values.shape))}")
    row.milliseconds = 1000 * (time.perf_counter() - start)
    sibling = next((f for f in files if path != f and path.name.startswith(f"{f.name}_")), None)
    if sibling is not None:
        compare(row, path, sibling, lossy=str(syntax).endswith(LOSSY))
    return row


def compare(row: Row, path: Path, sibling: Path, *, lossy: bool) -> None:
    """Compare stored values after the rescale, which lossy converters also change."""
    (own, step), (other, _) = rescaled(path), rescaled(sibling)
    difference = np.abs(own - other)
    most, mean = float(difference.max()), float(difference.mean())
    row.difference = f"max {most:.4g}, mean {mean:.3g}, in steps of {step:.4g}"
    row.wrong = (most > MOST_LEVELS * step or mean > MEAN_LEVELS * step) if lossy else most > 0


def rescaled(path: Path) -> tuple[np.ndarray, float]:
    """Values in the units after the rescale, and how far two stored values are apart there."""
    with path.open("rb") as stream, quiet():
        dataset = read_dicom(stream, where="file")
        stored = stored_pixels(dataset, frame=0, where="file")
        slope, intercept = (float(dataset.get(f"Rescale{w}", d)) for w, d in
                            (("Slope", 1), ("Intercept", 0)))  # fmt: skip
    return stored * slope + intercept, slope


if __name__ == "__main__":
    sys.exit(main())
