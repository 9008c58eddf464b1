"""Files that no row names are counted, and never named."""

from dataclasses import replace

from bedside.audit.checks.unlisted import unlisted_files
from bedside.audit.evidence import Means
from bedside.modalities.image import Image
from bedside.modalities.text import Text

from .cohorts import cohort, evidence, pictures

MEANS = Means({"xray": Image(modality="image", column="file", size=(24, 24))})


def listed(tmp_path, cells, **columns):
    table = replace(cohort(len(cells), file=cells, **columns), root=tmp_path)
    return evidence(pictures(len(cells)), table=table, means=MEANS)


def test_images_in_no_row_are_counted(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "elsewhere").mkdir()
    for name in ("a/0.png", "a/1.PNG", "a/Anna.png", "a/notes.txt", "a/.x.png", "elsewhere/3.png"):
        (tmp_path / name).write_bytes(b"x")
    (finding,) = unlisted_files(listed(tmp_path, ["a/0.png", "a\\1", "a/gone.png"]))
    assert (finding.severity, finding.count, finding.rows) == ("note", 1, ())
    assert finding.message == "1 image lies beside those of cases.csv and is in no row."
    assert unlisted_files(listed(tmp_path, ["a/0.png", "a/1.PNG", "a/Anna.png"])) == []


def test_arrays_and_dicom_sources_have_no_such_files(tmp_path):
    (tmp_path / "0.dcm").write_bytes(b"x")
    (tmp_path / "1.dcm").write_bytes(b"x")
    assert unlisted_files(listed(tmp_path, ["0.dcm"], sop_uid=["1"])) == []
    assert unlisted_files(evidence(means=MEANS)) == []


def test_a_text_is_no_path_whatever_slashes_it_holds(tmp_path):
    texts = ["Heart/lungs clear. " * 40 + "/ no effusion", "a/b"]
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").write_bytes(b"x")
    table = replace(cohort(2, findings=texts), root=tmp_path)
    means = Means({"findings": Text(column="findings")})
    assert unlisted_files(evidence(pictures(2), table=table, means=means)) == []
