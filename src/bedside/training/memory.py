"""Memory that a training keeps instead of giving it back after every step.

A step takes and frees the same large buffers again and again. The C library hands
each of them back to the system, which must find and clear new pages for the next:
on two cores that took a third of a convolutional network's step.
"""

from __future__ import annotations

import ctypes
import platform
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# of <malloc.h>; see mallopt(3)
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4
_NEVER = 2**31 - 1
# what glibc comes to by itself in a process that frees large buffers
_USUAL = {_MMAP_MAX: 65536, _MMAP_THRESHOLD: 2**25, _TRIM_THRESHOLD: 2**26}


@contextmanager
def kept_memory() -> Iterator[None]:
    """Keep freed memory for the next buffer while this lasts, then give it all back.

    Linux with the GNU C library only; elsewhere it does nothing. It changes no number.
    """
    library = _library()
    if library is None:
        yield
        return
    library.mallopt(_MMAP_MAX, 0)
    library.mallopt(_TRIM_THRESHOLD, _NEVER)
    try:
        yield
    finally:
        for name, value in _USUAL.items():
            library.mallopt(name, value)
        release_memory()


def release_memory() -> None:
    """Give back what lies unused, lest the gaps between kept buffers add up over hours."""
    library = _library()
    if library is not None:
        library.malloc_trim(0)


def _library() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
