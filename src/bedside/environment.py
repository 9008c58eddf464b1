"""What a run ran on: versions, machine, threads. Plain facts, no user or host names."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bedside import __version__
from bedside.run_folder import RunFolder, write_json

LIBRARIES = (
    "numpy", "scipy", "pandas", "torch", "lightning-fabric", "scikit-learn", "scikit-image",
    "lightgbm", "pillow", "pydicom", "openvino", "onnx",
)  # fmt: skip


def write_environment(folder: RunFolder, facts: Mapping[str, Any]) -> None:
    """Write ``environment.json``: versions and machine, with `facts` added."""
    write_json(folder.environment, {**describe_environment(), **facts})


def describe_environment() -> dict[str, Any]:
    """Versions and machine."""
    return {
        "bedside": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu": _processor(),
        "libraries": {name: found for name in LIBRARIES if (found := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown"
