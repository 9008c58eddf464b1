"""What the package takes from a run."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bedside import __version__
from bedside.deployment.package import read_package

if TYPE_CHECKING:
    from ..made_study import Finished


@pytest.fixture
def manifest(finished: Finished) -> dict[str, Any]:
    words: dict[str, Any] = json.loads((finished.root / "package" / "package.json").read_text())
    return words


def test_the_package_says_where_it_comes_from(finished: Finished, manifest: dict[str, Any]) -> None:
    facts, metrics = manifest["facts"], finished.run.metrics
    splits = finished.csv("splits.csv")
    expected = {
        "study": "tiny", "model": metrics["deep"], "split": "by patient", "bedside": __version__,
        "training_cases": sum(row["part"] == "train" for row in splits),
    }  # fmt: skip
    assert {key: facts[key] for key in expected} == expected
    assert facts["metrics"]["auroc"] == metrics["models"]["cnn"]["auroc"]
    assert datetime.fromisoformat(facts["created"]).utcoffset() is not None


def test_calibration_and_thresholds_are_the_runs(
    finished: Finished, manifest: dict[str, Any]
) -> None:
    state, metrics = manifest["task"]["state"], finished.run.metrics
    assert state["thresholds"] == metrics["thresholds"]
    assert state["temperature"] == metrics["calibration"]["temperature"]
    assert state["names"] == metrics["classes"]


def test_the_card_is_the_runs_and_the_package_is_whole(finished: Finished) -> None:
    package = read_package(finished.root / "package")
    assert package.contents.model_card == (finished.root / "model_card.md").read_text()
    assert set(package.networks) == {"network"}
    assert package.precision == "float32"


def test_no_path_of_the_machine_is_packed(finished: Finished) -> None:
    for path in (finished.root / "package").rglob("*"):
        if path.is_file():
            assert str(Path.home()).encode() not in path.read_bytes() or Path.home() == Path("/")
            assert str(finished.folder).encode() not in path.read_bytes()
