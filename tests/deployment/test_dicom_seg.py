"""DICOM series -> NIfTI -> SEG -> our reader, bit for bit; highdicom's reader finds the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian, generate_uid

from bedside.data.packed_mask import pack
from bedside.deployment.dicom_seg import concept_of, read_source, write_segmentation
from bedside.deployment.dicom_sr import write_report
from bedside.deployment.outlines import Answered, MaskFolder
from bedside.errors import DataError
from bedside.measurement.record import Asked, measured
from bedside.modalities.label_masks import decode_mask, names_told, refuse_other_grid, write_mask
from bedside.modalities.volume_axes import as_stored
from bedside.modalities.volume_files import decode_volume
from bedside.schema import Reference

SLICES, ROWS, COLUMNS = 7, 12, 14
STRUCTURES = {"liver": 1, "tumour": 2, "portal vein": 3}
AXES = {
    "axial": [1.0, 0, 0, 0, 1, 0],
    "oblique": [0.96, 0.28, 0, -0.28, 0.96, 0],
    "coronal": [1.0, 0, 0, 0, 0, -1],
}


def header() -> Dataset:
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, generate_uid()
    made.PatientName, made.PatientID, made.Modality = "Doe^Jane", "MRN1", "CT"
    made.Rows, made.Columns, made.SamplesPerPixel = ROWS, COLUMNS, 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.PixelRepresentation = 15, 1
    made.RescaleSlope, made.RescaleIntercept = 1, -1000
    made.SliceThickness = 2.5
    return made


def save(made: Dataset, path: Path) -> None:
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.save_as(path, enforce_file_format=True)


def position(axes: list[float], number: int) -> list[float]:
    place = np.array([10.5, -20.25, 30]) + 2.5 * number * np.cross(axes[:3], axes[3:])
    return [float(f"{each:.6f}") for each in place]


def series(folder: Path, axes: list[float], *, leave: str | None = None) -> Path:
    """A series whose files' names say nothing about the order."""
    folder.mkdir()
    uids = [generate_uid() for _ in range(3)]
    for number in range(SLICES):
        made = header()
        made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = uids
        made.ImageOrientationPatient, made.PixelSpacing = axes, [1.5, 0.75]
        made.ImagePositionPatient = position(axes, number)
        made.InstanceNumber = number + 1
        pixels = np.arange(ROWS * COLUMNS, dtype=np.int16) + 1000 * number
        made.PixelData = pixels.tobytes()
        if leave:
            delattr(made, leave)
        save(made, folder / f"{(number * 3) % SLICES}.dcm")
    return folder


def labels_for(folder: Path) -> tuple[np.ndarray, object]:
    """Labels upright; the first slices and one in between are empty."""
    image = decode_volume(Reference("row", folder))
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, image.values.shape).astype(np.uint8)
    labels[:2], labels[4] = 0, 0
    return labels, image.geometry


@pytest.mark.parametrize("name", AXES)
def test_series_nifti_and_seg_are_equal_bit_for_bit(tmp_path: Path, name: str) -> None:
    import highdicom as hd

    folder = series(tmp_path / "s", AXES[name])
    labels, geometry = labels_for(folder)
    write_mask(tmp_path / "m.nii.gz", labels, geometry, structures=STRUCTURES)
    mask = decode_mask(Reference("row", tmp_path / "m.nii.gz"))
    source = read_source(folder, where="--series")
    made = write_segmentation(
        tmp_path / "seg.dcm", mask.values, mask.geometry, source=source, structures=STRUCTURES
    )
    again = decode_mask(Reference("row", tmp_path / "seg.dcm"))
    assert np.array_equal(again.values, labels)
    assert names_told(again.geometry) == {n: name for name, n in STRUCTURES.items()}
    refuse_other_grid(again.geometry, geometry, where="row")
    assert again.geometry.affine == pytest.approx(geometry.affine, abs=1e-9)
    theirs = hd.seg.segread(tmp_path / "seg.dcm")
    volume = theirs.get_volume(combine_segments=True)
    ijk = np.argwhere(volume.array > 0)
    places = (volume.affine @ np.c_[ijk, np.ones(len(ijk))].T)[:3].T * [-1, -1, 1]
    own = np.argwhere(labels > 0)
    ours = (geometry.affine @ np.c_[own, np.ones(len(own))].T)[:3].T
    by_place = {tuple(np.rint(p * 100).astype(int)): v
                for p, v in zip(places, volume.array[tuple(ijk.T)], strict=True)}  # fmt: skip
    assert by_place == {
        tuple(np.rint(p * 100).astype(int)): v for p, v in zip(ours, labels[tuple(own.T)],
                                                               strict=True)
    }  # fmt: skip
    items = made.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    referred = {str(item.ReferencedSOPInstanceUID) for item in items}
    assert referred == {str(h.SOPInstanceUID) for h in source.headers}
    assert (theirs.PatientID, theirs.StudyInstanceUID) == (
        "MRN1",
        source.headers[0].StudyInstanceUID,
    )


