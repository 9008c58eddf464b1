"""Made-up images of benchmarks/scale.py, and its table, worked by hand."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import scale
from PIL import Image


def test_images_follow_their_number_alone(tmp_path: Path) -> None:
    (tmp_path / "few").mkdir()
    (tmp_path / "more").mkdir()
    few, more = scale.make_cases(tmp_path / "few", 2), scale.make_cases(tmp_path / "more", 3)
    rows = [list(csv.DictReader(path.read_text().splitlines())) for path in (few, more)]
    assert rows[0] == rows[1][:2]
    assert [row["patient_id"] for row in rows[1]] == ["p0", "p0", "p1"]
    assert {row["label"] for row in rows[1]} <= {"disc", "none"}
    pictures = []
    for path, own in zip((few, more), rows, strict=True):
        pictures.append([np.asarray(Image.open(path.parent / row["file"])) for row in own])
    assert all(p.shape == (256, 256) and p.dtype == np.uint8 for p in pictures[1])
    assert np.array_equal(pictures[0][1], pictures[1][1])
    assert not np.array_equal(pictures[1][0], pictures[1][1])
    before = [p.stat().st_mtime_ns for p in sorted((tmp_path / "few").rglob("*.png"))]
    scale.make_cases(tmp_path / "few", 2)
    assert before == [p.stat().st_mtime_ns for p in sorted((tmp_path / "few").rglob("*.png"))]


def test_the_disc_is_in_half_of_them() -> None:
    bases = np.zeros((scale.BASES, scale.SIDE, scale.SIDE), np.float32)
    ill, well = (scale._picture(np.random.default_rng(3), bases, ill=ill) for ill in (True, False))
    brighter = ill.astype(int) - well
    assert 300 < (brighter > 30).sum() < 1100


def test_the_table_shows_stages_per_thousand_and_peaks(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    done = {"seconds": 9.0, "cpu_seconds": 3.0, "peak_mib": 700}
    lines = [
        {"event": "stage", "name": "audit", "state": "start"},
        {"event": "stage", "name": "audit", "state": "done", **done},
        {"event": "epoch", "epoch": 1},
    ]
    log.write_text("\n".join(map(json.dumps, lines)))
    stages = scale.read_stages(log)
    assert stages == {"audit": done}
    few = scale.Measured(1000, 9.0, 8.0, 2**30, stages, 0, 0.75)
    more = scale.Measured(4000, 30.0, 24.0, 3 * 2**29, {"audit": done | {"cpu_seconds": 12.0}},
                          2**29, 0.875)  # fmt: skip
    rows = [[c.strip() for c in line.strip("|").split("|")] for line in
            scale.report([few, more], "run").splitlines()[2:]]  # fmt: skip
    assert rows[0] == ["stage", "1,000 images", "4,000 images"]
    assert rows[2] == ["audit", "3.00 (700)", "3.00 (700)"]
    assert ["whole process", "8.00", "6.00"] in rows
    assert ["wall-clock seconds", "9", "30"] in rows
    assert ["peak memory, GiB", "1.00", "1.50"] in rows
    assert ["on disk as read, GiB", "0.00", "0.50"] in rows
    assert ["test AUROC", "0.750", "0.875"] in rows
