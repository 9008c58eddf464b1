"""A real `bedside run`, killed where it hurts, ends with what an undisturbed one ends with."""

from __future__ import annotations

from pathlib import Path

import pytest
from kill_and_resume import Bench, Moment, Outcome, kill, plan, table

STUDY = """
name: killed
data: {synthetic: chest-xray, patient: patient_id, patients: 24, seed: 7}
inputs: {xray: {modality: image, column: image, size: [24, 24]}}
target: {task: classify, column: label, positive: nodule}
model: {encoders: {xray: cnn}}
training: {epochs: 2, batch_size: 4, precision: float32}
baselines: [majority]
evaluation: {bootstrap: 100}
threads: 1
"""
STAGES = {"start": 2.0, "read xray": 0.5, "train cnn": 9.0, "package": 3.0}


def test_a_run_killed_while_it_trains_and_while_it_packages_ends_the_same(tmp_path: Path) -> None:
    undisturbed = Bench(tmp_path / "undisturbed", 0.0, study=STUDY)
    undisturbed.finish()
    took = undisturbed.stages()
    bench = Bench(tmp_path / "killed", 0.0, study=STUDY)
    died = [kill(bench, Moment(s, took[s] / 2)) for s in ("train cnn", "package")]
    assert all(where is not None for where in died), "it was done before it was killed"
    bench.finish()
    assert bench.result() == undisturbed.result()
    left = [path.name for path in bench.run.rglob("*")]
    assert not [name for name in left if name.endswith((".partial", ".previous.safetensors"))]


def test_every_stage_is_died_in_and_later_runs_die_often() -> None:
    plans = [plan(number, 10, STAGES, seed=1) for number in range(1, 11)]
    assert {each[0].stage for each in plans[:4]} == set(STAGES)
    assert [len(each) for each in plans[:6]] == [1] * 6
    assert all(2 <= len(each) <= 4 for each in plans[6:])
    assert all(0 <= m.seconds <= STAGES[m.stage] for each in plans for m in each)
    assert plans == [plan(number, 10, STAGES, seed=1) for number in range(1, 11)]


def test_the_table_names_what_is_unlike() -> None:
    outcomes = [Outcome(["audit"], [], 20.4), Outcome(["train cnn", "report"], ["metrics.json"], 9)]
    lines = table(3, outcomes).splitlines()
    assert lines[2] == "| 3 | 1 | audit | the same | 20 |"
    assert lines[3] == "| 4 | 2 | train cnn, report | UNLIKE: metrics.json | 9 |"
    assert lines[-1].startswith("1 of 2 runs, killed 3 times,")


@pytest.mark.parametrize("study", ["name: broken"])
def test_a_run_that_fails_says_why(tmp_path: Path, study: str) -> None:
    with pytest.raises(SystemExit, match="ended with 1: "):
        Bench(tmp_path, 1.0, study=study).finish()
