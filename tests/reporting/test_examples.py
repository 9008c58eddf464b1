import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from bedside.reporting.examples import LARGEST_SIDE, PER_GROUP, write_examples
from bedside.run_folder import RunFolder
from bedside.schema import Prediction, Targets

from .made_run import picture


def _write(root: Path, truth: Any, probability: Any, **changes: Any) -> dict[str, Any]:
    truth, probability = np.asarray(truth, float), np.asarray(probability, float)
    names = changes.pop("names", ("no", "yes"))
    decision = changes.pop("decision", probability >= 0.5)
    targets = Targets({"truth": np.nan_to_num(truth), "known": ~np.isnan(truth)}, names)
    options: dict[str, Any] = {
        "kind": "binary",
        "row_names": [f"row {i}" for i in range(len(truth))],
        "pictures": picture,
        "seed": 1,
    } | changes
    prediction = Prediction({"probability": probability, "decision": decision}, names)
    path = write_examples(RunFolder(root), prediction=prediction, targets=targets, **options)
    groups = json.loads(path.read_text())["groups"]
    return {group["title"]: group["cases"] for group in groups}


def test_binary_groups_hold_the_most_certain_and_the_least(tmp_path: Path) -> None:
    truth = [[1], [1], [0], [0], [1], [0], [np.nan]]
    probability = [[0.9], [0.7], [0.1], [0.3], [0.05], [0.95], [0.99]]
    found = _write(tmp_path, truth, probability)
    rows = {title: [case["row"] for case in cases] for title, cases in found.items()}
    assert rows == {
        "Found": ["row 0", "row 1"],
        "Left alone": ["row 2", "row 3"],
        "Missed": ["row 4"],
        "False alarms": ["row 5"],
        "Least certain": rows["Least certain"],
    }
    assert set(rows["Least certain"][:2]) == {"row 1", "row 3"}
    miss = found["Missed"][0]
    assert (miss["truth"], miss["said"], miss["of"]) == ("yes", "no", "yes")
    assert "row 6" not in str(rows)


def test_no_group_is_longer_than_four_and_lots_follow_the_seed(tmp_path: Path) -> None:
    truth, probability = np.ones((30, 1)), np.full((30, 1), 0.9)
    first = _write(tmp_path / "a", truth, probability)
    again = _write(tmp_path / "b", truth, probability)
    other = _write(tmp_path / "c", truth, probability, seed=2)
    assert first == again
    assert len(first["Found"]) == PER_GROUP
    assert [c["row"] for c in first["Found"]] != [c["row"] for c in other["Found"]]


def test_classes_take_turns_among_the_rightly_named(tmp_path: Path) -> None:
    truth = np.eye(3)[[0, 0, 0, 0, 0, 1, 2, 1]]
    probability = np.array(
        [[0.99, 0.01, 0]] * 5 + [[0.3, 0.6, 0.1], [0.2, 0.3, 0.5], [0.8, 0.15, 0.05]]
    )
    decision = np.eye(3, dtype=bool)[probability.argmax(axis=1)]
    found = _write(
        tmp_path, truth, probability, names=("a", "b", "c"), decision=decision, kind="classes"
    )
    assert {case["truth"] for case in found["Named rightly"]} == {"a", "b", "c"}
    assert [(c["truth"], c["said"]) for c in found["Named wrongly"]] == [("b", "a")]
    assert found["Least certain"][0]["row"] == "row 6"


def test_labels_are_judged_one_by_one_without_the_unknown(tmp_path: Path) -> None:
    truth = [[1, np.nan], [0, 1]]
    found = _write(tmp_path, truth, [[0.9, 0.99], [0.2, 0.1]], names=("a", "b"), kind="labels")
    assert [c["truth"] for c in found["Found"]] == ["a"]
    assert [(c["truth"], c["said"]) for c in found["Missed"]] == [("b", "no b")]
    assert [c["said"] for c in found["Left alone"]] == ["no a"]
    assert len(found["Least certain"]) == 2


def test_pictures_are_small_and_carry_no_metadata(tmp_path: Path) -> None:
    def large(row: int) -> bytes:
        about = PngImagePlugin.PngInfo()
        about.add_text("PatientName", "SECRET")
        stream = io.BytesIO()
        Image.new("RGBA", (900, 400), "red").save(stream, format="PNG", pnginfo=about)
        return stream.getvalue()

    (tmp_path / "explanations").mkdir()
    (tmp_path / "explanations" / "case-77.png").write_bytes(b"old")
    found = _write(tmp_path, [[1], [0]], [[0.9], [0.2]], pictures=large)
    written = sorted((tmp_path / "explanations").glob("*.png"))
    assert [path.name for path in written] == ["case-01.png", "case-02.png"]
    with Image.open(written[0]) as image:
        assert (image.size, image.mode, image.info) == ((LARGEST_SIDE, 142), "RGB", {})
    assert b"SECRET" not in written[0].read_bytes()
    assert found["Found"][0]["picture"] == "case-01.png"


def test_a_case_without_a_picture_is_still_listed(tmp_path: Path) -> None:
    found = _write(tmp_path, [[1], [0]], [[0.9], [0.2]], pictures=lambda row: None)
    assert found["Found"][0]["picture"] is None
