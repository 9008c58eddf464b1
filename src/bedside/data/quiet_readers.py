"""Silence for the libraries that read pictures and headers.

Enters: nothing. Leaves: a context in which Pillow and pydicom say nothing about
faulty headers: they print header values, and pydicom also logs them, so that a
patient's name may be among them.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOGGERS = ("pydicom", "PIL", "openjpeg", "rle")
_MODULES = r"pydicom|PIL|openjpeg|rle|bedside\.modalities\.image|bedside\.data\.dicom"


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Pillow and pydicom while files are read.

    Warning filters belong to the whole process, so readers on several threads are
    counted: the first one in sets the filters, the last one out restores them.
    """
    _quiet.enter()
    try:
        yield
    finally:
        _quiet.leave()


@contextmanager
def no_output_of_c() -> Iterator[None]:
    """Silence what a C library prints by itself; for short calls, one at a time.

    The file descriptor is the process's, so what other threads print meanwhile is lost too.
    """
    with _descriptor:
        sys.stderr.flush()
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)


_descriptor = threading.Lock()


class _Quiet:
    """Counts the readers at work; see `quiet`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers = 0
        self._saved: warnings.catch_warnings[None] | None = None
        self._propagated: dict[str, bool] = {}

    def enter(self) -> None:
        with self._lock:
            self._readers += 1
            if self._readers == 1:
                self._saved = warnings.catch_warnings()
                self._saved.__enter__()
                warnings.filterwarnings("ignore", module=_MODULES)
                for name in _LOGGERS:
                    self._propagated[name] = logging.getLogger(name).propagate
                    logging.getLogger(name).propagate = False

    def leave(self) -> None:
        with self._lock:
            self._readers -= 1
            if self._readers == 0 and self._saved is not None:
                for name, propagated in self._propagated.items():
                    logging.getLogger(name).propagate = propagated
                self._saved.__exit__(None, None, None)
                self._saved = None


_quiet = _Quiet()
