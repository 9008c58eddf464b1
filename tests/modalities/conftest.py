"""Fixtures for DICOM: show what was made, or take the sentence that refuses it."""

from __future__ import annotations

import pytest
from pydicom import Dataset

from bedside.errors import DataError
from bedside.modalities.image_files import decode
from bedside.modalities.image_view import View
from bedside.schema import Reference

from .dicom_made import WHERE, written


@pytest.fixture
def shown(tmp_path):
    def show(made: Dataset, **view):
        return decode(Reference(WHERE, written(tmp_path, made)), view=View(**view))

    return show


@pytest.fixture
def complaint(tmp_path):
    def complain(made: Dataset | bytes, **view) -> str:
        path = tmp_path / "Doe_Jane.dcm"
        if isinstance(made, bytes):
            path.write_bytes(made)
        else:
            written(tmp_path, made)
        with pytest.raises(DataError) as caught:
            decode(Reference(WHERE, path), view=View(**view))
        message = str(caught.value)
        assert message.startswith(f"{WHERE}: expected ")
        assert "Doe" not in message
        return message

    return complain
