"""What the tests of open data sets share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .web_made import Web, serving


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A server on this machine, asked directly and never through a proxy."""
    monkeypatch.setenv("no_proxy", "*")
    with serving() as running:
        yield running
