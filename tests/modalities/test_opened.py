"""What was opened stays open for the next call, up to so many."""

from __future__ import annotations

from bedside.modalities.opened import Opened


def test_one_name_is_opened_once_and_the_oldest_gives_way() -> None:
    asked: list[str] = []

    def make(state: dict[str, str]) -> list[str]:
        asked.append(state["name"])
        return [state["name"]]

    opened = Opened(make, most=2)
    first = opened.of({"name": "a"})
    assert opened.of({"name": "a"}) is first
    opened.of({"name": "b"})
    opened.of({"name": "c"})
    assert opened.of({"name": "b"}) == ["b"]
    assert asked == ["a", "b", "c"]
    assert opened.of({"name": "a"}) == ["a"]
    assert asked == ["a", "b", "c", "a"]
