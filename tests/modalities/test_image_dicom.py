"""DICOM as a screen shows it, on files written here, against the standard's formulas."""

from __future__ import annotations

import io
import logging
import zlib
from pathlib import Path

import numpy as np
import pytest
from openjpeg import utils as openjpeg
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

from bedside.data import dicom_header
from bedside.errors import DataError
from bedside.modalities.image_files import decode
from bedside.schema import Reference

STORED = np.array([[0, 100, 1000], [2048, 4000, 4095]], dtype=np.uint16)
WHERE = "row 3 of cases.csv"


def dataset(stored=STORED, *, bits=12, photometric="MONOCHROME2", **fields) -> Dataset:
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    made.PatientName, made.PatientID, made.Modality = "Doe^Jane", "4711", "XX"
    made.Rows, made.Columns = stored.shape[:2]
    made.SamplesPerPixel = 3 if stored.ndim == 3 else 1
    if stored.ndim == 3:
        made.PlanarConfiguration = 0
    made.PhotometricInterpretation = photometric
    made.BitsAllocated, made.BitsStored, made.HighBit = 8 * stored.itemsize, bits, bits - 1
    made.PixelRepresentation = int(stored.dtype.kind == "i")
    for keyword, value in fields.items():
        setattr(made, keyword, value)
    made.PixelData = stored.tobytes() + bytes(stored.nbytes % 2)
    return made


def written(folder: Path, made: Dataset) -> Path:
    path = folder / "Doe_Jane.dcm"
    made.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def shown(tmp_path):
    def show(made: Dataset):
        return decode(Reference(WHERE, written(tmp_path, made)))

    return show


@pytest.fixture
def complaint(tmp_path):
    def complain(made: Dataset | bytes) -> str:
        path = tmp_path / "Doe_Jane.dcm"
        if isinstance(made, bytes):
            path.write_bytes(made)
        else:
            written(tmp_path, made)
        with pytest.raises(DataError) as caught:
            decode(Reference(WHERE, path))
        message = str(caught.value)
        assert message.startswith(f"{WHERE}: expected ")
        assert "Doe" not in message
        return message

    return complain


def as_bytes(made: Dataset) -> bytes:
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def compress(made: Dataset, stored, syntax: UID) -> None:
    if syntax == JPEG2000Lossless:
        code = openjpeg.encode_array(stored, bits_stored=12, photometric_interpretation=2)
        made.PixelData = encapsulate([code])
        made["PixelData"].is_undefined_length = True
        made.file_meta.TransferSyntaxUID = syntax
    else:
        made.compress(syntax)


def table(entries: list[int], *, first: int, depth: int) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, depth]
    item.LUTData = np.array(entries, np.uint16).tobytes()
    item.ModalityLUTType = "US"
    return item


def test_without_a_window_the_stored_bits_are_the_range(shown):
    sample = shown(dataset())
    assert sample.values.dtype == np.float32
    np.testing.assert_allclose(sample.values, STORED / 4095, atol=1e-7)
    assert sample.geometry.shape == (2, 3)
    assert sample.geometry.source == {
        "format": "DICOM",
        "photometric": "MONOCHROME2",
        "bits": 12,
        "syntax": "Explicit VR Little Endian",
        "windows": 0,
        "window": "none",
        "windowed": False,
        "rescaled": False,
        "sliced": False,
        "identifying": ("PatientName",),
        "modality": "XX",
    }


def test_brightness_does_not_depend_on_the_other_pixels(shown):
    dim = shown(dataset(np.minimum(STORED, 1000))).values
    np.testing.assert_array_equal(dim[0], shown(dataset()).values[0])


def test_8_bits_stay_bit_for_bit(shown):
    stored = np.arange(255, -1, -1, dtype=np.uint8).reshape(16, 16)
    values = shown(dataset(stored, bits=8)).values
    assert values.dtype == np.uint8
    np.testing.assert_array_equal(values, stored)


def test_monochrome1_is_turned_round(shown):
    stored = np.array([[0, 55], [200, 255]], np.uint8)
    values = shown(dataset(stored, bits=8, photometric="MONOCHROME1")).values
    np.testing.assert_array_equal(values, 255 - stored)
    deep = shown(dataset(photometric="MONOCHROME1")).values
    np.testing.assert_allclose(deep, 1 - STORED / 4095, atol=1e-7)


def test_signed_values_start_below_zero(shown):
    stored = np.array([[-2048, 0, 2047]], np.int16)
    np.testing.assert_allclose(shown(dataset(stored)).values, [[0, 2048 / 4095, 1]], atol=1e-7)


