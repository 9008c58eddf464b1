"""The finding on text: read again at full size, some of many, and in words."""

from dataclasses import replace

import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

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
