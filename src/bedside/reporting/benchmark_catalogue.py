"""The catalogue of benchmarks: published numbers, ours, and the command behind them.

Enters: ``benchmarks.yaml``. Leaves: lines for a terminal, and the page ``docs/benchmarks.md``.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bedside.errors import StudyError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

MARKS = {"read": "", "transcription": " †", "memory": " ‡"}
HEAD = """\
# Benchmarks: published numbers and ours

Written by `bedside benchmark list -o docs/benchmarks.md` from
`src/bedside/reporting/benchmarks.yaml`; change that file. Each number of ours stands in the file of
results that is named with it, and a test looks it up there. Read the protocol before comparing:
where ours is not theirs, it says so.

† taken from a transcription of the source. ‡ as people quote it; not looked up at its source.
"""


class Row(BaseModel):
    """One method: its values in the order of the benchmark's metrics, "" where none is known.

    Args:
        method: what was measured.
        values: as they are printed where they come from.
        source, checked: of a published row, and how far it was looked up.
        line: of ours, a text that the line of the results holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    method: str
    values: list[str]
    source: str = ""
    checked: Literal["read", "transcription", "memory"] | None = None
    line: str = ""


class Benchmark(BaseModel):
    """One benchmark.

    Args:
        question: what is asked of the data.
        data: its name among the open data sets; None where it is not there.
        paper: that it comes from.
        protocol: how it is measured, and where ours differs.
        metrics: what the columns are.
        keys: these metrics by their names in ``metrics.json``, where the data's own study is the
            whole protocol and `bedside benchmark run` can measure it.
        published, ours: methods.
        evidence: file of ``benchmarks/results/`` that holds ours.
        spread: what our numbers are the mean of.
        command: that measures ours.
        unmeasured: why there is nothing of ours.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    question: str
    data: str | None = None
    paper: str
    protocol: str
    metrics: list[str] = Field(min_length=1)
    keys: list[str] = Field(default_factory=list)
    published: list[Row]
    ours: list[Row] = Field(default_factory=list)
    evidence: str = ""
    spread: str = ""
    command: str = ""
    unmeasured: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if any(len(row.values) != len(self.metrics) for row in [*self.published, *self.ours]):
            raise ValueError("expected a value, or '', for each metric in every row")
        if self.keys and (self.data is None or len(self.keys) != len(self.metrics)):
            raise ValueError("expected data, and a key for each metric, or no keys")
        if any(row.checked is None or not row.source for row in self.published):
            raise ValueError("expected source and checked in every published row")
        facts = (self.evidence, self.spread, self.command, *(row.line for row in self.ours))
        if bool(self.ours) == bool(self.unmeasured) or (self.ours and not all(facts)):
            raise ValueError("expected ours with line, evidence, spread and command, or unmeasured")
        return self


@cache
def benchmarks() -> dict[str, Benchmark]:
    """Name -> benchmark, in the order of the file."""
    words = yaml.safe_load(files(__package__).joinpath("benchmarks.yaml").read_text("utf-8"))
    return {name: Benchmark.model_validate(entry) for name, entry in words.items()}


def find_benchmark(name: str) -> Benchmark:
    """Look one up.

    Raises:
        StudyError: there is none of this name; the nearest one is named.
    """
    if name not in benchmarks():
        raise StudyError(f"benchmark: none is called so. {nearest(name, benchmarks())}")
    return benchmarks()[name]


def benchmark_lines() -> list[str]:
    """One line a benchmark: its name, our first number and its metric, and the question."""
    width = max(map(len, benchmarks()))
    lines = []
    for name, each in benchmarks().items():
        ours = f"{each.metrics[0]} {each.ours[0].values[0]}" if each.ours else "not measured"
        lines.append(f"{name:<{width}}  {ours:<32}  {each.question}")
    return lines


def benchmark_page(*, results: str = "../benchmarks/results/") -> str:
    """All benchmarks as Markdown; `results` leads from the page to our files of results."""
    contents = [f"- [{name}](#{name}): {each.question}" for name, each in benchmarks().items()]
    sections = [benchmark_section(name, results=results) for name in benchmarks()]
    return "\n".join([HEAD, *contents, "", "\n".join(sections)])


def benchmark_section(
    name: str, *, results: str = "benchmarks/results/", more: Sequence[Row] = ()
) -> str:
    """One benchmark as Markdown; `more` are rows that were measured just now.

    Raises:
        StudyError: there is none of this name.
    """
    each = find_benchmark(name)
    data = f"`bedside data get {each.data}`" if each.data else "not among the open data sets"
    own = [f"`bedside benchmark run {name}`"] if each.keys else []
    commands = " or ".join([*([f"`{each.command}`"] if each.command else []), *own])
    facts = [
        f"Protocol: {' '.join(each.protocol.split())}",
        f"Data: {data}.",
        f"Ours: not measured, since {each.unmeasured}."
        if each.unmeasured
        else f"Ours: {each.spread}; [{each.evidence}]({results}{each.evidence}).",
        *([f"Command: {commands}"] if commands else []),
    ]
    lines = [
        f"## {name}",
        "",
        f"{each.question[0].upper()}{each.question[1:]}. {each.paper}.",
        "",
        *(f"- {fact}" for fact in facts),
        "",
        f"| | {' | '.join(each.metrics)} | source |",
        "|---" * (len(each.metrics) + 2) + "|",
        *(_line(row, f"{row.source}{MARKS[row.checked or 'read']}") for row in each.published),
        *(_line(row, "here", bold=True) for row in each.ours),
        *(_line(row, row.source, bold=True) for row in more),
        "",
    ]
    return "\n".join(lines)


def _line(row: Row, source: str, *, bold: bool = False) -> str:
    values = [f"**{value}**" if bold and value else value for value in row.values]
    return f"| {row.method} | {' | '.join(values)} | {source} |"
