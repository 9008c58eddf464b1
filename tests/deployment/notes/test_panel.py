"""Which packages a panel takes, and by which names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bedside.deployment.notes import panel
from bedside.deployment.notes.panel import open_panel
from bedside.errors import StudyError

from .panel_made import tagger


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(folder: Path, **_: Any) -> Any:
        return tagger(folder.name)

    monkeypatch.setattr(panel, "load", load)


@pytest.mark.usefixtures("packages")
def test_packages_are_called_by_their_study_or_as_they_are_told(tmp_path: Path) -> None:
    assert list(open_panel([tmp_path / "a", "other=x/a"]).predictors) == ["a", "other"]
    (tmp_path / "odd=name").mkdir()
    assert list(open_panel([str(tmp_path / "odd=name")]).predictors) == ["odd=name"]
    assert open_panel(["b"]).facts() == [
        {"name": "b", "task": "tag", "study": "b", "model": "made", "package": "0123456789ab"}
    ]


@pytest.mark.usefixtures("packages")
def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as told:
        open_panel([tmp_path / "a", tmp_path / "x" / "a"])
    assert str(told.value) == (
        "package 2: expected a name of its own, got 'a', as another package has. Give it one: "
        "other-name=a."
    )


def test_a_package_of_images_is_refused(written_once: Path, written_twice: Path) -> None:
    expected = (
        "package 1: expected a package that reads one text, of the task tag, summarise or "
        "classify, got one of image"
    )
    for folder in (written_once, written_twice):
        with pytest.raises(StudyError) as told:
            open_panel([folder])
        assert str(told.value).startswith(expected)
