"""Every encoding that can be written here, against the plain pixels it was made of."""

from __future__ import annotations

import io

import numpy as np
import pytest
from openjpeg import utils as openjpeg
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, RLELossless

from bedside.modalities.image_dicom_codec import codestream_size
from bedside.modalities.image_files import decode
from bedside.schema import Reference

from .dicom_made import STORED, as_bytes, dataset, recode, wrapped


def test_colour_and_ybr(shown):
    colour = np.array([[[10, 20, 30], [200, 100, 50]]], np.uint8)
    values = shown(dataset(colour, bits=8, photometric="RGB")).values
    np.testing.assert_array_equal(values, colour)
    ybr = np.array([[[100, 128, 128], [76, 85, 255]]], np.uint8)  # grey 100 and pure red
    values = shown(dataset(ybr, bits=8, photometric="YBR_FULL")).values
    np.testing.assert_allclose(values, [[[100, 100, 100], [254, 0, 0]]], atol=2)


LOSSLESS = (
    "RLELossless JPEGLosslessProcess14 JPEGLosslessProcess14_1 JPEGLSLossless JPEG2000Lossless "
    "ExplicitVRBigEndian ImplicitVRLittleEndian DeflatedExplicitVRLittleEndian"
)
SMOOTH = np.add.outer(np.arange(32) * 40, np.arange(48) * 50).astype(np.uint16)
"""A ramp of 12 bits, which lossy codecs keep to a few levels."""


@pytest.mark.parametrize("kind", [np.uint16, np.int16])
@pytest.mark.parametrize("name", LOSSLESS.split())
def test_lossless_pixels_equal_the_plain_ones(tmp_path, shown, name, kind):
    noise = np.random.default_rng(0).integers(0, 4096, (32, 40), dtype=np.uint16)
    stored = noise if kind == np.uint16 else (noise.astype(np.int16) - 2048)
    plain = shown(dataset(stored)).values
    coded = decode(Reference("row 3", recode(tmp_path, dataset(stored), name)))
    assert coded.geometry.source["syntax"] != "Explicit VR Little Endian"
    np.testing.assert_array_equal(coded.values, plain)


@pytest.mark.parametrize(
    ("name", "levels"),
    [("JPEGExtendedProcess2_4", 4), ("JPEGLSNearLossless", 3), ("JPEG2000", 4)],
)
def test_lossy_pixels_of_12_bits_are_close_to_the_plain_ones(tmp_path, name, levels):
    coded = decode(Reference("row 3", recode(tmp_path, dataset(SMOOTH), name))).values
    assert coded.dtype == np.float32
    assert np.abs(coded * 4095 - SMOOTH).max() <= levels


def test_jpeg_of_12_bits_from_elsewhere(capfd):
    path = get_testdata_file("JPGExtended.dcm", download=False)
    values = decode(Reference("row 3", path)).values * 4095
    assert capfd.readouterr() == ("", "")  # the library would print a line a file
    # Minimum and maximum as libjpeg by Thomas Richter decodes it, which rounds differently.
    assert values.shape == (1024, 256)
    assert (values.min(), round(float(values.max()))) == (0, 264)


@pytest.mark.parametrize("photometric", ["YBR_FULL_422", "RGB"])
def test_jpeg_baseline_in_colour_as_pillow_reads_it(shown, photometric):
    ramp = np.add.outer(np.arange(64), np.arange(48)).astype(np.uint8)
    colour = np.dstack([ramp, ramp[::-1], 255 - ramp])
    buffer = io.BytesIO()
    form = {"subsampling": 0} if photometric == "RGB" else {}
    kept = {"keep_rgb": True} if photometric == "RGB" else {}
    Image.fromarray(colour).save(buffer, "JPEG", quality=95, **form, **kept)
    made = dataset(colour, bits=8, photometric=photometric)
    values = shown(wrapped(made, buffer.getvalue(), syntax="1.2.840.10008.1.2.4.50")).values
    expected = np.asarray(Image.open(buffer).convert("RGB")).astype(int)
    assert np.abs(values - expected).max() <= 3


@pytest.mark.parametrize("photometric", ["RGB", "YBR_RCT"])
def test_jpeg_2000_in_colour(shown, photometric):
    colour = np.random.default_rng(1).integers(0, 256, (64, 70, 3), dtype=np.uint8)
    code = openjpeg.encode_array(
        colour, photometric_interpretation=1, use_mct=photometric == "YBR_RCT"
    )
    made = dataset(colour, bits=8, photometric=photometric)
    values = shown(wrapped(made, code, syntax="1.2.840.10008.1.2.4.90")).values
    np.testing.assert_array_equal(values, colour)


