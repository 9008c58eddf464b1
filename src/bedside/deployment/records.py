"""Predictions on disk: one row a case.

Enters: the records of `Predictor.predict`. Leaves: a CSV or JSON file, whole or
not at all, or CSV on standard output.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.errors import DataError, sentence
from bedside.run_folder import write_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STANDARD_OUTPUT = "-"


def check_output(path: str | Path) -> None:
    """Refuse a file name that `write_predictions` would refuse, before any work is done.

    Raises:
        DataError: the suffix is neither .csv nor .json.
    """
    if str(path) != STANDARD_OUTPUT and Path(path).suffix.lower() not in {".csv", ".json"}:
        raise DataError(
            sentence(
                Path(path).name,
                expected="a file ending in .csv or .json, or - for standard output",
                got=f"'{Path(path).suffix}'" if Path(path).suffix else "no suffix",
                remedy="Name the predictions predictions.csv",
            )
        )


def write_predictions(records: Sequence[Mapping[str, Any]], path: str | Path) -> None:
    """Write records as CSV or JSON, by suffix; ``-`` writes CSV to standard output.

    Args:
        records: one a case; columns are the union of their keys, in order.
        path: the file, replaced as a whole.

    Raises:
        DataError: the suffix is neither .csv nor .json.
        RunError: the file cannot be written.
    """
    check_output(path)
    if str(path) == STANDARD_OUTPUT:
        sys.stdout.write(_as_csv(records))
    elif Path(path).suffix.lower() == ".csv":
        write_text(Path(path), _as_csv(records))
    else:
        lines = json.dumps(list(records), indent=1, ensure_ascii=False, allow_nan=False)
        write_text(Path(path), lines + "\n")


def _as_csv(records: Sequence[Mapping[str, Any]]) -> str:
    # The longest record comes first: a failed case lacks the columns in the middle.
    longest = max(records, key=len, default={})
    columns = list(dict.fromkeys([*longest, *(key for record in records for key in record)]))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return stream.getvalue()
