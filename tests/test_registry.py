from __future__ import annotations

from fractions import Fraction
from importlib.metadata import EntryPoint
from pathlib import PurePosixPath

import pytest

from bedside import registry
from bedside.errors import StudyError
from bedside.registry import Registry, lookup

TABLE = {"fraction": "fractions:Fraction", "broken": "bedside_has_no_such_module:Thing"}


@pytest.fixture
def thirds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Third parties that joined; returns the groups that were asked for."""
    asked: list[str] = []

    def entry_points(*, group: str) -> list[EntryPoint]:
        asked.append(group)
        return [
            EntryPoint("path", "pathlib:PurePosixPath", group),
            EntryPoint("fraction", "pathlib:PurePosixPath", group),
        ]

    monkeypatch.setattr(registry, "entry_points", entry_points)
    return asked


def test_a_known_name_is_imported() -> None:
    assert Registry[type]("encoder", TABLE).load("fraction") is Fraction


def test_names_are_sorted_and_looking_at_them_imports_nothing() -> None:
    assert Registry[type]("encoder", TABLE).names() == ["broken", "fraction"]


def test_an_unknown_name_says_the_nearest() -> None:
    with pytest.raises(StudyError) as caught:
        Registry[type]("encoder", TABLE).load("fractoin")
    assert str(caught.value) == "Unknown encoder 'fractoin'. Did you mean 'fraction'?"


def test_a_missing_module_is_not_hidden_as_an_unknown_name() -> None:
    with pytest.raises(ModuleNotFoundError, match="bedside_has_no_such_module"):
        Registry[type]("encoder", TABLE).load("broken")


def test_third_parties_join_by_entry_points(thirds: list[str]) -> None:
    table = Registry[type]("encoder", TABLE)
    assert table.load("path") is PurePosixPath
    assert table.names() == ["broken", "fraction", "path"]
    assert set(thirds) == {"bedside.encoder"}


def test_a_third_party_cannot_replace_our_own(thirds: list[str]) -> None:
    assert Registry[type]("encoder", TABLE).load("fraction") is Fraction


def test_the_nearest_name_may_be_a_third_partys(thirds: list[str]) -> None:
    with pytest.raises(StudyError, match=r"Unknown encoder 'paht'\. Did you mean 'path'\?"):
        Registry[type]("encoder", {}).load("paht")


def test_our_own_names_are_known_without_a_search(thirds: list[str]) -> None:
    Registry[type]("encoder", TABLE).check("broken")
    assert thirds == []


def test_a_registry_is_found_by_its_package() -> None:
    assert lookup("modalities").kind == "modality"
    assert lookup("tasks").load("classify").__name__ == "Classify"
