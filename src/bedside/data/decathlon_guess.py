"""A first study file for a folder of the Medical Segmentation Decathlon.

Enters: a folder with dataset.json. Leaves: the sections of data, inputs and target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.data.decathlon_source import read_dataset

if TYPE_CHECKING:
    from pathlib import Path

    from bedside.data.study_text import StudyText

GROUPS = "groups.csv"


def write_decathlon(text: StudyText, path: Path, place: str) -> bool:
    """Write the sections; whether patients are known.

    Raises:
        DataError: dataset.json has another form.
    """
    task = read_dataset(path)
    text.open("data", means=f"where the cases come from: {len(task.files)} volumes with masks")
    text.add("decathlon", place, means="the folder that holds dataset.json")
    known = (path / GROUPS).is_file()
    means = "case, patient: keeps a patient in one part"
    if known:
        text.add("groups", f"{place}/{GROUPS}", means=means)
    else:
        text.offer("groups", GROUPS, means=means)
    name = "volume"
    if len(task.modalities) == 1:
        letters = "".join(letter for letter in task.modalities[0].lower() if letter.isalnum())
        name = letters if letters[:1].isalpha() else name
    text.open("inputs", means="what the model sees; the names are yours")
    text.add(name, means=f"one input of {len(task.modalities)} channel(s)")
    text.add("modality", "volume", means="NIfTI, a folder of DICOM slices, or an array", depth=2)
    text.open("target", means="what the model shall answer")
    count = len(task.structures)
    text.add("task", "segment", means=f"marks {count} structure{'' if count == 1 else 's'}")
    text.add("structures", task.structures, means="their numbers in the masks")
    return known
