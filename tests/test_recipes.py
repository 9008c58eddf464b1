"""The recipes in docs/ are true: their code runs, and the lines they name have that form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bedside.baselines import REGISTRY as BASELINES
from bedside.evaluation import REGISTRY as METRICS
from bedside.modalities import REGISTRY as MODALITIES
from bedside.models import ENCODERS, FUSIONS
from bedside.tasks import REGISTRY as TASKS

ROOT = Path(__file__).resolve().parent.parent
RECIPES = sorted((ROOT / "docs" / "recipes").glob("*.md"))
KINDS = {r.kind for r in (BASELINES, METRICS, MODALITIES, ENCODERS, FUSIONS, TASKS)}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda p: p.stem)
def test_the_code_of_a_recipe_runs(recipe: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", recipe.read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    names: dict[str, object] = {"__name__": recipe.stem}
    for block in blocks:
        exec(compile(block, str(recipe), "exec"), names)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda p: p.stem)
def test_the_files_a_recipe_names_exist(recipe: Path) -> None:
    text = recipe.read_text()
    named = re.findall(r"`((?:src|tests|docs)/[\w./]+)`", text)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
    groups = re.findall(r"the group\s+`bedside\.(\w+)`", text)
    assert groups
    assert set(groups) <= KINDS
