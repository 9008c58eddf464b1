"""What needs an extra says so in one sentence, with the command that installs it."""

from __future__ import annotations

import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from licences import required

from bedside.errors import InstallError
from bedside.extras import LIBRARIES, check_extra
from bedside.modalities import REGISTRY, extra_of
from bedside.modalities.text import Text
from bedside.modalities.volume import Volume
from bedside.schema import Reference, Sample
from bedside.study import Study
from bedside.training.preparation import build_modalities


def test_every_extra_brings_its_library() -> None:
    for extra, library in LIBRARIES.items():
        assert library in [requirement.name for requirement in required(extra)]


def test_studies_are_made_with_the_extras_of_all_inputs() -> None:
    wanted = {extra for name in REGISTRY.names() if (extra := extra_of(REGISTRY.load(name)()))}
    names = {requirement.name for requirement in required("study")}
    assert wanted == {"text", "volumes"}
    assert {LIBRARIES[extra] for extra in wanted} <= names


def test_a_missing_library_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    check_extra("text", where="Package")
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(InstallError) as caught:
        check_extra("text", where="Package")
    assert str(caught.value) == (
        "Package: expected the extra 'text' with the library tokenizers, got an install without "
        'it. Install it with: pip install "bedside[text]".'
    )


def test_texts_and_volumes_are_refused_without_theirs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 4), np.int16), np.eye(4)), tmp_path / "v.nii")
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(InstallError, match=r'pip install "bedside\[text\]"\.$'):
        Text().fit([Sample("Kein Erguss.")])
    with pytest.raises(InstallError, match=r'^a NIfTI file: .* "bedside\[volumes\]"\.$'):
        Volume().read(Reference("row 2", tmp_path / "v.nii"))
    array = np.zeros((4, 4, 4), np.uint8)
    assert Volume(size=(8, 8, 8)).read(Reference("row 2", array)).values.shape == (8, 8, 8)


def test_a_study_of_texts_says_so_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    study = Study.parse(
        {
            "data": {"synthetic": "reports"},
            "inputs": {"findings": {"modality": "text"}},
            "target": {"task": "classify"},
        }
    )
    with pytest.raises(InstallError, match=r"^inputs\.findings: expected the extra 'text'"):
        build_modalities(study)
