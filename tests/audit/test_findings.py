import json

import pytest

from bedside.audit import AuditReport, Finding
from bedside.errors import RunError

STOP = Finding(
    "copies-across-parts", "block", "1 test case has a copy.", 1, (4, 9), "Leave it out."
)
HINT = Finding("patients", "note", "3 patients.", 3, (), "")


def test_json_and_back():
    report = AuditReport((STOP, HINT), {"cases": 12, "classes": {"train": {"a": 1}}})
    words = json.loads(json.dumps(report.to_json()))
    assert words["findings"][0] == {
        "check": "copies-across-parts",
        "severity": "block",
        "message": "1 test case has a copy.",
        "count": 1,
        "rows": [4, 9],
        "remedy": "Leave it out.",
    }
    assert AuditReport.from_json(words) == report


def test_blocking_are_those_that_block():
    assert AuditReport((STOP, HINT)).blocking == (STOP,)
    assert AuditReport((HINT,)).blocking == ()


@pytest.mark.parametrize(
    "damage",
    [
        {"findings": []},
        {"findings": [{"check": "x"}], "facts": {}},
        {
            "findings": [{**AuditReport((STOP,)).to_json()["findings"][0], "severity": "red"}],
            "facts": {},
        },
        {"findings": 3, "facts": {}},
    ],
)
def test_damaged_json_is_refused(damage):
    with pytest.raises(RunError, match=r"^audit\.json: expected .* Audit the study again\.$"):
        AuditReport.from_json(damage)


def test_pairs_and_details_survive_the_way_to_json_and_back():
    finding = Finding("near", "warn", "A pair.", 1, (2, 5), "Look.", ((2, 5),), ("train", "test"))
    plain = Finding("other", "note", "A note.", 0, (), "")
    words = json.loads(json.dumps(AuditReport((finding, plain)).to_json()))
    assert words["findings"][0]["pairs"] == [[2, 5]]
    assert words["findings"][0]["details"] == ["train", "test"]
    assert set(words["findings"][1]) == {
        "check", "severity", "message", "count", "rows", "remedy",
    }  # fmt: skip
    assert AuditReport.from_json(words).findings == (finding, plain)