@pytest.mark.parametrize("slope", [2.0, -0.5])
def test_rescale_then_linear_window(shown, slope):
    made = dataset(RescaleSlope=slope, RescaleIntercept=-1024, WindowCenter=-500, WindowWidth=1500)
    hounsfield = STORED * slope - 1024
    expected = np.clip((hounsfield - (-500 - 0.5)) / (1500 - 1) + 0.5, 0, 1)  # PS3.3 C.11.2.1.2.1
    sample = shown(made)
    np.testing.assert_allclose(sample.values, expected, atol=1e-6)
    assert sample.geometry.source["windowed"] is True


def test_rescale_without_window_keeps_the_range_and_minds_the_sign(shown):
    up = shown(dataset(RescaleSlope=3, RescaleIntercept=-1024)).values
    np.testing.assert_allclose(up, STORED / 4095, atol=1e-6)
    down = shown(dataset(RescaleSlope=-3, RescaleIntercept=9)).values
    np.testing.assert_allclose(down, 1 - STORED / 4095, atol=1e-6)


def test_exact_and_sigmoid_windows_and_the_first_of_several(shown):
    exact = shown(
        dataset(WindowCenter=[1000, 9], WindowWidth=[800, 9], VOILUTFunction="LINEAR_EXACT")
    )
    np.testing.assert_allclose(
        exact.values, np.clip((STORED - 1000.0) / 800 + 0.5, 0, 1), atol=1e-6
    )
    sigmoid = shown(dataset(WindowCenter=1000, WindowWidth=800, VOILUTFunction="SIGMOID"))
    np.testing.assert_allclose(
        sigmoid.values, 1 / (1 + np.exp(-4 * (STORED - 1000.0) / 800)), atol=1e-6
    )


def test_8_bits_with_a_window_stay_8_bits(shown):
    stored = np.array([[0, 99, 100, 150, 255]], np.uint8)
    values = shown(dataset(stored, bits=8, WindowCenter=100.5, WindowWidth=101)).values
    assert values.dtype == np.uint8
    expected = np.rint(np.clip((stored - 100.0) / 100 + 0.5, 0, 1) * 255)
    np.testing.assert_array_equal(values, expected)