def test_a_seg_without_its_empty_slices_lies_where_it_did(tmp_path: Path) -> None:
    import highdicom as hd

    folder = series(tmp_path / "s", AXES["axial"])
    labels, geometry = labels_for(folder)
    source = read_source(folder, where="--series")
    write_segmentation(tmp_path / "seg.dcm", labels, geometry, source=source, structures=STRUCTURES)
    whole = hd.seg.segread(tmp_path / "seg.dcm")
    frames = np.transpose(as_stored(labels, source.laid.geometry)[0], (2, 1, 0))
    described = [whole.get_segment_description(n) for n in (1, 2, 3)]
    bare = hd.seg.Segmentation(
        list(source.headers), frames, "BINARY", described, hd.UID(), 2, hd.UID(), 1, "x", "x",
        "1", "1",
    )  # fmt: skip
    bare.save_as(tmp_path / "bare.dcm")
    found = decode_mask(Reference("row", tmp_path / "bare.dcm"))
    assert found.values.shape[0] == SLICES - 2
    own, ours = np.argwhere(found.values > 0), np.argwhere(labels > 0)
    assert found.geometry.affine is not None
    moved = (np.linalg.inv(geometry.affine) @ found.geometry.affine
             @ np.c_[own, np.ones(len(own))].T)[:3].T  # fmt: skip
    assert np.array_equal(np.rint(moved).astype(int), ours)
    assert np.array_equal(found.values[tuple(own.T)], labels[tuple(ours.T)])


def test_one_enhanced_file_is_a_source_as_well(tmp_path: Path) -> None:
    made = header()
    made.SOPClassUID, made.NumberOfFrames = EnhancedCTImageStorage, SLICES
    made.StudyInstanceUID, made.SeriesInstanceUID = generate_uid(), generate_uid()
    made.FrameOfReferenceUID = generate_uid()
    del made.RescaleSlope, made.RescaleIntercept
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient, measures.PixelSpacing = AXES["axial"], [1.5, 0.75]
    measures.SliceThickness = 2.5
    shared.PlaneOrientationSequence = Sequence([orientation])
    shared.PixelMeasuresSequence = Sequence([measures])
    made.SharedFunctionalGroupsSequence = Sequence([shared])
    frames = []
    for number in (3, 0, 1, 2, 6, 5, 4):  # in no order
        frame, place = Dataset(), Dataset()
        place.ImagePositionPatient = position(AXES["axial"], number)
        frame.PlanePositionSequence = Sequence([place])
        frames.append(frame)
    made.PerFrameFunctionalGroupsSequence = Sequence(frames)
    made.PixelData = np.zeros((SLICES, ROWS, COLUMNS), np.int16).tobytes()
    (tmp_path / "e").mkdir()
    save(made, tmp_path / "e" / "all.dcm")
    labels, geometry = labels_for(tmp_path / "e")
    source = read_source(tmp_path / "e", where="--series")
    write_segmentation(tmp_path / "seg.dcm", labels, geometry, source=source, structures=STRUCTURES)
    again = decode_mask(Reference("row", tmp_path / "seg.dcm"))
    assert np.array_equal(again.values, labels)


def test_measurements_become_a_report_that_highdicom_reads(tmp_path: Path) -> None:
    import highdicom as hd

    folder = series(tmp_path / "s", AXES["axial"])
    labels, geometry = labels_for(folder)
    labels[...] = 1
    labels[2:5, 3:7, 3:7] = 2
    labels[2:5, 3:7, 10:12] = 3
    names = {n: name for name, n in STRUCTURES.items()}
    record = measured(labels, geometry, names=names, asked=Asked(margins_mm=(5.0,)))
    source = read_source(folder, where="--series")
    seg = write_segmentation(tmp_path / "seg.dcm", labels, geometry, source=source,
                             structures=STRUCTURES)  # fmt: skip
    write_report(tmp_path / "sr.dcm", record, segmentation=seg, source=source)
    report = hd.sr.srread(tmp_path / "sr.dcm")
    groups = report.content.get_volumetric_roi_measurement_groups()
    assert len(groups) == 3
    tumour = next(g for g in groups if g.tracking_identifier == "tumour")
    told = {m.name.meaning: (m.value, m.unit.value) for m in tumour.get_measurements()}
    assert told["Volume"] == (pytest.approx(record.sizes["tumour"].volume_ml, abs=1e-3), "ml")
    apart = record.distances["portal vein"].mm
    assert told["Distance to portal vein"] == (pytest.approx(apart, abs=1e-3), "mm")
    assert told["Shell of 5 mm"][0] == pytest.approx(record.shells[0].volume_ml, abs=1e-3)
    assert tumour.referenced_segment.referenced_segment_numbers[0] == 2
    assert report.PatientID == "MRN1"


