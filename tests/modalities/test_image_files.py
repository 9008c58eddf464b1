"""Every kind of picture file, pixel by pixel, and every way one can be bad."""

from __future__ import annotations

import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from bedside.errors import DataError
from bedside.modalities import image_files
from bedside.modalities.image_files import decode, quiet
from bedside.schema import Reference

GREY = np.array([[0, 1, 127], [128, 254, 255]], dtype=np.uint8)
COLOUR = np.stack([GREY, GREY[::-1], 255 - GREY], axis=2)
WHERE = "row 7 of cases.csv"


def read(path: Path):
    return decode(Reference(WHERE, path))


def complaint(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(f"{WHERE}: expected ")
    assert path.name not in message
    return message


def saved(path: Path, picture: Image.Image, **options) -> Path:
    picture.save(path, **options)
    return path


def noise(shape=(64, 48), seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def patched_tag(path: Path, tag: int, value: int) -> None:
    """Change a tag of a little-endian TIFF whose value fits into its entry."""
    data = path.read_bytes()
    start = next(
        at for kind in (3, 4) if (at := data.find(struct.pack("<HHI", tag, kind, 1), 8)) >= 0
    )
    wide = data[start + 2] == 4
    entry = struct.pack("<I", value) if wide else struct.pack("<HH", value, 0)
    path.write_bytes(data[: start + 8] + entry + data[start + 12 :])


def png_header(width: int, height: int) -> bytes:
    """A PNG that announces a size and holds next to nothing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")


@pytest.mark.parametrize("name", ["a.png", "a.tif", "no-suffix-says-png.jpg"])
def test_8_bit_grey_stays_bit_for_bit(tmp_path, name):
    kind = "TIFF" if name.endswith("tif") else "PNG"
    sample = read(saved(tmp_path / name, Image.fromarray(GREY), format=kind))
    assert sample.values.dtype == np.uint8
    np.testing.assert_array_equal(sample.values, GREY)
    assert sample.geometry.shape == (2, 3)
    assert sample.geometry.spacing_mm is None
    assert (sample.geometry.source["format"], sample.geometry.source["bits"]) == (kind, 8)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_colour_stays_bit_for_bit(tmp_path, name):
    sample = read(saved(tmp_path / name, Image.fromarray(COLOUR)))
    np.testing.assert_array_equal(sample.values, COLOUR)


def test_jpeg_is_what_pillow_decodes(tmp_path):
    smooth = np.add.outer(np.arange(64), np.arange(48)).astype(np.uint8)
    sample = read(saved(tmp_path / "a.jpg", Image.fromarray(smooth), quality=95))
    assert sample.values.dtype == np.uint8
    assert np.abs(sample.values.astype(int) - smooth).max() <= 3


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_16_bit_grey_becomes_a_share_of_65535(tmp_path, name):
    deep = np.array([[0, 1, 32768], [4095, 65534, 65535]], dtype=np.uint16)
    sample = read(saved(tmp_path / name, Image.fromarray(deep)))
    assert sample.values.dtype == np.float32
    np.testing.assert_array_equal(sample.values, deep.astype(np.float32) / np.float32(65535))
    assert sample.geometry.source["bits"] == 16


def test_16_bit_white_is_zero_is_turned_round(tmp_path):
    path = saved(tmp_path / "a.tif", Image.fromarray(np.array([[0, 65535, 6553]], np.uint16)))
    patched_tag(path, 262, 0)
    np.testing.assert_allclose(read(path).values, [[1, 0, 1 - 6553 / 65535]], atol=1e-7)


def test_12_bit_tiff_is_a_share_of_4095(tmp_path):
    path = saved(tmp_path / "a.tif", Image.fromarray(np.array([[0x1122, 0x3344]], np.uint16)))
    patched_tag(path, 258, 12)
    path.write_bytes(path.read_bytes().replace(b"\x22\x11\x44\x33", b"\xff\xf8\x00\x00"))
    np.testing.assert_allclose(read(path).values, [[1, 0x800 / 4095]], atol=1e-7)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_one_bit_is_black_and_white(tmp_path, name):
    bits = np.array([[True, False, True], [False, False, True]])
    sample = read(saved(tmp_path / name, Image.fromarray(bits)))
    assert sample.values.dtype == np.uint8
    np.testing.assert_array_equal(sample.values, bits * np.uint8(255))


def test_grey_palette_is_grey_and_colour_palette_is_colour(tmp_path):
    grey = Image.new("P", (3, 1))
    grey.putdata([0, 1, 2])
    grey.putpalette([10, 10, 10, 200, 200, 200, 30, 30, 30])
    np.testing.assert_array_equal(read(saved(tmp_path / "g.png", grey)).values, [[10, 200, 30]])
    colour = grey.copy()
    colour.putpalette([10, 20, 30, 200, 0, 1, 30, 30, 30])
    expected = [[[10, 20, 30], [200, 0, 1], [30, 30, 30]]]
    for name in ("c.png", "c.tif"):
        np.testing.assert_array_equal(read(saved(tmp_path / name, colour)).values, expected)


def test_transparent_palette_colour_is_black(tmp_path):
    picture = Image.new("P", (2, 1))
    picture.putdata([0, 1])
    picture.putpalette([250, 250, 250, 90, 90, 90])
    path = saved(tmp_path / "p.png", picture, transparency=0)
    np.testing.assert_array_equal(read(path).values, [[0, 90]])


def test_rgba_lies_on_black_and_grey_collapses(tmp_path):
    grey = np.dstack([GREY, GREY, GREY, np.full_like(GREY, 255)])
    np.testing.assert_array_equal(
        read(saved(tmp_path / "g.png", Image.fromarray(grey))).values, GREY
    )
    half = np.zeros((1, 2, 4), np.uint8)
    half[0, 0], half[0, 1] = (200, 100, 50, 255), (200, 100, 50, 128)
    values = read(saved(tmp_path / "h.png", Image.fromarray(half))).values
    np.testing.assert_array_equal(values[0, 0], [200, 100, 50])
    np.testing.assert_allclose(values[0, 1], np.array([200, 100, 50]) * 128 / 255, atol=1)


def test_grey_with_alpha_and_cmyk(tmp_path):
    both = np.array([[[200, 255], [200, 0]]], np.uint8)
    picture = Image.merge("LA", [Image.fromarray(both[..., 0]), Image.fromarray(both[..., 1])])
    np.testing.assert_array_equal(read(saved(tmp_path / "la.png", picture)).values, [[200, 0]])
    ink = Image.new("CMYK", (1, 1), (0, 255, 255, 0))
    np.testing.assert_array_equal(read(saved(tmp_path / "c.tif", ink)).values, [[[255, 0, 0]]])


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif"])
def test_exif_orientation_is_respected(tmp_path, name):
    picture = Image.new("L", (32, 16))
    picture.paste(255, (0, 0, 8, 16))  # white at the left
    exif = Image.Exif()
    exif[274] = 6
    path = saved(tmp_path / name, picture, exif=exif)
    sample = read(path)
    assert sample.geometry.shape == (32, 16)
    assert sample.values[:6].min() > 200  # white at the top
    assert sample.values[10:].max() < 50
    with path.open("rb") as stream, Image.open(stream) as opened:
        np.testing.assert_array_equal(sample.values, np.asarray(ImageOps.exif_transpose(opened)))


def test_float_tiff_in_0_to_1_is_taken_as_it_is(tmp_path):
    values = np.array([[0, 0.25, 1]], np.float32)
    sample = read(saved(tmp_path / "f.tif", Image.fromarray(values)))
    np.testing.assert_array_equal(sample.values, values)


@pytest.mark.parametrize(
    ("pixel", "said"),
    [(np.nan, "NaN or infinite"), (np.inf, "NaN or infinite"), (300.0, "the range 0..300")],
)
def test_float_tiff_without_a_known_range_is_refused(tmp_path, pixel, said):
    values = np.array([[0, pixel]], np.float32)
    assert said in complaint(saved(tmp_path / "f.tif", Image.fromarray(values)))


def test_32_bit_integers_are_refused(tmp_path):
    path = saved(tmp_path / "i.tif", Image.fromarray(np.array([[1, 70000]], np.int32)))
    assert "signed or 32-bit integers" in complaint(path)


def test_several_pages_are_refused(tmp_path):
    page = Image.fromarray(GREY)
    path = saved(tmp_path / "m.tif", page, save_all=True, append_images=[page, page])
    assert "a TIFF with 3 pages" in complaint(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file (0 bytes)"),
        (b"Findings: the heart is enlarged.\n" * 20, "whose content is none of these"),
        (b"BM" + bytes(200), "whose content is none of these"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "expected a whole PNG file"),
    ],
)
def test_what_is_no_picture_is_told_by_content(tmp_path, content, said):
    path = tmp_path / "Doe_Jane.png"
    path.write_bytes(content)
    message = complaint(path)
    assert said in message
    assert "heart" not in message


def test_missing_file_and_folder(tmp_path):
    assert "got no such file. Correct the path" in complaint(tmp_path / "none.png")
    (tmp_path / "folder.png").mkdir()
    assert "got a folder. Name one file a row" in complaint(tmp_path / "folder.png")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
@pytest.mark.parametrize(
    ("name", "options"),
    [("a.png", {}), ("a.jpg", {}), ("a.tif", {}), ("b.tif", {"compression": "tiff_lzw"})],
)
def test_cut_short_is_never_padded(tmp_path, name, options, share):
    path = saved(tmp_path / name, Image.fromarray(noise()), **options)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert "file, got one that is cut short, damaged" in complaint(path)


@pytest.mark.parametrize(
    ("size", "announced"),
    [
        ((10_100, 10_000), "101 million"),
        ((14_000, 10_000), "140 million"),
        ((65_000, 65_000), "more than 178 million"),  # Pillow stops before it tells the size
    ],
)
def test_decompression_bomb_is_refused_by_its_header(tmp_path, size, announced):
    path = tmp_path / "b.png"
    path.write_bytes(png_header(*size))
    expected = f"expected at most 100 million pixels, got a header that announces {announced}."
    assert expected in complaint(path)


def test_tiff_bomb_is_refused_by_its_header(tmp_path):
    path = saved(tmp_path / "b.tif", Image.fromarray(noise()))
    patched_tag(path, 256, 60_000)
    patched_tag(path, 257, 60_000)
    assert "expected at most 100 million pixels" in complaint(path)


def test_the_limit_itself_passes(monkeypatch, tmp_path):
    path = saved(tmp_path / "a.png", Image.fromarray(GREY))
    monkeypatch.setattr(image_files, "MAX_PIXELS", 6)
    assert read(path).values.shape == (2, 3)
    monkeypatch.setattr(image_files, "MAX_PIXELS", 5)
    complaint(path)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (GREY, GREY),
        (GREY[..., None], GREY),
        (COLOUR, COLOUR),
        (np.dstack([GREY] * 3), GREY),
        (GREY > 127, (GREY > 127) * np.uint8(255)),
        (np.array([[0, 65535]], np.uint16), np.array([[0, 1]], np.float32)),
        (np.array([[0, 0.5]]), np.array([[0, 0.5]], np.float32)),
    ],
)
def test_arrays_follow_the_same_convention(array, expected):
    values = decode(Reference(WHERE, array)).values
    assert values.dtype == expected.dtype
    np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((2, 3, 4), np.uint8), "got shape (2, 3, 4)"),
        (np.zeros(5, np.uint8), "got shape (5,)"),
        (np.zeros((0, 3), np.uint8), "got shape (0, 3)"),
        (np.zeros((2, 3), np.int64), "got int64"),
        (np.array([[0.0, np.nan]]), "got NaN or infinite ones"),
        (np.array([[-1.0, 2.0]]), "got the range -1..2"),
    ],
)
def test_arrays_of_another_kind_are_refused(array, said):
    with pytest.raises(DataError, match=r"row 7 of cases\.csv: expected") as caught:
        decode(Reference(WHERE, array))
    assert said in str(caught.value)


def test_a_row_of_cells_is_no_image():
    with pytest.raises(DataError, match=r"got dict\. Name the column that holds the images"):
        decode(Reference(WHERE, {"a": 1}))


def test_quiet_is_counted_over_threads_and_leaves_no_trace():
    before = list(warnings.filters)
    barrier = threading.Barrier(2)

    def reader(leave_last: bool) -> None:
        with quiet():
            barrier.wait()
            if leave_last:
                barrier.wait()
                assert warnings.filters[0][0] == "ignore"  # still quiet while one reads
        if not leave_last:
            barrier.wait()

    threads = [threading.Thread(target=reader, args=(last,)) for last in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert warnings.filters == before
