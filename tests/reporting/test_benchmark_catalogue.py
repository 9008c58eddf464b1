"""The catalogue of benchmarks: our numbers are measured ones, and the page is up to date."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from bedside.cli import app
from bedside.data.public.catalogue import public_sets
from bedside.errors import StudyError
from bedside.reporting.benchmark_catalogue import Benchmark, benchmark_page, benchmarks

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
MEASURED = [name for name, each in benchmarks().items() if each.ours]


def typed(*words: str) -> str:
    done = CliRunner().invoke(app, list(words), catch_exceptions=False, standalone_mode=False)
    return done.stdout


@pytest.mark.parametrize("name", MEASURED)
def test_every_number_of_ours_stands_in_its_line_of_the_results(name: str) -> None:
    each = benchmarks()[name]
    lines = (RESULTS / each.evidence).read_text(encoding="utf-8").splitlines()
    for row in each.ours:
        found = [line for line in lines if row.line in line]
        cells = [re.split(r"[|,;]", line.replace("*", "")) for line in found]
        told = [value for value in row.values if value]
        assert told
        assert any(
            all(any(is_told(value, cell) for cell in line) for value in told) for line in cells
        ), (row.method, found)


def is_told(value: str, cell: str) -> bool:
    """Whether a cell ends in just this value: no longer number that begins or ends with it."""
    return re.search(rf"(?<![\d.]){re.escape(value)}(?![\d.]*\d)", cell) is not None


def test_a_number_that_was_not_measured_would_be_seen() -> None:
    assert is_told("0.983 (0.002)", " 0.983 (0.002) ")
    assert not is_told("0.98", " 0.983 (0.002) ")
    assert not is_told("0.984 (0.002)", " 0.983 (0.002) ")
    assert not is_told("9.69", " 19.69 ")


@pytest.mark.parametrize("name", MEASURED)
def test_numbers_of_the_spread_stand_there_too(name: str) -> None:
    each = benchmarks()[name]
    text = (RESULTS / each.evidence).read_text(encoding="utf-8")
    assert [n for n in re.findall(r"\d+\.\d+", each.spread) if n not in text] == []


@pytest.mark.parametrize("name", benchmarks())
def test_its_data_are_a_set_and_its_script_is_there(name: str) -> None:
    each = benchmarks()[name]
    assert each.data is None or each.data in public_sets()
    scripts = re.findall(r"benchmarks/\S+\.py", each.command)
    assert bool(scripts) == bool(each.ours)
    assert all((ROOT / script).is_file() for script in scripts)


def test_the_page_is_up_to_date(tmp_path: Path) -> None:
    assert (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8") == benchmark_page(), (
        "Write it again: bedside benchmark list -o docs/benchmarks.md"
    )
    typed("benchmark", "list", "-o", str(tmp_path / "b.md"))
    assert (tmp_path / "b.md").read_text(encoding="utf-8") == benchmark_page()


def test_published_numbers_that_nobody_looked_up_are_marked() -> None:
    page = benchmark_page()
    assert "| ResNet-18, 3-D | .827 | .721 | Yang 2023 ‡ |" in page
    assert "| ResNet-18, 28 pixels | .944 | .854 | Yang 2023 † |" in page
    assert "| nnU-Net | 0.90 | 0.89 | Isensee 2021, doi:10.1038/s41592-020-01008-z |" in page
    assert "- Ours: not measured, since this version has no reader of WFDB records." in page


def test_the_list_and_one_of_it() -> None:
    rows = typed("benchmark", "list").splitlines()
    assert [row.split()[0] for row in rows] == list(benchmarks())
    assert "AUROC 0.983 (0.002)" in rows[0]
    one = typed("benchmark", "list", "ncbi-disease")
    assert "| bedside | **0.802 (0.005)** | **0.823 (0.002)** | **0.781 (0.008)** | here |" in one
    with pytest.raises(StudyError, match=r"^benchmark: none is called so\. Did you mean 'ncbi-dis"):
        typed("benchmark", "list", "ncbi-diseas")
    with pytest.raises(StudyError, match=r"^b\.txt: expected a file ending in \.md"):
        typed("benchmark", "list", "-o", "b.txt")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metrics": ["AUROC"]}, "expected a value, or '', for each metric in every row"),
        ({"evidence": ""}, "expected ours with line, evidence, spread and command"),
        ({"ours": []}, "expected ours with line, evidence, spread and command, or unmeasured"),
        (
            {"published": [{"method": "a", "values": ["1", "2"]}]},
            "expected source and checked in every published row",
        ),
    ],
)
def test_an_entry_is_whole(change: dict[str, object], message: str) -> None:
    words = benchmarks()["pneumoniamnist"].model_dump()
    with pytest.raises(ValidationError, match=message):
        Benchmark.model_validate({**words, **change})
