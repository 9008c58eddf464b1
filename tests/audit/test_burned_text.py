"""The finding on text: read again at full size, some of many, and in words."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from bedside.audit.checks import burned_text as module
from bedside.audit.checks.burned_text import burned_in_text
from bedside.audit.evidence import Means
from bedside.modalities.image import Image
from bedside.schema import Reference

from .cohorts import alike_pictures, cohort, evidence

N = 12
MODALITY = Image(modality="image", column="file", size=(32, 32))


@pytest.fixture
def made(tmp_path):
    """Twelve pictures of 160 pixels on disk, read at 32; the fourth and ninth carry a name."""
    for number, pixels in enumerate(alike_pictures(N, side=160)):
        image = Pillow.fromarray(pixels // 2)
        if number in (3, 8):
            font = ImageFont.load_default(14)
            ImageDraw.Draw(image).text((8, 8), "MUSTER ANNA", fill=255, font=font)
        image.save(tmp_path / f"{number}.png")
    table = replace(cohort(N, file=[f"{n}.png" for n in range(N)]), root=tmp_path)
    samples = [MODALITY.read(Reference("", tmp_path / f"{n}.png")) for n in range(N)]
    return evidence(samples, table=table, means=Means({"xray": MODALITY}, threads=2))


def test_text_is_found_in_the_file_though_it_was_read_small(made):
    (finding,) = burned_in_text(made)
    assert (finding.severity, finding.count, finding.rows) == ("warn", 2, (5, 10))
    assert finding.message == (
        "2 of 12 images seem to hold lines of text; it may name a patient, and a model can read it."
    )


def test_without_a_file_what_was_read_is_looked_at(made):
    assert burned_in_text(replace(made, means=Means())) == []


def test_of_many_images_some_are_looked_at_and_the_message_says_so(made, monkeypatch):
    monkeypatch.setattr(module, "LOOKED_AT", 4)
    (finding,) = burned_in_text(made)  # rows 0, 3, 7 and 11
    assert finding.rows == (5,)
    assert finding.message.endswith("Only 4 of 12 images, evenly spread, were looked at.")


def test_a_file_that_went_away_stops_nothing(made, tmp_path):
    (tmp_path / "3.png").unlink()
    (finding,) = burned_in_text(made)
    assert finding.rows == (10,)


def test_what_was_not_looked_at_is_told_where_nothing_was_seen(made, monkeypatch):
    small = evidence(MODALITY.fake(np.random.default_rng(0), N))
    (finding,) = burned_in_text(small)
    assert (finding.severity, finding.count) == ("note", 0)
    assert finding.message == (
        "Nobody looked for text in the images. Images under 96 pixels a side are too small to tell."
    )
    monkeypatch.setattr(module, "LOOKED_AT", 2)  # rows 0 and 11
    (finding,) = burned_in_text(made)
    assert (finding.severity, finding.count) == ("note", 2)
    assert finding.message == (
        "No text was seen in 2 images. Only 2 of 12 images, evenly spread, were looked at."
    )


def cine(path, frames):
    """A DICOM file of 8-bit frames (F, H, W)."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    made.NumberOfFrames, made.Rows, made.Columns = frames.shape
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0
    made.PixelData = frames.tobytes()
    made.save_as(path, enforce_file_format=True)
    return path


def test_the_frame_that_the_study_shows_is_looked_at(tmp_path):
    text = Pillow.fromarray(np.full((160, 160), 40, np.uint8))
    ImageDraw.Draw(text).text((8, 8), "MUSTER ANNA", fill=255, font=ImageFont.load_default(14))
    frames = np.stack([np.full((160, 160), 40, np.uint8), np.asarray(text)])
    path = cine(tmp_path / "0.dcm", frames)
    for frame, seen in ((1, False), (2, True)):
        modality = Image(modality="image", column="file", size=(32, 32), frame=frame)
        table = replace(cohort(1, file=[path.name]), root=tmp_path)
        samples = [modality.read(Reference("", path))]
        own = evidence(samples, table=table, means=Means({"xray": modality}))
        assert bool(burned_in_text(own)) is seen
