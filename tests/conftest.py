"""What every test shares: one thread a process, no network, caches inside the repository."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .made_study import Finished

# Before numpy or torch are imported: one thread gives the same sums on every machine, and
# two workers of pytest-xdist do not fight for two cores.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
ROOT = Path(__file__).resolve().parent.parent
os.environ["MPLBACKEND"] = "Agg"
os.environ["MPLCONFIGDIR"] = str(ROOT / ".pytest_cache" / "matplotlib")
# Libraries that report their use to their makers; the product opts out itself, see
# tests/test_install.py, this is for the tests that import them directly.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import pytest

LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "", None}


def _refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    host: object = None
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    if host not in LOCAL_HOSTS:
        raise RuntimeError(f"a test reached for the network: {event} {host}")


sys.addaudithook(_refuse_network)


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator with a fixed seed."""
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The whole run of a tiny study, made once; no test may change it."""
    from .made_study import Finished, make_cases, run_in

    folder = make_cases(tmp_path_factory.mktemp("finished"))
    return Finished(folder, run_in(folder))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cases to copy from."""
    from .made_study import make_cases

    return make_cases(tmp_path_factory.mktemp("template"))


@pytest.fixture
def here(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with cases and a study file, as the current one."""
    from .made_study import write_study

    folder = shutil.copytree(template, tmp_path / "work")
    write_study(folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def package(finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the finished run's package, to be altered."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return shutil.copytree(finished.root / "package", tmp_path / "package")
