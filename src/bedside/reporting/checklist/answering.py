"""What a run may know of an item, by name.

Enters: names from a form. Leaves: functions from a `Record` to an `Answer` or None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from bedside.registry import Registry
from bedside.reporting.checklist.evidence import Answer
from bedside.reporting.record import Record

Answering: TypeAlias = Callable[[Record], Answer | None]
_DESIGN = (
    *("question", "intended_use", "goal", "technology", "sources", "sites", "quality", "outcome"),
    *("predictors", "unselected", "missing", "partition", "disjoint", "handling", "training"),
    *("model_type", "initialisation", "selection", "single", "software", "imbalance"),
    "image_forms",
)
_RESULTS = (
    *("flow", "events", "characteristics", "shift", "measures", "uncertainty", "performance"),
    *("diagnostic", "groups", "clusters", "external", "internal", "output", "computed"),
    *("no_updating", "specification", "repeatable", "verdict", "limits", "bad_inputs"),
    *("explained", "failures"),
)
REGISTRY: Registry[Answering] = Registry(
    "checklist_answer",
    {
        **{name: f"bedside.reporting.checklist.design_answers:{name}" for name in _DESIGN},
        **{name: f"bedside.reporting.checklist.result_answers:{name}" for name in _RESULTS},
    },
)
