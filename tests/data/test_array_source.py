"""An .npz of arrays becomes a cohort, or says what is wrong."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bedside.data import array_source
from bedside.data.cohort import Cohort
from bedside.data.sources import load_cohort
from bedside.errors import DataError
from bedside.study import Study


def study(data: dict[str, Any], **sections: Any) -> Study:
    return Study.parse(
        {
            "data": data,
            "inputs": {"image": {"modality": "image"}},
            "target": {"task": "classify"},
            **sections,
        }
    )


def medmnist(columns: int = 1, **changes: Any) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for place, (prefix, count) in enumerate({"train": 4, "val": 2, "test": 3}.items()):
        arrays[f"{prefix}_images"] = np.full((count, 5, 5), place, np.uint8)
        arrays[f"{prefix}_labels"] = (
            np.arange(count * columns, dtype=np.uint8).reshape(count, -1) % 2
        )
    return {k: v for k, v in (arrays | changes).items() if v is not None}


def load_npz(tmp_path: Path, arrays: dict[str, Any], **sections: Any) -> Cohort:
    path = tmp_path / "f.npz"
    np.savez_compressed(path, **arrays)
    return load_cohort(study({"npz": str(path)}, **sections))


def test_medmnist_files_become_a_cohort_with_parts(tmp_path: Path) -> None:
    cohort = load_npz(tmp_path, medmnist(), split={"by": "case", "column": "part"})
    assert cohort.arrays["image"].shape == (9, 5, 5)
    assert cohort.arrays["image"].dtype == np.uint8
    assert cohort.cases["label"].tolist() == ["0", "1", "0", "1", "0", "1", "0", "1", "0"]
    assert cohort.cases["part"].tolist() == ["train"] * 4 + ["validation"] * 2 + ["test"] * 3
    assert cohort.ids()[[0, 4, 8]].tolist() == ["train-0", "validation-0", "test-2"]
    np.testing.assert_array_equal(cohort.reference(5, "image").content, np.ones((5, 5)))


def test_several_labels_become_several_columns(tmp_path: Path) -> None:
    cohort = load_npz(tmp_path, medmnist(columns=3))
    assert [c for c in cohort.cases if c.startswith("label")] == ["label_0", "label_1", "label_2"]
    assert cohort.cases["label_1"].tolist()[:4] == ["1", "0", "1", "0"]


def test_a_plain_npz_has_no_parts_and_unknown_labels_stay_blank(tmp_path: Path) -> None:
    arrays = {
        "images": np.zeros((4, 3, 3)),
        "labels": np.array([1, 0, np.nan, 1]),
        "more": np.ones(2),
    }
    cohort = load_npz(tmp_path, arrays)
    assert cohort.cases["label"].fillna("?").tolist() == ["1", "0", "?", "1"]
    assert "part" not in cohort.cases
    assert cohort.notes == ("1 other array(s) of the file were ignored.",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"val_labels": None}, "f.npz: expected an array 'val_labels', got none. Did you mean"),
        ({"test_labels": np.zeros((2, 1))}, "got 3 images and 2 labels. Save them together."),
        (
            {"val_images": np.zeros((2, 6, 5), np.uint8)},
            "expected shape and dtype as in 'train_images'",
        ),
        (
            {"val_images": np.zeros((2, 5, 5), np.uint16)},
            "expected shape and dtype as in 'train_images'",
        ),
        ({"train_images": np.zeros((4, 5), np.uint8)}, "got shapes (4, 5) and (4, 1)."),
        (
            {"train_labels": np.array([[1], ["x"], [None], [2]], dtype=object)},
            "pickled Python objects",
        ),
    ],
)
def test_faulty_arrays_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        load_npz(tmp_path, medmnist(**changes))
    assert message in str(caught.value)


@pytest.mark.parametrize("size", [0, 10, 300, -1])
def test_a_truncated_npz_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "f.npz"
    np.savez_compressed(path, **medmnist())
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(DataError, match=r"^f.npz: expected a whole .npz file, got one that cannot"):
        load_cohort(study({"npz": str(path)}))


def test_damaged_values_inside_an_npz_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.npz"
    np.savez(path, **medmnist(train_images=np.full((4, 5, 5), 77, np.uint8)))
    path.write_bytes(path.read_bytes().replace(b"\x4d" * 50, b"\x4e" * 50, 1))
    with pytest.raises(DataError, match="cannot be unpacked"):
        load_cohort(study({"npz": str(path)}))


def test_a_declared_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "f.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in medmnist().items():
            stream = io.BytesIO()
            np.lib.format.write_array(stream, array)
            archive.writestr(f"{name}.npy", stream.getvalue())
        stream = io.BytesIO()
        header = {"descr": "|u1", "fortran_order": False, "shape": (2**40, 5, 5)}
        np.lib.format.write_array_header_1_0(stream, header)
        archive.writestr("extra.npy", stream.getvalue())
    with pytest.raises(DataError, match="expected at most 16 GiB once unpacked"):
        load_cohort(study({"npz": str(path)}))


def test_a_bomb_by_compression_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_source, "MAX_BYTES", 1000)
    with pytest.raises(DataError, match="once unpacked"):
        load_npz(tmp_path, medmnist(train_images=np.zeros((4, 50, 50), np.uint8)))
