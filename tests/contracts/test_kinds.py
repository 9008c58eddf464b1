"""Every kind of target is judged and told: the same checks over both tables."""

from __future__ import annotations

from importlib.resources import files
from typing import get_args

import pytest

from bedside.evaluation import OF_MASKS, lower_is_better
from bedside.evaluation import kinds as judged
from bedside.reporting import kinds as told
from bedside.reporting.glossary import ALL_TERMS, higher_is_better
from bedside.schema import Kind, Targets

KINDS = get_args(Kind)
FINER = {"mask in plane", "mask in pixels"}
"""Judged in units of their own, and told as the kind that they are of."""


def members(protocol: type) -> set[str]:
    return {name for name in vars(protocol) if not name.startswith("_")}


def test_both_tables_hold_every_kind() -> None:
    assert set(judged.REGISTRY.table) - FINER == set(told.REGISTRY.table) == set(KINDS)


@pytest.mark.parametrize("name", sorted(FINER))
def test_a_finer_kind_is_judged_as_its_targets_say(name: str) -> None:
    found = judged.kind_of(Targets({}, ("a",), "mask", {"judged_as": name}))
    assert found is judged.REGISTRY.load(name)
    assert [own for own in sorted(members(judged.JudgedKind)) if not hasattr(found, own)] == []
    assert set(found.summary) <= set(OF_MASKS.table)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_keeps_both_protocols(kind: str) -> None:
    for table, protocol in ((judged, judged.JudgedKind), (told, told.ToldKind)):
        found = table.REGISTRY.load(kind)
        assert [name for name in sorted(members(protocol)) if not hasattr(found, name)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_brings_its_templates_and_its_words(kind: str) -> None:
    found = told.REGISTRY.load(kind)
    place = files("bedside.reporting") / "templates"
    assert '{% extends "report.html.j2" %}' in (place / found.page_template).read_text()
    assert '{% extends "model_card.md.j2" %}' in (place / found.card_template).read_text()
    assert {"comparison", "subgroups", "learning_curves"} <= set(found.drawers)
    assert len(found.terms) >= 4


def test_report_and_judge_agree_on_which_way_is_better() -> None:
    """Shares of zones have no direction for the judge, who never chooses by them."""
    zones = tuple(f"_{zone}" for zone in "bcde")
    named = [name for name in ALL_TERMS if not name.endswith(zones)]
    assert [name for name in named if lower_is_better(name) == higher_is_better(name)] == []
