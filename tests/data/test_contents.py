"""Names of cases by their raw content: equal where it is, apart where a byte differs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from bedside.data.cohort import Cohort
from bedside.data.contents import Contents, content_name, name_contents
from bedside.data.series import Channel, Grid, Segment, Series
from bedside.data.split import Split
from bedside.schema import Reference


def test_a_case_is_named_by_its_raw_content_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x" * 100)
    (tmp_path / "b.png").write_bytes(b"x" * 100)
    (tmp_path / "c.png").write_bytes(b"x" * 99 + b"y")
    a, b, c = (content_name(Reference("row 1", tmp_path / f"{n}.png")) for n in "abc")
    assert a == b != c
    assert len(a) == 16
    values = np.arange(100, dtype=np.uint8).reshape(10, 10)
    one, turned, wider, other = (
        content_name(Reference("row 1", array))
        for array in (values, values.T, values.astype(np.int16), values.reshape(5, 20))
    )
    assert len({one, turned, wider, other}) == 4
    assert content_name(Reference("row 1", np.asfortranarray(values))) == one
    # so few numbers or letters are equal in two people by chance
    assert content_name(Reference("row 1", np.zeros(63))) == b""
    assert content_name(Reference("row 1", "no finding")) == b""
    assert content_name(Reference("row 1", "no finding " * 9)) != b""
    assert content_name(Reference("row 1", {"age": 4})) == b""


def test_a_large_file_is_named_by_its_size_and_blocks_from_end_to_end(tmp_path: Path) -> None:
    path, whole = tmp_path / "big.dcm", np.random.default_rng(0).bytes(3 * 2**20)
    names = []
    for changed in (whole, whole, whole[:-1] + b"~", b"~" + whole[1:], whole + b"0"):
        path.write_bytes(changed)
        names.append(content_name(Reference("row 1", path)))
    assert names[0] == names[1]
    assert len(set(names)) == 4
    assert {len(name) for name in names} == {16}


def test_threads_change_nothing_and_a_missing_file_has_no_name(tmp_path: Path) -> None:
    names = [f"{i}.png" for i in range(9)]
    for name in names[:8]:
        (tmp_path / name).write_bytes(name.encode() * 50)
    table = pd.DataFrame({"case_id": names, "file": names})
    files = Cohort(table, "cases.csv", root=tmp_path)
    told: list[int] = []
    parts = Split(np.array(["train", "test", "test"] * 3), "case", seed=1)
    one = name_contents(files, parts, ["file"], progress=told.append)
    assert one.names.shape == (9, 1)
    assert one.names[8, 0] == b""
    assert len(set(one.names[:8, 0].tolist())) == 8
    assert (name_contents(files, parts, ["file"], threads=3).names == one.names).all()
    assert told == [9]
    assert one.of("train").tolist() == sorted(one.names[[0, 3, 6], 0].tolist())
    assert one.among(one.of("train")).tolist() == [row % 3 == 0 for row in range(9)]
    assert not one.among(np.array([b""], dtype="S16")).any()


def hours(
    values: np.ndarray, spans: dict[str, list[tuple[int, int, int]]], *, first: int = 0
) -> Contents:
    """Of one segment with a point every five minutes."""
    n = len(values)
    segment = Segment(first, values[:, None], np.ones(n, bool), np.zeros(n, np.uint16))
    grid = Grid(5, 45, 1, (Channel("gl"),))
    table = pd.DataFrame({"case_id": ["a"]})
    cohort = Cohort(table, "x.csv", series=Series.joined([segment], grid), noun="segment")
    arrays = {part: np.array(own) for part, own in spans.items()}
    split = Split(np.array(["train"]), "time_within_patient", seed=1, spans=arrays)
    return name_contents(cohort, split, ["gl"])


def test_a_series_is_named_by_the_whole_hours_of_each_part() -> None:
    values = np.random.default_rng(0).normal(120, 30, 60).astype(np.float32)
    # five hours, cut in the middle of the third: its hour belongs to neither
    found = hours(values, {"train": [(0, 0, 30)], "test": [(0, 30, 60)]})
    assert found.noun == "hour of readings"
    assert [(part, len(found.of(part))) for part in ("train", "test")] == [
        ("train", 2),
        ("test", 2),
    ]
    assert not found.among(found.of("train"))[found.parts == "test"].any()
    # the hours of the clock are the same wherever a segment begins
    later = hours(values[7:], {"train": [(0, 0, 53)]}, first=35)
    assert set(found.of("test").tolist()) < set(later.of("train").tolist())
    assert len(later.of("train")) == 4
    other = hours(values, {"train": [(0, 0, 60)]}, first=24 * 60)
    assert not other.among(found.of("train")).any()


def test_an_hour_of_one_value_names_nobody() -> None:
    assert hours(np.full(24, 400, np.float32), {"train": [(0, 0, 24)]}).names.shape == (0, 1)
