"""DICOM de-identification: every attribute of the basic profile, on every file of a folder.

    python benchmarks/deidentify_dicom.py "$BEDSIDE_DATA"

De-identifies ``imaging/dicom`` below the folder into a temporary one, then reads each pair of files
with pydicom alone and looks, at every depth of the header: is an attribute of table E.1-1 of PS3.15
(edition 2026c, as the library dicom-anonymizer lists it) still there with the value it had? Is a
private attribute left? Is every unique identifier new, the same for the same, and other for others?
Did all dates of a patient move by the same whole weeks? Are the stored pixels the same bytes?
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread

from bedside.privacy.files import files_of
from bedside.privacy.job import deidentify
from bedside.privacy.work import Settings

TABLE = importlib.import_module("dicomanonymizer.dicom_anonymization_databases.dicomfields_2026c")
TAGS = {tag for tag in TABLE.ALL_TAGS if len(tag) == 2}
STANDARD = "1.2.840.10008."


def elements(dataset: Dataset, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every element at every depth, with the way to it."""
    for element in dataset:
        way = f"{path}/{element.tag}"
        if element.VR == "SQ":
            for number, item in enumerate(element.value):
                yield from elements(item, f"{way}[{number}]")
        yield way, element


def filled(element: Any) -> bool:
    """Whether an element holds anything."""
    return element.VR != "SQ" and element.value not in (None, "", b"")


def check(before: Dataset, after: Dataset, uids: dict[str, set[str]]) -> Counter[str]:
    """Count what is left, and what was looked at."""
    counts: Counter[str] = Counter()
    new = dict(elements(after))
    shifts = set()
    for way, old in elements(before):
        now = new.get(way)
        if old.tag.is_private:
            counts["private before"] += 1
        in_table = (old.tag.group, old.tag.element) in TAGS
        counts["attributes of the table"] += in_table and filled(old)
        if old.VR == "UI" and filled(old):
            for a, b in zip(values(old), values(now) if now else [], strict=False):
                if not a.startswith(STANDARD):
                    uids[a].add(b)
                    counts["UIDs unchanged"] += a == b
        elif old.VR in ("DA", "DT") and filled(old) and now is not None and filled(now):
            pair = [datetime.strptime(str(e.value)[:8], "%Y%m%d") for e in (old, now)]
            shifts.add((pair[1] - pair[0]).days)
        elif in_table and filled(old) and now is not None and old.VR != "TM":
            counts["values left"] += str(now.value) == str(old.value)
    counts["private after"] = sum(e.tag.is_private for e in new.values())
    counts["dates not moved alike"] = len(shifts) > 1 or any(s % 7 or s >= 0 for s in shifts)
    counts["pixels changed"] = before.get("PixelData") != after.get("PixelData")
    counts["not marked"] = after.get("PatientIdentityRemoved") != "YES"
    return counts


def values(element: Any) -> list[str]:
    """The values of an element as text."""
    held = element.value
    return [str(one) for one in held] if isinstance(held, list) or element.VM > 1 else [str(held)]


def main() -> int:
    """Print a line a file, and the sum; 1 where anything is left."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    source = parser.parse_args().data / "imaging" / "dicom"
    uids: dict[str, set[str]] = defaultdict(set)
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        output = Path(place) / "out"
        report = deidentify(source, output, Settings(keep_names=True, columns=("Finding Labels",)))
        for found in files_of(source):
            if found.form == "dicom":
                copy = output.joinpath("files", *found.relative)
                if not copy.exists():
                    total["files left out"] += 1
                    continue
                counts = check(dcmread(found.path, force=True), dcmread(copy), uids)
                total += counts + Counter({"files": 1})
    several = sum(len(new) > 1 for new in uids.values())
    shared = len(uids) - len({min(new) for new in uids.values() if new})
    total["UIDs with several new ones"], total["UIDs that fell together"] = several, shared
    wrong = ("values left", "private after", "UIDs unchanged", "UIDs with several new ones",
             "UIDs that fell together", "dates not moved alike", "pixels changed", "not marked",
             "files left out")  # fmt: skip
    print("| counted | number |\n|---|---|")
    for name in ("files", "attributes of the table", "private before", *wrong):
        print(f"| {name} | {total[name]} |")
    print(f"| unique identifiers | {len(uids)} |")
    for why, entry in report["to_look_at"].items():
        print(f"| for a human: {why} | {entry['count']} |")
    left = [name for name in wrong if total[name]]
    if left:
        print(f"left: {', '.join(left)}", file=sys.stderr)
    return int(bool(left))


if __name__ == "__main__":
    raise SystemExit(main())
