"""Tasks: what is predicted, one file each."""

from __future__ import annotations

from bedside.registry import Registry
from bedside.schema import Task

REGISTRY: Registry[type[Task]] = Registry(
    "task",
    {
        "classify": "bedside.tasks.classify:Classify",
        "forecast": "bedside.tasks.forecast:Forecast",
        "language": "bedside.tasks.language:Language",
        "segment": "bedside.tasks.segment:Segment",
        "summarise": "bedside.tasks.summarise:Summarise",
        "tag": "bedside.tasks.tag:Tag",
    },
)
