import numpy as np

from bedside.audit.checks.headers import header_faults
from bedside.schema import Geometry, Sample

from .cohorts import evidence, picture, pictures

SOUND = {
    "format": "DICOM",
    "photometric": "MONOCHROME2",
    "bits": 8,
    "windows": 0,
    "window": "none",
    "windowed": False,
    "rescaled": False,
    "sliced": False,
    "identifying": (),
    "modality": "DX",
    "body_part": "CHEST",
    "view_position": "PA",
}


def headers(*changes):
    """Twelve sound radiographs, the last of them changed."""
    facts = [dict(SOUND) for _ in range(12)]
    for own, change in zip(reversed(facts), changes, strict=False):
        own.update(change)
        for name in [name for name, value in own.items() if value is None]:
            del own[name]
    return evidence([picture(n, source=source) for n, source in enumerate(facts)])


def only(found, *words):
    """The one finding whose message holds all the words."""
    (finding,) = [f for f in found if all(word in f.message for word in words)]
    assert finding.check == "headers"
    assert finding.severity != "block"
    return finding


def test_sound_headers_and_other_files_say_nothing():
    assert header_faults(headers()) == []
    assert header_faults(evidence(pictures(10))) == []


def test_a_body_part_that_the_standard_does_not_know():
    finding = only(header_faults(headers({"body_part": "RIBCAGE"})), "does not know")
    assert finding.message == (
        "1 case gives the body part as 'RIBCAGE', which DICOM does not know."
    )
    assert (finding.severity, finding.rows, finding.count) == ("warn", (13,), 1)
    assert finding.details == ("RIBCAGE",)


def test_views_and_positions_that_the_standard_does_not_know():
    found = header_faults(headers({"patient_position": "XX"}, {"view_position": "FRONT"}))
    assert only(found, "'XX'").message == (
        "1 case gives the patient position as 'XX', which DICOM does not know."
    )
    assert only(found, "'FRONT'").rows == (12,)


def test_a_view_where_a_patient_position_belongs():
    finding = only(
        header_faults(headers({"patient_position": "PA"}, {"patient_position": "AP"})), "hold a"
    )
    assert finding.message.startswith("2 cases hold a view (AP and PA) as the")
    assert finding.severity == "note"


def test_a_radiograph_that_says_ct():
    found = header_faults(headers({"modality": "CT", "view_position": None,
                                   "patient_position": "PA"}))  # fmt: skip
    finding = only(found, "looks like a radiograph")
    assert finding.message == (
        "1 case says modality CT but looks like a radiograph: it names a view (PA), has "
        "no slice position or thickness and has no rescale to Hounsfield units."
    )
    mixed = only(found, "2 modalities")
    assert mixed.message == "Headers name 2 modalities: 11 DX and 1 CT."
    assert (mixed.severity, mixed.rows, mixed.details) == ("warn", (13,), ("CT",))


def test_a_true_slice_is_believed():
    slices = {"modality": "CT", "view_position": None, "sliced": True, "rescaled": True}
    found = header_faults(headers(*[slices] * 12))
    assert found == []


def test_radiographs_by_two_names_are_a_note_only():
    assert only(header_faults(headers({"modality": "CR"})), "2 modalities").severity == "note"


def test_other_text_instead_of_a_code():
    finding = only(header_faults(headers({"no_codes": ("Modality",)})), "no code")
    assert finding.message == "1 case holds no code for the modality but other text."


def test_sides_and_brightness_that_contradict():
    found = header_faults(
        headers(
            {"laterality": "L", "image_laterality": "R"},
            {"laterality": "B", "image_laterality": "R"},
            {"presentation": "INVERSE"},
            {"presentation": "IDENTITY"},
        )
    )
    assert only(found, "names both sides").rows == (13,)
    assert only(found, "contradicts itself on whether low values are bright").rows == (11,)


def test_windows():
    several = {"windows": 2, "window": "first of 2", "windowed": True}
    found = header_faults(headers(several))
    assert only(found, "offers several windows; the first is used").severity == "note"
    mixed = only(found, "not comparable")
    assert mixed.message == (
        "1 of 12 cases is shown in a window of its header, the others without one: their "
        "brightness is not comparable."
    )
    assert (mixed.rows, mixed.details) == ((13,), ("in a window",))
    assert "Set the input's window to full, or to [center, width]" in mixed.remedy
    given = {"windows": 2, "window": "given", "windowed": True}
    assert header_faults(headers(*[given] * 12)) == []


def test_deep_pictures_in_a_narrow_band_look_flat():
    rng = np.random.default_rng(0)
    facts = {**SOUND, "bits": 16}
    narrow = (0.5 + 0.05 * rng.random((24, 24))).astype(np.float32)
    narrow[:8] = 0  # padding
    wide = rng.random((24, 24)).astype(np.float32)
    samples = [Sample(v, Geometry((24, 24), source=facts)) for v in [wide] * 9 + [narrow]]
    (finding,) = header_faults(evidence(samples))
    assert finding.message == (
        "1 case without a window uses less than 25% of the range of its stored bits, and "
        "looks flat."
    )
    windowed = {**facts, "windowed": True, "windows": 1, "window": "first of 1"}
    assert header_faults(evidence([Sample(narrow, Geometry((24, 24), source=windowed))])) == []


def test_burned_in_text_overlays_and_frames():
    found = header_faults(headers({"burned_in": "YES"}, {"overlays": 1}, {"frames": 3}))
    assert (only(found, "burned into").severity, only(found, "burned into").rows) == ("warn", (13,))
    assert only(found, "overlays, which are left out").rows == (12,)
    assert only(found, "several frames, of which one is read").rows == (11,)


def test_identifying_attributes_by_keyword():
    found = header_faults(
        headers({"identifying": ("PatientName",)}, {"identifying": ("PatientName", "StationName")})
    )
    finding = only(found, "name a person or a place")
    assert "2 cases carry header attributes" in finding.message
    assert "PatientName in 2 and StationName in 1." in finding.message
    assert finding.severity == "note"