def test_a_voi_table_of_8_bits_with_many_entries_does_not_wrap(shown):
    entries = [n // 16 for n in range(4096)]
    values = shown(dataset(VOILUTSequence=[table(entries, first=0, depth=8)])).values
    np.testing.assert_allclose(values, (STORED // 16) / 255, atol=1e-6)


def test_a_modality_table_of_12_bits(shown):
    entries = [4095 - n for n in range(4096)]
    values = shown(dataset(ModalityLUTSequence=[table(entries, first=0, depth=12)])).values
    np.testing.assert_allclose(values, 1 - STORED / 4095, atol=1e-6)


def test_colour_and_ybr(shown):
    colour = np.array([[[10, 20, 30], [200, 100, 50]]], np.uint8)
    values = shown(dataset(colour, bits=8, photometric="RGB")).values
    np.testing.assert_array_equal(values, colour)
    ybr = np.array([[[100, 128, 128], [76, 85, 255]]], np.uint8)  # grey 100 and pure red
    values = shown(dataset(ybr, bits=8, photometric="YBR_FULL")).values
    np.testing.assert_allclose(values, [[[100, 100, 100], [254, 0, 0]]], atol=2)


def test_colour_with_equal_channels_is_grey(shown):
    stored = np.array([[0, 7, 255]], np.uint8)
    values = shown(dataset(np.dstack([stored] * 3), bits=8, photometric="RGB")).values
    np.testing.assert_array_equal(values, stored)


@pytest.mark.parametrize("depth", [8, 16])
def test_palette_colour(shown, depth):
    kind, unit = (np.uint8, 1) if depth == 8 else (np.uint16, 257)
    made = dataset(np.array([[0, 1, 2, 3]], np.uint8), bits=8, photometric="PALETTE COLOR")
    channels = {"Red": [1, 2, 3, 4], "Green": [10, 20, 30, 40], "Blue": [0, 100, 200, 255]}
    for name, column in channels.items():
        setattr(made, f"{name}PaletteColorLookupTableDescriptor", [4, 0, depth])
        data = (np.array(column) * unit).astype(kind).tobytes()
        setattr(made, f"{name}PaletteColorLookupTableData", data)
    expected = np.array([list(channels.values())]).transpose(0, 2, 1)
    np.testing.assert_array_equal(shown(made).values, expected)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_compressed_pixels_equal_the_plain_ones(shown, syntax):
    stored = np.random.default_rng(0).integers(0, 4096, (32, 40), dtype=np.uint16)
    plain = shown(dataset(stored)).values
    made = dataset(stored)
    compress(made, stored, syntax)
    np.testing.assert_array_equal(shown(made).values, plain)


def test_deflated_file(shown):
    made = dataset()
    made.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    np.testing.assert_allclose(shown(made).values, STORED / 4095, atol=1e-7)


def test_spacing_at_the_patient_comes_first(shown):
    both = dataset(PixelSpacing=[0.2, 0.3], ImagerPixelSpacing=[0.4, 0.5])
    assert shown(both).geometry.spacing_mm == (0.2, 0.3)
    assert shown(dataset(ImagerPixelSpacing=[0.4, 0.5])).geometry.spacing_mm == (0.4, 0.5)
    assert shown(dataset(PixelSpacing=[0, 0])).geometry.spacing_mm is None


def test_nothing_of_the_patient_is_kept(shown):
    assert "Doe" not in repr(shown(dataset()).geometry)


def test_refused_without_pixels(complaint):
    made = dataset()
    del made.PixelData, made.Rows, made.Columns
    assert "got a DICOM file without an image" in complaint(made)
    made = dataset()
    del made.PixelData
    assert "got a DICOM file without it" in complaint(made)


def test_refused_several_frames(complaint):
    made = dataset(np.zeros((2, 3), np.uint8), bits=8, NumberOfFrames=17)
    made.PixelData = bytes(2 * 3 * 17)
    assert "expected a DICOM file with one frame, got 17 frames" in complaint(made)


def test_refused_bomb_by_rows_columns_and_frames(complaint):
    assert "got a header that announces 400 million" in complaint(
        dataset(Rows=20_000, Columns=20_000)
    )
    assert "got a header that announces 262 million" in complaint(
        dataset(Rows=512, Columns=512, NumberOfFrames=1000)
    )


def test_refused_deflate_bomb(complaint, monkeypatch):
    monkeypatch.setattr(dicom_header, "MAX_INFLATED", 80_000)
    made = dataset()
    made.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data = as_bytes(made)
    start = 144 + int.from_bytes(data[140:144], "little")
    deflate = zlib.compressobj(wbits=-15)
    bomb = data[:start] + deflate.compress(bytes(10**6)) + deflate.flush()
    assert "MB once inflated, got more" in complaint(bomb)


def test_refused_photometric_interpretation(complaint):
    assert "got another one. Export the image as MONOCHROME2 or RGB" in complaint(
        dataset(photometric="HSV")
    )


def test_refused_transfer_syntax(complaint):
    made = dataset()
    made.compress(RLELossless)
    made.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.55")
    message = complaint(made)
    assert "expected pixels that can be decoded" in message
    assert "Export the image as 'Explicit VR Little Endian'" in message


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("syntax", [None, RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_cut_short_is_never_padded(complaint, share, syntax):
    stored = np.random.default_rng(0).integers(0, 4096, (64, 64), dtype=np.uint16)
    made = dataset(stored)
    if syntax is not None:
        compress(made, stored, syntax)
    data = as_bytes(made)
    assert "cut short" in complaint(data[: int(len(data) * share)])


def test_empty_file_named_dcm(complaint):
    assert "got an empty file (0 bytes)" in complaint(b"")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"WindowCenter": 40, "WindowWidth": 0}, "got width 0"),
        ({"RescaleSlope": 0, "RescaleIntercept": 5}, "got slope 0, intercept 5"),
    ],
)
def test_refused_impossible_display_values(complaint, fields, said):
    assert said in complaint(dataset(**fields))


def test_a_faulty_header_value_is_not_quoted(complaint):
    data = as_bytes(dataset(WindowCenter="1234567890", WindowWidth="10"))
    assert "got one that is cut short, damaged or breaks the standard" in complaint(
        data.replace(b"1234567890", b"Doe^Jane^X")
    )


def test_warnings_and_logs_of_the_library_do_not_leak(tmp_path, caplog):
    made = dataset()
    made.PixelData = made.PixelData + bytes(8)  # longer than the header says
    path = written(tmp_path, made)
    with caplog.at_level(logging.DEBUG):
        values = decode(Reference(WHERE, path)).values  # warnings are errors in this suite
    np.testing.assert_allclose(values, STORED / 4095, atol=1e-7)
    assert not [r for r in caplog.records if r.name.startswith("pydicom")]
    assert logging.getLogger("pydicom").propagate
