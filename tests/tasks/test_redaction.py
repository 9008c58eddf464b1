"""What could name a person is not carried; what a finding needs is."""

import pytest

from bedside.tasks.redaction import GONE, redacted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Discussed with Dr. Miller at 14:30.", f"Discussed with {GONE} at {GONE}."),
        ("Compared with 12/03/2019 and 2019-03-12.", f"Compared with {GONE} and {GONE}."),
        ("MRN 12345678, call +44 20 7946 0958", f"MRN {GONE}, call {GONE}"),
        ("Write to a.b@clinic.example or www.clinic.example", f"Write to {GONE} or {GONE}"),
        ("Befund an Frau Müller-Lüdenscheidt.", f"Befund an {GONE}."),
        ("A 5.5 mm nodule, T12 fracture, L1-2 disc, C3/4.", None),
        ("1. No effusion. 2. Size 12 x 14 mm.", None),
    ],
)
def test_it_takes_out_what_names_and_leaves_findings(text: str, wanted: str | None) -> None:
    assert redacted(text) == (wanted or text)