def test_ybr_422_uncompressed(shown):
    made = dataset(np.zeros((1, 2, 3), np.uint8), bits=8, photometric="YBR_FULL_422")
    made.PixelData = bytes([76, 76, 85, 255])  # Y1 Y2 Cb Cr: pure red twice
    np.testing.assert_allclose(shown(made).values, [[[254, 0, 0]] * 2], atol=2)


@pytest.mark.parametrize("kind", [np.uint16, np.int16])
def test_overlay_bits_above_the_value_are_left_out(shown, kind):
    stored = STORED.astype(np.int16) - 2048 if kind == np.int16 else STORED
    dirty = ((stored.astype(np.uint16) & 0x0FFF) | 0x9000).view(kind)
    np.testing.assert_array_equal(shown(dataset(dirty)).values, shown(dataset(stored)).values)


@pytest.mark.parametrize("coded", [False, True])
def test_overlay_bits_below_the_value_are_left_out(shown, coded):
    made = dataset((STORED << 4) | 0b0101, HighBit=15)
    if coded:
        made.compress(RLELossless)
    np.testing.assert_array_equal(shown(made).values, shown(dataset()).values)
    signed = dataset(((STORED << 4) | 3).view(np.int16), HighBit=15)
    expected = np.where(STORED > 2047, STORED.astype(int) - 4096, STORED)
    np.testing.assert_allclose(shown(signed).values, (expected + 2048) / 4095, atol=1e-6)


def j2k(stored) -> bytes:
    return bytes(openjpeg.encode_array(stored, bits_stored=12, photometric_interpretation=2))


def test_a_small_header_over_a_huge_codestream_is_refused_before_decoding(complaint, monkeypatch):
    code = bytearray(j2k(SMOOTH))
    assert codestream_size(bytes(code)) == (32, 48, 1)
    spot = code.index(b"\xff\x51")
    code[spot + 6 : spot + 14] = (60_000).to_bytes(4, "big") * 2
    monkeypatch.setattr(
        "bedside.modalities.image_dicom_codec.pixel_array", lambda *_, **__: pytest.fail("decoded")
    )
    message = complaint(wrapped(dataset(SMOOTH), bytes(code), syntax="1.2.840.10008.1.2.4.90"))
    assert "expected compressed pixels of 32 x 48 as in the header" in message
    assert "got pixels that announce 60000 x 60000" in message


def test_a_jpeg_of_another_size_or_colour_than_its_header_is_refused(complaint):
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((40, 30, 3), np.uint8)).save(buffer, "JPEG")
    code = buffer.getvalue()
    assert codestream_size(code) == (40, 30, 3)
    grey = dataset(np.zeros((40, 30), np.uint8), bits=8)
    message = complaint(wrapped(grey, code, syntax="1.2.840.10008.1.2.4.50"))
    assert "announce 40 x 30 in 3 components instead of 1" in message
    small = dataset(np.zeros((4, 3, 3), np.uint8), bits=8, photometric="YBR_FULL_422")
    message = complaint(wrapped(small, code, syntax="1.2.840.10008.1.2.4.50"))
    assert "expected compressed pixels of 4 x 3" in message


@pytest.mark.parametrize("code", [b"", b"\xff\xd8", b"\xff\xd8\xff\xc0\x00", b"no picture at all"])
def test_a_codestream_without_a_size(code):
    assert codestream_size(code) is None


def test_refused_floating_point(complaint):
    made = dataset(np.zeros((2, 3), np.uint16))
    del made.PixelData
    made.FloatPixelData = bytes(24)
    assert "got pixels of floating point" in complaint(made)


def test_deflated_file(shown):
    made = dataset()
    made.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    np.testing.assert_allclose(shown(made).values, STORED / 4095, atol=1e-7)


def test_refused_transfer_syntax(complaint):
    made = dataset()
    made.compress(RLELossless)
    made.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.55")
    message = complaint(made)
    assert "expected pixels that can be decoded" in message
    assert "Export the image as 'Explicit VR Little Endian'" in message


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("name", [None, "RLELossless", "JPEGLSLossless", "JPEG2000Lossless"])
def test_cut_short_is_never_padded(complaint, tmp_path, share, name):
    stored = np.random.default_rng(0).integers(0, 4096, (64, 64), dtype=np.uint16)
    made = dataset(stored)
    data = as_bytes(made) if name is None else recode(tmp_path, made, name).read_bytes()
    assert "cut short" in complaint(data[: int(len(data) * share)])
