"""What a run shows people: example cases and audited ones with pictures, figures, the report."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as Pillow

from bedside.reporting.audit_pictures import write_audit_pictures
from bedside.reporting.figures import write_figures
from bedside.reporting.kinds import REGISTRY as KINDS
from bedside.reporting.report import write_report
from bedside.reporting.telling import Shown
from bedside.schema import Array

if TYPE_CHECKING:
    from bedside.audit.gathering import Materials
    from bedside.evaluation.judge import Judgement
    from bedside.run_folder import RunFolder
    from bedside.training.preparation import Preparation


def write_evidence(
    folder: RunFolder,
    materials: Materials,
    *,
    preparation: Preparation,
    judgement: Judgement,
) -> None:
    """Write example cases, pictures for the audit, figures and the report of a run just judged."""
    test = preparation.parts["test"]
    cohort = materials.cohort

    def picture(row: int) -> bytes | None:
        for name, modality in materials.modalities.items():
            sample = materials.readings[name].samples[row]
            pixels = None if sample is None else modality.picture(sample)
            if pixels is not None:
                return _png(pixels)
        return None

    def text(case: int) -> str | None:
        own = {name: texts[case] for name, texts in test.texts.items()}
        if len(own) == 1:
            return next(iter(own.values()))
        return "\n".join(f"{name}: {words}" for name, words in own.items()) or None

    def volume(case: int) -> Array | None:
        if test.targets.kind != "mask":
            return None
        (name,) = materials.modalities
        sample = materials.readings[name].samples[int(test.rows[case])]
        values = None if sample is None else sample.values
        if sample is not None and test.targets.facts.get("space", "volume") != "volume":
            shown = np.asarray(materials.modalities[name].picture(sample), np.float32)
            return (shown if shown.ndim == 2 else shown.mean(axis=2))[None]
        if not isinstance(values, np.ndarray):
            return None
        return values if values.ndim == 3 else values[..., 0]

    kind = KINDS.load(test.targets.kind)
    names = [cohort.where(int(row)) for row in test.rows]
    seed = materials.study.training.seed
    shown = Shown(names, lambda case: picture(int(test.rows[case])), seed, text, volume)
    kind.write_examples(folder, judgement.models[judgement.deep].answers["test"], shown)
    write_audit_pictures(folder, cohort, pictures=picture)
    write_figures(folder)
    write_report(folder)


def _png(pixels: Array) -> bytes:
    stream = io.BytesIO()
    Pillow.fromarray(np.ascontiguousarray(pixels)).save(stream, format="PNG")
    return stream.getvalue()
