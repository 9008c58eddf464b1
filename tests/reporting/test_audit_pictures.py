"""Pictures for the audit: the right ones, few, and only where cases may be shown."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bedside.audit.findings import AuditReport, Finding
from bedside.data.cohort import Cohort
from bedside.reporting.audit_pictures import PER_GROUP, write_audit_pictures
from bedside.reporting.report import write_report
from bedside.run_folder import RunFolder, write_json

COHORT = Cohort(pd.DataFrame({"case_id": [str(n) for n in range(40)]}), "cases.csv", first_row=2)
PAIRS = Finding(
    "near-copies-across-parts", "warn", "2 pairs.", 2, (2, 12, 3, 13), "Look.",
    ((2, 12), (3, 13)), ("train", "test", "train", "test"),
)  # fmt: skip
DOUBTED = Finding(
    "label-errors", "warn", "9 labels.", 9, tuple(range(20, 29)), "Look.",
    details=("labelled <b>, looks like ill (97%)",),
)  # fmt: skip


def png(row: int) -> bytes | None:
    if row == 11:  # the case in row 13 has no picture
        return None
    stream = io.BytesIO()
    Image.fromarray(np.full((8, 8), 5 * row, np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def folder(runs: dict[str, RunFolder], tmp_path: Path) -> RunFolder:
    own = RunFolder(shutil.copytree(runs["binary"].root, tmp_path / "run"))
    note = Finding("image-sizes", "note", "2 sizes.", 40, (2,), "")
    blanks = Finding("missing-cells", "warn", "Blank.", 3, (2, 3, 4), "Look.")
    write_json(own.audit, AuditReport((PAIRS, DOUBTED, note, blanks), {}).to_json())
    write_audit_pictures(own, COHORT, pictures=png)
    return own


def test_pairs_stand_together_and_singles_alone(folder: RunFolder) -> None:
    place = folder.root / "explanations"
    pairs, doubted = json.loads((place / "audit.json").read_text())["groups"]
    assert [one["row"] for one in pairs["shown"][0]["pictures"]] == [
        "row 2 of cases.csv",
        "row 12 of cases.csv",
    ]
    assert [one["words"] for one in pairs["shown"][0]["pictures"]] == ["train", "test"]
    assert len(pairs["shown"][1]["pictures"]) == 1
    assert pairs["meaning"] == "the most alike first, 2 of 2"
    assert (len(doubted["shown"]), doubted["paired"]) == (PER_GROUP, False)
    assert doubted["meaning"] == "the most doubtful first, 6 of 9"
    for group in (pairs, doubted):
        for item in group["shown"]:
            for one in item["pictures"]:
                row = int(one["row"].split()[1]) - 2
                assert np.asarray(Image.open(place / one["picture"]))[0, 0] == 5 * row


def test_the_report_shows_them_and_escapes_what_they_say(folder: RunFolder) -> None:
    page = write_report(folder).read_text(encoding="utf-8")
    assert "Near copies across parts" in page
    assert "labelled &lt;b&gt;, looks like ill (97%)" in page
    assert page.count('alt="Labels that may be wrong, row') == PER_GROUP


def test_the_copy_to_share_has_none(folder: RunFolder) -> None:
    page = write_report(folder, cases=False).read_text(encoding="utf-8")
    assert "9 labels." in page
    assert "Labels that may be wrong" not in page
    assert "row 12 of cases.csv" not in page


def test_old_pictures_go_and_a_run_without_them_has_a_report(folder: RunFolder) -> None:
    write_json(folder.audit, AuditReport((PAIRS,), {}).to_json())
    write_audit_pictures(folder, COHORT, pictures=png)
    left = sorted(path.name for path in (folder.root / "explanations").glob("audit-*.png"))
    assert left == ["audit-01.png", "audit-02.png", "audit-03.png"]
    for path in (folder.root / "explanations").glob("audit*"):
        path.unlink()
    assert "the most alike first" not in write_report(folder).read_text(encoding="utf-8")
