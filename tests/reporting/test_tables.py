"""Tables: what a cell says of an estimate, and of one that has no interval."""

from __future__ import annotations

from bedside.reporting.tables import Cell, Table, measured_cell, without_empty_intervals

WHY = "Of one patient no interval can be made."


def _table(*cells: Cell) -> Table:
    return Table("Errors", [Cell("Model")], [[Cell("dense", "deep"), *cells]], "Pooled.")


def test_a_cell_is_written_as_its_metric_is() -> None:
    found = {"value": 0.9312, "low": 0.9, "high": 0.95}
    assert measured_cell("auroc", found) == Cell("0.931", "0.900 to 0.950")
    assert measured_cell("entity_f1", found).text == "93.1\N{NO-BREAK SPACE}%"
    error = {"value": 17.84, "low": 14.0, "high": 20.4}
    assert measured_cell("rmse_pooled", error, unit="mg/dL", bare=True).text == "17.8"
    assert measured_cell("rmse_pooled", error, unit="mg/dL").text == "17.8\N{NO-BREAK SPACE}mg/dL"
    assert measured_cell("auroc", {"value": None}) == Cell("n/a", tone="quiet")
    assert measured_cell("auroc", {"value": 0.5}) == Cell("0.500", "interval n/a")


def test_a_table_without_any_interval_says_so_once() -> None:
    found = without_empty_intervals(
        _table(Cell("8.1", "interval n/a"), Cell("n/a", tone="quiet")), why=WHY
    )
    assert found.rows == [[Cell("dense", "deep"), Cell("8.1"), Cell("n/a", tone="quiet")]]
    assert found.note == f"{WHY} Pooled."


def test_a_table_with_an_interval_stays_as_it_is() -> None:
    mixed = _table(Cell("8.1", "7.0 to 9.0"), Cell("9.9", "interval n/a"))
    assert without_empty_intervals(mixed, why=WHY) == mixed
    plain = _table(Cell("5"), Cell("6"))
    assert without_empty_intervals(plain, why=WHY) == plain
