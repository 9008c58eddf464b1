"""The tables of benchmarks: every cell from metrics worked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras_peer
import personalise
import pytest
import studies


def entry(value: float, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high}


def result(seed: int, auroc: float, *, verdict: str) -> studies.Result:
    deep = {"auroc": entry(auroc, 0.9, 0.99), "accuracy": entry(0.875), "ece": entry(0.03)}
    metrics = {
        "models": {"resnet": deep, "logistic": {"auroc": entry(0.9, 0.85, 0.95)}},
        "deep": "resnet",
        "best_baseline": "logistic",
        "difference": entry(auroc - 0.9, -0.01, 0.08),
        "verdict": verdict,
        "cases": 624,
        "confidence": 0.95,
    }
    libraries = {"torch": "2", "scikit-learn": "1", "lightgbm": "4"}
    environment = {
        "cpu": "Some CPU", "threads": 2, "platform": "Linux",
        "training": {"resnet": {"precision": "bf16"}},
        "python": "3.11", "bedside": "0.1.0", "libraries": libraries,
    }  # fmt: skip
    return studies.Result(seed, metrics, environment, 90.4 + seed)


def test_the_table_holds_seeds_their_mean_and_published_numbers() -> None:
    results = [result(7, 0.96, verdict="deep better"), result(8, 0.94, verdict="deep worse")]
    lines = studies.report("pneumoniamnist", results, ["training.epochs=1"]).splitlines()
    assert lines[0] == "pneumoniamnist: 624 test cases; deep model resnet; intervals 95%."
    assert lines[1] == "Settings: training.epochs=1."
    rows = [[cell.strip() for cell in text.strip("|").split("|")] for text in lines[5:10]]
    assert rows[0] == [
        "7", "0.960 (0.900 to 0.990)", "logistic 0.900", "+0.060 (-0.010 to +0.080)",
        "deep better", "0.875", "0.030", "97",
    ]  # fmt: skip
    # the deviation of two numbers is their distance divided by the root of two
    assert rows[2] == [
        "mean (sd)", "0.950 (0.014)", "0.900 (0.000)", "0.050 (0.014)", "deep better 1 of 2",
        "0.875 (0.000)", "0.030 (0.000)", "98",
    ]  # fmt: skip
    assert rows[3] == ["ResNet-18, 28 x 28", "0.944", "", "", "", "0.854", "", ""]
    assert {len(row) for row in rows} == {8}
    assert "Some CPU, 2 threads" in lines[-1]


def test_one_seed_has_no_mean() -> None:
    text = studies.report("synthetic", [result(7, 0.96, verdict="deep better")], [])
    assert "mean (sd)" not in text
    assert "Published" not in text


def test_missing_data_are_named(tmp_path: Path) -> None:
    benchmark = studies.STUDIES["pneumoniamnist"]
    with pytest.raises(SystemExit, match=r"--data: name the folder .* or set BEDSIDE_DATA\."):
        studies.data_override(benchmark, None)
    with pytest.raises(SystemExit, match=r"pneumoniamnist\.npz is not in or below this folder\."):
        studies.data_override(benchmark, tmp_path)
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "pneumoniamnist.npz").touch()
    (override,) = studies.data_override(benchmark, tmp_path)
    assert override == f'data.npz="{tmp_path.resolve()}/sets/pneumoniamnist.npz"'
    assert studies.data_override(studies.STUDIES["synthetic"], None) == []


def personal(person: str, before: float, after: float, *, coverage: float = 0.8) -> dict[str, Any]:
    row = {"before": entry(before), "after": entry(after)}
    covers = {"before": entry(0.8), "after": entry(coverage)}
    decision = "kept as it was" if before == after else "adapted"
    metrics = {"rmse_pooled": row, "mae_pooled": row, "coverage_80": covers}
    return {"person": person, "record": {"decision": decision, "metrics": metrics}}


def test_changes_of_people_are_averaged_over_seeds_first() -> None:
    few = {"person": "d", "record": None}
    one = [personal("a", 10, 9), personal("b", 10, 10), personal("c", 10, 10.5, coverage=0.7), few]
    two = [personal("a", 10, 9.4), personal("b", 10, 10.1), personal("c", 10, 10.3), few]
    lines = personalise.report({10: one, 11: two}).splitlines()
    first, both = ([c.strip() for c in lines[i].strip("|").split("|")] for i in (2, 4))
    assert first[:4] == ["10", "4", "1", "1"]
    assert first[4].startswith("-1.67% (-10.00% to +5.00%)")
    assert first[6:] == ["1 of 3", "1 of 3", "0.800", "0.767"]
    assert both[:4] == ["all", "8", "2", "1"]
    assert both[4].startswith("-1.17% (")  # of -8 %, +0.5 % and +4 %
    assert both[6] == "2 of 6"


def test_nobody_is_learnt_from_and_reported() -> None:
    people = [f"p{number}" for number in range(57)]
    aside, one, other = personalise.halves(people, 10)
    assert [len(part) for part in (aside, one, other)] == [17, 20, 20]
    assert sorted([*aside, *one, *other]) == sorted(people)
    assert personalise.halves(people[::-1], 11)[0] == aside
    assert personalise.halves(people, 11)[1] != one


def test_a_contest_is_told_by_the_median_of_its_ratios() -> None:
    contest = keras_peer.Contest("training", "train", "cnn", "auto", wanted=2.0)
    result = keras_peer.Result(contest, [300, 200, 330], [100, 125, 150], "bf16")
    assert keras_peer.table([result]).splitlines()[-1] == (
        "| cnn: training | 300 | bf16 | 125 | float32 | 2.20 (1.60 to 3.00) | 2.0 |"
    )


def test_both_sides_take_turns_and_the_first_round_does_not_count() -> None:
    asked: list[tuple[str, int]] = []

    class Half:
        def __init__(self, name: str, seconds: float) -> None:
            self.name, self.seconds = name, seconds

        def ask(self, **words: Any) -> tuple[float, str]:
            asked.append((self.name, words["batch_size"]))
            return self.seconds, "bf16" if words["precision"] == "auto" else words["precision"]

    contest = keras_peer.Contest(
        "training", "train", "lstm", "auto", cases=100, batch_size=256, their_batch_size=32
    )
    halves: Any = (Half("ours", 0.5), Half("theirs", 2.0))
    result = keras_peer.measure(contest, *halves, rounds=2)
    assert (result.ours, result.theirs, result.precision) == ([200, 200], [50, 50], "bf16")
    ours, theirs = ("ours", 256), ("theirs", 32)
    assert asked == [theirs, ours, ours, theirs, theirs, ours]
