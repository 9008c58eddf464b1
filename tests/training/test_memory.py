from __future__ import annotations

import platform
import resource
from pathlib import Path

import numpy as np
import pytest

from bedside.training import memory
from bedside.training.memory import kept_memory, release_memory

GNU = platform.libc_ver()[0] == "glibc"
FLOATS = 2**24  # 64 MiB, 16,384 pages


def new_pages() -> int:
    """Pages that filling a new large buffer asks the system for."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(FLOATS, np.float32)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def pages_in_use() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1])


@pytest.mark.skipif(not GNU, reason="another C library")
def test_a_buffer_that_was_freed_is_used_again() -> None:
    with kept_memory():
        pages = [new_pages() for _ in range(4)]  # a small object may lie in the way of the first
    assert pages[-1] < 100


@pytest.mark.skipif(not GNU, reason="another C library")
def test_what_lies_unused_can_be_given_back_in_between() -> None:
    with kept_memory():
        between = [np.ones(FLOATS, np.float32), np.ones(10, np.float32)]
        before = pages_in_use()
        del between[0]
        assert pages_in_use() > before - 1000
        release_memory()
        assert pages_in_use() < before - 10_000


@pytest.mark.skipif(not GNU, reason="another C library")
def test_afterwards_all_is_given_back() -> None:
    def die() -> None:
        with kept_memory():
            new_pages()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        die()
    before = pages_in_use()
    kept = np.ones(FLOATS, np.float32)
    assert pages_in_use() - before > 0.9 * kept.nbytes / resource.getpagesize()


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.platform, "libc_ver", lambda: ("", ""))
    asked: list[object] = []
    monkeypatch.setattr(memory.ctypes, "CDLL", asked.append)
    with kept_memory():
        release_memory()
    assert asked == []
