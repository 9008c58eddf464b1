"""Two networks for one input: both are trained, and validation alone chooses between them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bedside.pipeline import Run
from bedside.training.candidates import model_name

from .made_study import contents, log_of, make_cases, read_csv, run_in, words_with


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The study with a list of encoders, no test may change it."""
    words = words_with(
        model={"encoders": {"xray": ["cnn", "resnet"]}},
        training={"epochs": 2, "precision": "float32"},
        baselines=["majority"],
    )
    return run_in(make_cases(tmp_path_factory.mktemp("compared")), words)


def test_both_are_judged_and_validation_chooses(compared: Run) -> None:
    metrics = compared.metrics
    assert metrics["candidates"] == ["cnn", "resnet"]
    on_validation = {name: metrics["validation"][name] for name in metrics["candidates"]}
    assert metrics["deep"] == max(on_validation, key=on_validation.__getitem__)
    assert set(metrics["models"]) == {"cnn", "resnet", "majority"}
    root = compared.folder.root
    for name in metrics["candidates"]:
        assert {f"predictions/{name}-{part}.csv" for part in ("validation", "test")} < set(
            contents(root)
        )
    chosen = read_csv(root / "predictions" / f"{metrics['deep']}-test.csv")
    assert read_csv(root / "predictions.csv") == chosen


def test_costs_of_all_are_told_before_the_first_trains(compared: Run) -> None:
    events = [e for e in log_of(compared.folder.root) if e["event"] in ("estimate", "epoch")]
    assert [e["model"] for e in events] == ["cnn", "resnet", *["cnn"] * 2, *["resnet"] * 2]
    assert [e["event"] for e in events[:2]] == ["estimate"] * 2


def test_what_each_cost_stands_with_the_run(compared: Run) -> None:
    trained = json.loads(compared.folder.environment.read_text())["training"]
    told = {e["model"]: e for e in log_of(compared.folder.root) if e["event"] == "estimate"}
    for name in compared.metrics["candidates"]:
        assert trained[name]["parameters"] == told[name]["parameters"] > 1000
        assert trained[name]["train_seconds"] >= 0


def test_the_report_shows_all_and_says_what_chose(compared: Run) -> None:
    html = compared.folder.report.read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
    deep = compared.metrics["deep"]
    other = next(name for name in compared.metrics["candidates"] if name != deep)
    assert "Networks compared on the validation part" in text
    assert "has the highest AUROC on the validation part and was chosen by it" in text
    assert f"{deep} chosen" in text
    assert f"{other} deep, not chosen" in text
    card = compared.folder.model_card.read_text(encoding="utf-8")
    assert "chosen on the validation part from cnn and resnet" in card
    package = Path(compared.folder.package / "package.json").read_text()
    assert deep in package


@pytest.mark.parametrize(
    ("encoders", "name"),
    [
        ({"xray": "cnn"}, "cnn"),
        ({"findings": "text-lstm", "indication": "text-lstm"}, "text-lstm"),
        ({"xray": "resnet", "note": "bag"}, "xray=resnet,note=bag"),
    ],
)
def test_a_network_is_called_by_its_encoders(encoders: dict[str, str], name: str) -> None:
    assert model_name(encoders) == name
