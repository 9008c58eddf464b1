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
    from bedside.deployment.recalibrating import recalibrate
    from bedside.errors import BedsideError
    from bedside.pipeline import Run, audit_study, open_run, run
    from bedside.repeats import run_seeds, run_sites
    from bedside.side_by_side import compare_runs, write_dashboard
    from bedside.study import Study

__version__ = "0.1.0"

_WHERE = {
    "BedsideError": "bedside.errors",
    "Predictor": "bedside.deployment.predictor",
    "Run": "bedside.pipeline",
    "Study": "bedside.study",
    "audit_study": "bedside.pipeline",
    "compare_runs": "bedside.side_by_side",
    "load": "bedside.deployment.predictor",
    "open_run": "bedside.pipeline",
    "personalise": "bedside.deployment.personal",
    "process": "bedside.deployment.notes.job",
    "recalibrate": "bedside.deployment.recalibrating",
    "run": "bedside.pipeline",
    "run_seeds": "bedside.repeats",
    "run_sites": "bedside.repeats",
    "write_dashboard": "bedside.side_by_side",
}
__all__ = [
    "BedsideError",
    "Predictor",
    "Run",
    "Study",
    "audit_study",
    "compare_runs",
    "load",
    "open_run",
    "personalise",
    "process",
    "recalibrate",
    "run",
    "run_seeds",
    "run_sites",
    "write_dashboard",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'bedside' has no attribute '{name}'")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
