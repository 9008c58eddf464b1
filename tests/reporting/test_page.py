"""The report in a real browser: nothing loads from outside, nothing overflows."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bedside.reporting.report import write_report
from bedside.run_folder import RunFolder

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update",
             "--disable-sync"]  # fmt: skip

A4_WIDTH_PX, A4_HEIGHT_PX = 680, 1024
"""What the margins of ``report.css`` leave of A4 at 96 pixels an inch."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    binary = shutil.which("chromium") or shutil.which("chromium-browser")
    if binary is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=binary, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def reports(runs: dict[str, RunFolder]) -> dict[str, Path]:
    return {kind: write_report(folder) for kind, folder in runs.items()}


@pytest.mark.parametrize("kind", ["binary", "classes", "labels", "forecast", "summary"])
@pytest.mark.parametrize("width", [390, 1280])
def test_page_opens_clean_at_any_width(
    browser: Any, reports: dict[str, Path], kind: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(reports[kind].as_uri())
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    broken = "[...document.images].filter(i => !i.complete || !i.naturalWidth).length"
    assert page.evaluate(broken) == 0
    assert page.evaluate("document.images.length") > (4 if kind == "summary" else 15)
    page.close()


def test_first_printed_page_ends_before_the_data(browser: Any, reports: dict[str, Path]) -> None:
    page = browser.new_page()
    page.goto(reports["binary"].as_uri())
    page.emulate_media(media="print")
    breaks = "getComputedStyle(document.getElementById('data')).breakBefore"
    assert page.evaluate(breaks) == "page"
    hidden = "getComputedStyle(document.querySelector('nav.contents')).display"
    assert page.evaluate(hidden) == "none"
    page.close()


@pytest.mark.parametrize("kind", ["binary", "classes", "forecast", "summary"])
def test_what_a_clinician_reads_prints_on_one_page(
    browser: Any, reports: dict[str, Path], kind: str
) -> None:
    page = browser.new_page(viewport={"width": A4_WIDTH_PX, "height": A4_HEIGHT_PX})
    page.goto(reports[kind].as_uri())
    page.emulate_media(media="print")
    end = "document.querySelector('section.limits').getBoundingClientRect().bottom"
    assert page.evaluate(end) < A4_HEIGHT_PX
    page.close()


def test_figures_are_not_blown_up(browser: Any, reports: dict[str, Path]) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 844})
    page.goto(reports["forecast"].as_uri())
    blown = page.evaluate(
        "[...document.querySelectorAll('.figure .canvas img')]"
        ".filter(i => i.width > 1.11 * i.naturalWidth).map(i => i.alt)"
    )
    assert blown == []
    page.close()
