"""One run of each kind, made once; tests that change a run make their own."""

from __future__ import annotations

import pytest

from bedside.run_folder import RunFolder

from .made_forecast import make_forecast_run
from .made_run import Made, make_run
from .made_summary import make_summary_run


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunFolder]:
    root = tmp_path_factory.mktemp("runs")
    made = {
        kind: make_run(root / kind, Made(kind=kind)) for kind in ("binary", "classes", "labels")
    }
    return {
        **made,
        "forecast": make_forecast_run(root / "forecast"),
        "summary": make_summary_run(root / "summary"),
    }
