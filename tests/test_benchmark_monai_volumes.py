"""The benchmark beside MONAI: both sides learn from a made-up task and outline it."""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path
from typing import Any

import monai_volumes
import pytest

from .test_decathlon import made_task


def asked(data: Path, side: str) -> argparse.Namespace:
    return argparse.Namespace(
        data=data, epochs=1, patches=4, threads=1, precision="float32", network="unet",
        no_dice=False, only=None, side=side, output=None,
    )  # fmt: skip


def test_both_sides_see_as_many_patches_and_are_told_in_one_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made_task(tmp_path, "Task04_Hippocampus", cases=12)
    with (folder / "groups.csv").open("w", newline="") as stream:
        rows = [(f"case_{n:03d}", f"p{n // 2}") for n in range(12)]
        csv.writer(stream).writerows([("case", "patient"), *rows])
    monkeypatch.setattr(monai_volumes, "WORKERS", 0)
    found: dict[str, Any] = {
        "half-unet3d": monai_volumes._ours(asked(tmp_path, "half-unet3d")),
        "monai": monai_volumes._theirs(asked(tmp_path, "monai")),
    }
    assert found["half-unet3d"]["patches"] == 4
    assert found["monai"]["patches"] >= 4  # whole batches
    for own in found.values():
        assert all(0 <= dice <= 1 for dice in own["dice"])
        assert own["seconds"] > 0
        assert own["cpu"] > 0
    table = monai_volumes._table(found, asked(tmp_path, "monai"))
    assert "| bedside, `half-unet3d` | float32 | 4 |" in table
    assert "| monai | float32 |" in table


def test_seconds_are_those_inside_alone() -> None:
    spent = monai_volumes.Spent()
    for _ in range(2):
        with spent:
            end = time.process_time() + 0.05
            while time.process_time() < end:
                pass
    assert 0.1 <= spent.seconds < 5
    assert 0.08 <= spent.cpu < 1
