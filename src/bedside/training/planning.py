"""The plan of a network that outlines, told and written where a person can change it.

Enters: the task's state and the recipe. Leaves: a line for the person who waits, and
``plan.yaml``, the same in the words of a study file: what a study states is taken as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedside.run_folder import write_text
from bedside.tasks.segmentation_plan import plan_words
from bedside.yaml_words import write_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedside.progress import Progress
    from bedside.run_folder import RunFolder
    from bedside.schema import State
    from bedside.training.recipe import Recipe

HEAD = """# What was chosen for this study from its training cases, in the words of a study file.
# Copy a line into the study, under the same heading, and change it: what a study states is kept.
"""


def tell_plan(
    state: State, recipes: Sequence[Recipe], *, folder: RunFolder, progress: Progress
) -> None:
    """Say and write the plan, where the task made one."""
    plan = state.get("plan")
    if plan is None:
        return
    progress.say(plan_words(plan))
    progress.log.write("plan", **plan)
    write_text(folder.plan, HEAD + write_yaml(as_study_words(plan, recipes[0])))


def as_study_words(plan: dict[str, Any], recipe: Recipe) -> dict[str, Any]:
    """The plan and the recipe under the headings of a study file."""
    flat = plan["patch"][0] == 1
    own = {
        "inputs": {
            plan["input"]: {"spacing_mm": plan["spacing_mm"], "normalise": plan["normalise"]}
        }
    }
    return {
        **({} if flat else own),
        "target": {
            "patch": plan["patch"][1:] if flat else plan["patch"],
            "overlap": plan["overlap"],
        },
        "training": {
            "epochs": recipe.epochs,
            "batch_size": recipe.batch_size,
            "cases_per_epoch": recipe.cases_per_epoch,
            "learning_rate": recipe.learning_rate,
        },
    }
