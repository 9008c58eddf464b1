import re
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from bedside.reporting import style
from bedside.reporting.class_figures import DRAWERS, class_figure_words
from bedside.reporting.curve_figures import claims
from bedside.reporting.figures import write_figures
from bedside.reporting.forest_figures import Row, draw_rows
from bedside.reporting.formatting import Form
from bedside.reporting.record import read_record
from bedside.reporting.table_figures import counts_of, row_shares
from bedside.run_folder import RunFolder

from .made_run import CASE, PATIENT, Made, make_run


@pytest.mark.parametrize("kind", ["binary", "classes", "labels"])
def test_every_figure_is_drawn_and_is_wellformed(runs: dict[str, RunFolder], kind: str) -> None:
    folder = runs[kind]
    absent = {"classes": {"decision_curve"}, "labels": {"decision_curve", "risk_coverage"}}
    drawn = [name for name in DRAWERS if name not in absent.get(kind, set())]
    assert write_figures(folder) == drawn
    for name in drawn:
        text = (folder.figures / f"{name}.svg").read_text()
        ElementTree.fromstring(text)
        assert len(text) < 150_000
        assert not re.search(r"<dc:date>|20\d\d-\d\d-\d\d", text)
        assert PATIENT not in text
        assert CASE not in text
    assert set(class_figure_words(read_record(folder))) == set(DRAWERS)


def test_more_data_is_drawn_where_the_audit_says_what_it_would_bring(
    runs: dict[str, RunFolder],
) -> None:
    record = read_record(runs["binary"])
    words = class_figure_words(record)["more_data"].alt
    assert words.endswith("Twice the data: 0.013 more (0.004 to 0.022).")
    record.audit["facts"]["learning_curve"] = None
    assert DRAWERS["more_data"](record) is None


def test_figures_are_the_same_twice_and_leave_matplotlib_alone(runs: dict[str, RunFolder]) -> None:
    folder = runs["binary"]
    before = dict(mpl.rcParams)
    write_figures(folder)
    first = {path.name: path.read_bytes() for path in folder.figures.iterdir()}
    write_figures(folder)
    assert {path.name: path.read_bytes() for path in folder.figures.iterdir()} == first
    assert dict(mpl.rcParams) == before


def test_curves_carry_all_models_with_their_intervals(runs: dict[str, RunFolder]) -> None:
    folder = runs["binary"]
    write_figures(folder)
    record = read_record(folder)
    text = (folder.figures / "roc.svg").read_text()
    for model in record.models:
        estimate = record.estimate(model, "auroc")
        assert estimate is not None
        assert f"{model}\N{EN SPACE}{estimate['value']:.3f} ({estimate['low']:.3f} to" in text
    assert "share with the finding" in (folder.figures / "precision_recall.svg").read_text()


def test_figure_without_data_is_left_out_and_an_old_one_removed(tmp_path: Path) -> None:
    folder = make_run(tmp_path, Made(cases=60, examples=False, changes={"subgroups": {}}))
    folder.figures.mkdir()
    (folder.figures / "subgroups.svg").write_text("old")
    folder.log.unlink()
    written = write_figures(folder)
    assert "subgroups" not in written
    assert "learning_curves" not in written
    assert not (folder.figures / "subgroups.svg").exists()


def test_tiny_subgroups_stay_out_of_the_figure(runs: dict[str, RunFolder]) -> None:
    write_figures(runs["binary"])
    text = (runs["binary"].figures / "subgroups.svg").read_text()
    assert "lateral  (n = 9)" in text
    assert "tiny" not in text


def test_confusion_counts_agree_with_a_plain_count(runs: dict[str, RunFolder]) -> None:
    record = read_record(runs["binary"])
    scores = record.scores()
    assert scores is not None
    truth, decision = scores.truth[:, 0] == 1, scores.decision[:, 0]
    counts, rows, _ = counts_of(record, scores)
    assert rows == ["normal", "pneumonia"]
    expected = [[(~truth & ~decision).sum(), (~truth & decision).sum()],
                [(truth & ~decision).sum(), (truth & decision).sum()]]  # fmt: skip
    np.testing.assert_array_equal(counts, expected)
    np.testing.assert_allclose(row_shares(record, counts).sum(axis=1), 1)


def test_label_shares_are_of_those_with_and_of_those_without(runs: dict[str, RunFolder]) -> None:
    record = read_record(runs["labels"])
    scores = record.scores()
    assert scores is not None
    counts, _, columns = counts_of(record, scores)
    assert columns == ["found", "missed", "false alarm", "left alone"]
    truth, _, decision = scores.known(0)
    assert counts[0].tolist() == [
        (truth & decision).sum(), (truth & ~decision).sum(),
        (~truth & decision).sum(), (~truth & ~decision).sum(),
    ]  # fmt: skip
    shares = row_shares(record, counts)
    np.testing.assert_allclose(shares[:, :2].sum(axis=1), 1)
    np.testing.assert_allclose(shares[:, 2:].sum(axis=1), 1)


def test_claims_of_several_classes_are_about_the_named_class(runs: dict[str, RunFolder]) -> None:
    record = read_record(runs["classes"])
    scores, found = record.scores(), claims(record)
    assert scores is not None
    assert found is not None
    right = scores.truth.argmax(axis=1) == scores.probability.argmax(axis=1)
    np.testing.assert_array_equal(found[1], right)
    np.testing.assert_allclose(found[0], scores.probability.max(axis=1))


def test_a_model_that_knows_nothing_does_not_squeeze_the_others() -> None:
    good = Row("resnet", {"value": 0.977, "low": 0.964, "high": 0.985})
    floor = Row("majority", {"value": 0.5, "low": 0.5, "high": 0.5})
    with style.drawing():
        alone, both = style.blank().add_subplot(), style.blank().add_subplot()
        draw_rows(alone, [good], Form(), few="")
        draw_rows(both, [good, floor], Form(), few="")
    low, high = both.get_xlim()
    assert 0.95 < low < 0.964
    assert 0.985 < high < 1
    arrows = [line for line in both.lines if line.get_marker() == "<"]
    assert [float(line.get_xdata()[0]) for line in arrows] == [low]
    assert not [line for line in alone.lines if line.get_marker() in "<>"]


def test_shares_stand_on_the_axis_in_percent() -> None:
    with style.drawing():
        axes = style.blank().add_subplot()
        row = Row("lstm", {"value": 0.8, "low": 0.7, "high": 0.9})
        draw_rows(axes, [row], Form(1, scale=100, unit="%"), few="")
    assert axes.xaxis.get_major_formatter()(0.8, 0) == "80"


def test_one_model_without_an_interval_beside_one_that_knows_nothing_shares_its_axis() -> None:
    rows = [Row("resnet", {"value": 0.9}), Row("majority", {"value": 0.5})]
    axes = style.blank(width=4, height=2).add_subplot()
    draw_rows(axes, rows, Form(), few="")
    low, high = axes.get_xlim()
    assert low < 0.5 < 0.9 < high
