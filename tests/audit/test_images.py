import numpy as np

from bedside.audit.checks.images import (
    blank_images,
    image_modes,
    image_sizes,
    source_notes,
    unreadable_files,
)
from bedside.audit.evidence import Evidence
from bedside.schema import Geometry, Sample

from .cohorts import evidence, picture, pictures, readings


def test_unreadable_files_block_and_quote_the_reader():
    samples = pictures()
    own = evidence(samples)
    for row in (2, 5, 6, 9):
        samples[row] = None
    problems = {row: f"row {row + 2} of cases.csv: no such file." for row in (2, 5, 9)}
    problems[6] = "row 8 of cases.csv: got 0 bytes."
    own = Evidence(
        own.cohort, {"xray": readings(samples, problems)}, own.targets, "binary", None, "patient"
    )
    (finding,) = unreadable_files(own)
    assert finding.severity == "block"
    assert finding.count == 4
    assert finding.rows == (4, 7, 8, 11)
    assert finding.message == "4 cases cannot be read."
    assert finding.where() == ["rows 4, 7, 11: no such file", "row 8: got 0 bytes"]
    assert unreadable_files(evidence()) == []


def test_sizes_that_differ_are_a_note():
    samples = [*pictures(10), picture(99, size=(30, 26))]
    (finding,) = image_sizes(evidence(samples))
    assert finding.severity == "note"
    assert finding.message.startswith("2 image sizes, 24 to 30 pixels high and 24 to 26 wide.")
    assert image_sizes(evidence()) == []


def test_odd_forms_and_tiny_images_are_warned_of():
    usual = [picture(seed, size=(400, 300)) for seed in range(20)]
    odd = [picture(30, size=(400, 900)), picture(31, size=(40, 30))]
    _, form, tiny = image_sizes(evidence([*usual, *odd]))
    assert (form.severity, form.count, form.rows) == ("warn", 1, (22,))
    assert "wider or narrower" in form.message
    assert (tiny.severity, tiny.count, tiny.rows) == ("warn", 1, (23,))
    assert "fewer pixels" in tiny.message


def test_a_data_set_of_long_strips_is_not_odd_in_itself():
    assert image_sizes(evidence([picture(seed, size=(100, 900)) for seed in range(20)])) == []


def test_colour_among_grey_is_warned_of_and_kinds_are_noted():
    rgba = {"format": "PNG", "mode": "RGBA", "bits": 8}
    deep = {"format": "DICOM", "photometric": "MONOCHROME2", "bits": 12}
    samples = [
        *pictures(10),
        picture(50, shape=(24, 24, 3), source=rgba),
        picture(51, source=deep),
    ]
    mix, kinds, clear = image_modes(evidence(samples))
    assert (mix.severity, mix.rows) == ("warn", (12,))
    assert mix.message == "1 colour and 11 grey images side by side."
    assert kinds.message == (
        "3 kinds of files: 10 PNG L 8-bit, 1 PNG RGBA 8-bit, 1 DICOM MONOCHROME2 12-bit."
    )
    assert (clear.severity, clear.rows) == ("note", (12,))
    assert image_modes(evidence()) == []


def test_blank_images_are_found_whatever_the_unit():
    values = np.zeros((24, 24), np.float32)
    nearly = values.copy()
    nearly[0, 0] = 0.02
    unit = [
        Sample(np.random.default_rng(i).random((24, 24), np.float32), Geometry(shape=(24, 24)))
        for i in range(20)
    ]
    samples = [*unit, Sample(values + 0.7, Geometry((24, 24))), Sample(nearly, Geometry((24, 24)))]
    (finding,) = blank_images(evidence(samples))
    assert (finding.severity, finding.count, finding.rows) == ("warn", 2, (22, 23))
    assert "(1 of one single value)" in finding.message
    assert blank_images(evidence(unit)) == []


def test_deep_pictures_beside_8_bit_ones_are_not_blank():
    deep = [Sample(s.values / np.float32(255), s.geometry) for s in pictures(20)]
    assert blank_images(evidence([*pictures(20), *deep])) == []


def test_signals_and_texts_are_no_images():
    times = Geometry(shape=(50, 2), times_seconds=np.arange(50.0))
    samples = [Sample("a text", Geometry()), Sample(np.zeros((50, 2)), times), None]
    own = evidence(samples)
    assert own.images == {}
    for check in (image_sizes, image_modes, blank_images):
        assert check(own) == []


def test_what_a_source_left_out_is_noted():
    from dataclasses import replace

    own = evidence()
    own = replace(own, cohort=replace(own.cohort, notes=("3 files are no images.",)))
    (finding,) = source_notes(own)
    assert (finding.severity, finding.message) == ("note", "3 files are no images.")


def test_several_inputs_are_named():
    own = evidence()
    blank = readings([Sample(np.zeros((24, 24)), Geometry((24, 24)))] * 60)
    both = Evidence(
        own.cohort,
        {"front": own.inputs["xray"], "side": blank},
        own.targets,
        "binary",
        None,
        "patient",
    )
    (finding,) = blank_images(both)
    assert finding.message.startswith("Input 'side': 60 cases")
