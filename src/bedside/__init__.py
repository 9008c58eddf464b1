"""bedside: clinical data from raw files to a model that can stand at the bedside.

`Study.load`, `audit_study`, `run`, `load`, `personalise`, `process`: the same stages as the
command line. Importing this package imports nothing heavy; names are resolved on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bedside.deployment.notes.job import process
    from bedside.deployment.personal import personalise
    from bedside.deployment.predictor import Predictor, load
    from bedside.errors import BedsideError
    from bedside.pipeline import Run, audit_study, open_run, run
    from bedside.study import Study

__version__ = "0.1.0"

_WHERE = {
    "BedsideError": "bedside.errors",
    "Predictor": "bedside.deployment.predictor",
    "Run": "bedside.pipeline",
    "Study": "bedside.study",
    "audit_study": "bedside.pipeline",
    "load": "bedside.deployment.predictor",
    "open_run": "bedside.pipeline",
    "personalise": "bedside.deployment.personal",
    "process": "bedside.deployment.notes.job",
    "run": "bedside.pipeline",
}
__all__ = [
    "BedsideError",
    "Predictor",
    "Run",
    "Study",
    "audit_study",
    "load",
    "open_run",
    "personalise",
    "process",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'bedside' has no attribute '{name}'")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
