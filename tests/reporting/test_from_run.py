"""What a run shows people: the right picture beside the right answer."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from ..made_study import Finished

SECRET = "Zyxwvski"


@pytest.fixture
def cases(finished: Finished) -> list[dict[str, Any]]:
    words = json.loads((finished.root / "explanations" / "cases.json").read_text())
    return [case for group in words["groups"] for case in group["cases"]]


def row_of(case: dict[str, Any]) -> int:
    found = re.fullmatch(r"row (\d+) of cases\.csv", case["row"])
    assert found is not None
    return int(found[1])


def test_each_picture_is_the_one_of_its_row(
    finished: Finished, cases: list[dict[str, Any]]
) -> None:
    table = finished.table
    shown = 0
    for case in cases:
        source = finished.folder / table[row_of(case) - 1][4]
        picture = Image.open(finished.root / "explanations" / case["picture"])
        assert np.array_equal(np.asarray(picture.convert("L")), np.asarray(Image.open(source)))
        shown += 1
    assert shown >= 8


def test_each_answer_is_the_one_of_its_row(finished: Finished, cases: list[dict[str, Any]]) -> None:
    predicted = {int(row["row"]): row for row in finished.csv("predictions.csv")}
    for case in cases:
        row = predicted[row_of(case)]
        assert (case["truth"], case["said"]) == (row["truth"], row["decision"])
        assert case["probability"] == pytest.approx(float(row["probability"]), abs=1e-5)


def test_pictures_carry_nothing_of_their_source(finished: Finished) -> None:
    pictures = list((finished.root / "explanations").glob("*.png"))
    assert pictures
    for path in pictures:
        assert SECRET.encode() not in path.read_bytes()
        with Image.open(path) as picture:
            assert picture.info == {}


def test_the_report_embeds_them_and_names_no_file(finished: Finished) -> None:
    html = (finished.root / "report.html").read_text(encoding="utf-8")
    assert "data:image/png;base64," in html
    assert SECRET not in html
    assert len(list((finished.root / "figures").glob("*.svg"))) >= 6