def refused(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        decode_mask(Reference("the mask", path))
    assert "Doe" not in str(caught.value)
    return str(caught.value)


def test_other_dicom_and_other_series_are_refused(tmp_path: Path) -> None:
    folder = series(tmp_path / "s", AXES["axial"])
    assert "expected a DICOM segmentation (SEG), got another" in refused(folder / "0.dcm")
    labels, geometry = labels_for(folder)
    source = read_source(folder, where="--series")
    other = read_source(series(tmp_path / "o", AXES["coronal"]), where="--series")
    with pytest.raises(DataError, match="the DICOM series: expected a mask"):
        write_segmentation(tmp_path / "x.dcm", labels, geometry, source=other, structures={"a": 1})
    write_segmentation(tmp_path / "seg.dcm", labels, geometry, source=source, structures=STRUCTURES)
    whole = (tmp_path / "seg.dcm").read_bytes()
    for end in (len(whole) // 2, -40):
        (tmp_path / "cut.dcm").write_bytes(whole[:end])
        assert refused(tmp_path / "cut.dcm").startswith("the mask: expected ")
    nameless = series(tmp_path / "n", AXES["axial"], leave="FrameOfReferenceUID")
    with pytest.raises(DataError, match="got one without FrameOfReferenceUID"):
        read_source(nameless, where="--series")


def test_overlapping_segments_keep_the_smaller_one(tmp_path: Path) -> None:
    folder = series(tmp_path / "s", AXES["axial"])
    labels, geometry = labels_for(folder)
    labels[...] = 1
    labels[3, 4:6, 4:6] = 2
    source = read_source(folder, where="--series")
    write_segmentation(tmp_path / "seg.dcm", labels, geometry, source=source,
                       structures={"liver": 1, "tumour": 2})  # fmt: skip
    made = dcmread(tmp_path / "seg.dcm")
    bits = np.unpackbits(np.frombuffer(made.PixelData, np.uint8), bitorder="little")
    numbers = [int(g.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
               for g in made.PerFrameFunctionalGroupsSequence]  # fmt: skip
    size = ROWS * COLUMNS
    frames = bits[: size * len(numbers)].reshape(len(numbers), size)
    frames[np.array(numbers) == 1] = 1  # the liver now holds the tumour's voxels, too
    made.PixelData = np.packbits(frames.ravel(), bitorder="little").tobytes()
    made.save_as(tmp_path / "over.dcm")
    again = decode_mask(Reference("row", tmp_path / "over.dcm"))
    assert np.array_equal(again.values, labels)
    assert again.geometry.source["overlapping"] == 4


def test_structures_are_coded_as_what_their_names_say() -> None:
    assert [concept_of(name)[1].meaning for name in ("Liver lesion", "left kidney", "stuff")] == [
        "Mass",
        "Kidney",
        "Tissue",
    ]
    assert concept_of("portal vein")[1].value == concept_of("vein")[1].value


def test_the_command_writes_both_files(tmp_path: Path) -> None:
    import highdicom as hd
    from typer.testing import CliRunner

    from bedside.cli import app

    folder = series(tmp_path / "s", AXES["oblique"])
    labels, geometry = labels_for(folder)
    labels[...] = 1
    labels[2:5, 3:7, 3:7] = 2
    write_mask(tmp_path / "m.nii.gz", labels, geometry, structures={"liver": 1, "lesion": 2})
    out = tmp_path / "out"
    words = ["measure", tmp_path / "m.nii.gz", "--series", folder, "-o", out, "-q"]
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exit_code == 0, done.output
    again = decode_mask(Reference("row", out / "segmentation.dcm"))
    assert np.array_equal(again.values, labels)
    report = hd.sr.srread(out / "measurements.dcm")
    assert len(report.content.get_volumetric_roi_measurement_groups()) == 2
    assert "Doe" not in done.output


def test_a_mask_of_a_package_becomes_seg_and_sr_beside_its_nifti(tmp_path: Path) -> None:
    folder = series(tmp_path / "s", AXES["oblique"])
    labels, geometry = labels_for(folder)
    state = {"names": list(STRUCTURES), "labels": STRUCTURES}
    out = MaskFolder(tmp_path / "out", state, dicom=True)
    case = Reference("row 2", folder)
    mask = pack(labels, geometry.spacing_mm)
    assert out.write(Answered("p1", mask, geometry, source=case)) == "p1_mask.nii.gz"
    again = decode_mask(Reference("row 2", tmp_path / "out" / "p1_mask.dcm"))
    assert np.array_equal(again.values, labels)
    report = dcmread(tmp_path / "out" / "p1_mask_measurements.dcm")
    assert report.Modality == "SR"
    assert len(report.ContentSequence) > 2
    empty = pack(np.zeros_like(labels), geometry.spacing_mm)
    assert out.write(Answered("p2", empty, geometry, source=case)) == "p2_mask.nii.gz"
    nothing = decode_mask(Reference("row 2", tmp_path / "out" / "p2_mask.dcm"))
    assert not nothing.values.any()
    assert not (tmp_path / "out" / "p2_mask_measurements.dcm").exists()
    with pytest.raises(DataError, match="row 9: expected a DICOM series"):
        out.write(
            Answered(
                "p3",
                mask,
                geometry,
                source=Reference("row 9", tmp_path / "out" / "p1_mask.nii.gz"),
                where="row 9",
            )
        )
