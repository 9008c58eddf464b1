"""From stored values to the screen, against the standard's formulas."""

from __future__ import annotations

import numpy as np
import pytest

from .dicom_made import STORED, dataset, table


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


def test_a_window_of_an_unknown_function_is_refused(complaint, shown):
    odd = dataset(WindowCenter=1000, WindowWidth=800, VOILUTFunction="LOG")
    assert "expected a VOI function of LINEAR, LINEAR_EXACT, SIGMOID, got another" in complaint(odd)
    assert shown(odd, window="full").values.max() == 1


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


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"WindowCenter": 40, "WindowWidth": 0}, "got width 0"),
        ({"RescaleSlope": 0, "RescaleIntercept": 5}, "got slope 0, intercept 5"),
    ],
)
def test_refused_impossible_display_values(complaint, fields, said):
    assert said in complaint(dataset(**fields))


def linear(values, center, width):
    """PS3.3 C.11.2.1.2.1."""
    return np.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0, 1)


def test_the_window_is_chosen_by_the_study(shown):
    made = {"RescaleSlope": 2.0, "RescaleIntercept": -1024, "WindowCenter": [40, 900],
            "WindowWidth": [400, 1500]}  # fmt: skip
    hounsfield = STORED * 2.0 - 1024
    second = shown(dataset(**made), window=2)
    np.testing.assert_allclose(second.values, linear(hounsfield, 900, 1500), atol=1e-6)
    assert second.geometry.source["window"] == "number 2 of 2"
    own = shown(dataset(**made), window=(50.0, 350.0))
    np.testing.assert_allclose(own.values, linear(hounsfield, 50, 350), atol=1e-6)
    assert own.geometry.source["window"] == "given"
    full = shown(dataset(**made), window="full")
    np.testing.assert_allclose(full.values, STORED / 4095, atol=1e-6)
    assert full.geometry.source["windowed"] is False
    assert shown(dataset(**made)).geometry.source["window"] == "first of 2"


def test_a_given_window_makes_files_of_one_patient_alike_whatever_their_rescale(shown):
    hounsfield = np.array([[-1000, 0, 400]])
    signed = dataset(hounsfield.astype(np.int16), bits=16, RescaleSlope=1, RescaleIntercept=0)
    shifted = dataset((hounsfield + 1024).astype(np.uint16), RescaleSlope=1, RescaleIntercept=-1024)
    window = (40.0, 400.0)
    first, second = (shown(made, window=window).values for made in (signed, shifted))
    np.testing.assert_array_equal(first, second)
    assert first.min() == 0
    assert first.max() == 1


def test_a_window_that_is_not_there_is_refused(complaint):
    message = complaint(dataset(WindowCenter=40, WindowWidth=400), window=3)
    assert "expected at least 3 windows in the header, got 1" in message
    assert "Set the input's window to first, full or [center, width]" in message


def test_colour_minds_no_window(shown):
    colour = np.array([[[10, 20, 30], [200, 100, 50]]], np.uint8)
    made = dataset(colour, bits=8, photometric="RGB")
    np.testing.assert_array_equal(shown(made, window=(40.0, 80.0)).values, colour)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_whatever_it_is_called(shown, photometric):
    stored = np.array([[-2000, -1500, 0, 2000]], np.int16)
    made = dataset(stored, photometric=photometric)
    made.add_new("PixelPaddingValue", "SS", -2000)
    sample = shown(made)
    plain = shown(dataset(stored, photometric=photometric)).values
    np.testing.assert_array_equal(sample.values[0, 1:], plain[0, 1:])
    assert sample.values[0, 0] == 0
    assert sample.geometry.source["padding"] == 0.25
    made.add_new("PixelPaddingRangeLimit", "SS", -1000)
    assert shown(made).values[0, :2].tolist() == [0, 0]
    assert shown(made).values[0, 2] > 0


def test_a_voi_table_comes_before_windows_unless_one_is_chosen(shown):
    entries = [4095 - n for n in range(4096)]
    made = {"VOILUTSequence": [table(entries, first=0, depth=12)], "WindowCenter": 2048,
            "WindowWidth": 4096}  # fmt: skip
    sample = shown(dataset(**made))
    np.testing.assert_allclose(sample.values, 1 - STORED / 4095, atol=1e-6)
    assert sample.geometry.source["window"] == "table"
    chosen = shown(dataset(**made), window=1).values
    np.testing.assert_allclose(chosen, linear(STORED, 2048, 4096), atol=1e-6)
