"""From raw files of a set to a table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bedside.data.public.converting import convert
from bedside.errors import DataError

REPORT = """<eCitation><uId id="CXR{number}"/><MedlineCitation><Article><Abstract>
<AbstractText Label="INDICATION">Cough</AbstractText>
<AbstractText Label="FINDINGS">{findings}</AbstractText>
<AbstractText Label="IMPRESSION">{impression}</AbstractText>
</Abstract></Article></MedlineCitation><MeSH><major>normal</major></MeSH></eCitation>"""


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def report(folder: Path, number: int, findings: str, impression: str) -> None:
    text = REPORT.format(number=number, findings=findings, impression=impression)
    (folder / f"{number}.xml").write_text(text)


def test_reports_become_rows_and_equal_findings_share_a_number(tmp_path: Path) -> None:
    report(tmp_path, 10, "Clear lungs.", "Normal.")
    report(tmp_path, 2, "Big\n heart.", "Large, heart.")
    report(tmp_path, 3, "", "Normal.")
    report(tmp_path, 4, "clear  lungs.", "No change.")
    convert(tmp_path, {"how": "openi-reports", "into": "reports.csv"})
    assert lines(tmp_path / "reports.csv") == [
        "uid,indication,comparison,findings,impression,mesh,same_text",
        'CXR2,Cough,,Big heart.,"Large, heart.",normal,1',
        "CXR4,Cough,,clear lungs.,No change.,normal,2",
        "CXR10,Cough,,Clear lungs.,Normal.,normal,2",
    ]


@pytest.mark.parametrize("text", [None, "<no xml"])
def test_no_reports_or_no_xml_is_told(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "1.xml").write_text(text)
    with pytest.raises(DataError, match=r"got none\. The set has changed at its source"):
        convert(tmp_path, {"how": "openi-reports", "into": "reports.csv"})
    assert not (tmp_path / "reports.csv").exists()


def test_parts_that_differ_in_columns_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('\ufeffx,y\n1,"two\nlines"\n', encoding="utf-8")
    (tmp_path / "b.csv").write_text("x,z\n3,4\n")
    words = {"how": "join-parts", "into": "t.csv", "parts": {"train": "a.csv", "test": "b.csv"}}
    with pytest.raises(DataError, match=r"^b\.csv: expected the 2 columns of the other parts"):
        convert(tmp_path, words)
    (tmp_path / "b.csv").write_text("x,y\n3,4\n")
    convert(tmp_path, words)
    assert lines(tmp_path / "t.csv") == ["x,y,part", '1,"two', 'lines",train', "3,4,test"]


def test_cases_two_by_two_are_one_patients(tmp_path: Path) -> None:
    task = tmp_path / "Task"
    task.mkdir()
    images = [f"./imagesTr/hippocampus_{number:03d}.nii.gz" for number in (1, 3, 4)]
    training = [{"image": image, "label": image.replace("images", "labels")} for image in images]
    words = {"training": training, "labels": {"0": "background", "1": "a"}, "modality": {"0": "MR"}}
    (task / "dataset.json").write_text(json.dumps(words))
    convert(tmp_path, {"how": "pairs", "task": "Task", "into": "Task/groups.csv"})
    assert lines(task / "groups.csv") == [
        "case,patient",
        "hippocampus_001,pair-1",
        "hippocampus_003,pair-2",
        "hippocampus_004,pair-2",
    ]
