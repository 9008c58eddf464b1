"""The demo: its studies are valid, each has a folder of its own, and a repeated demo resumes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bedside import demo
from bedside.data.synthetic import REGISTRY
from bedside.demo import REPORTS, STUDIES, run_demo
from bedside.pipeline import open_run
from bedside.progress import Progress
from bedside.study import Study
from bedside.training.preparation import build_modalities, build_task

from .made_study import command, skip_package_and_report, without_timing

SMALL: dict[str, Any] = {
    "training": {"epochs": 1, "precision": "float32"},
    "threads": 1,
    "device": "cpu",
}
OWN: dict[str, dict[str, Any]] = {
    "chest-xray": {
        "baselines": ["majority"],
        "evaluation": {"bootstrap": 100, "subgroups": ["sex", "hospital", "view"]},
    },
    "glucose": {"baselines": ["persistence"], "evaluation": {"bootstrap": 100}},
    "reports": {
        "baselines": ["lead"],
        "evaluation": {**REPORTS["evaluation"], "bootstrap": 100},
        "target": {**REPORTS["target"], "drawn": 2},
    },
}
SIZES = {
    "chest-xray": {"patients": 60},
    "glucose": {"patients": 8, "days": 3},
    "reports": {"patients": 40},
}


@pytest.mark.parametrize("words", STUDIES, ids=lambda words: words["name"])
def test_every_built_in_study_is_valid_and_says_what_it_is_for(words: dict[str, Any]) -> None:
    study = Study.parse(words)
    build_modalities(study)
    build_task(study)
    assert study.data.synthetic is not None
    REGISTRY.check(study.data.synthetic)
    assert study.data.patient is not None
    assert study.about.question is not None
    assert "made-up" in str(study.about.intended_use)


def test_names_are_folders_of_their_own() -> None:
    names = [words["name"] for words in STUDIES]
    assert len(set(names)) == len(names)


def test_a_demo_runs_and_repeats_to_the_same_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    small = [
        {**words, **SMALL, **OWN[words["name"]], "data": {**words["data"], **SIZES[words["name"]]}}
        for words in STUDIES
    ]
    monkeypatch.setattr(demo, "STUDIES", small)
    first = [run.metrics for run in run_demo(tmp_path, progress=Progress(quiet=True))]
    said = command(capsys, "demo", "-o", tmp_path, "-q")
    assert (said.code, said.err) == (0, "")
    for words, metrics in zip(STUDIES, first, strict=True):
        root = tmp_path / words["name"]
        assert f"Report:  {root}/report.html" in said.out
        assert without_timing(open_run(root).metrics) == without_timing(metrics)
