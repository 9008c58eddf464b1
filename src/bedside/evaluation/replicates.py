"""What the bootstrap drew, kept with a run so that runs can be compared with each other.

Enters: a judgement. Leaves: ``predictions/replicates-<part>.npz``: of each model and plain
metric the replicates and the values without each block of patients. No case is in it.
Resamples follow ``split.seed``, so that two runs on the same test cases, of whatever model,
recipe or training seed, met the same patients in each of them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.errors import RunError, sentence
from bedside.evaluation.scoring import Scores
from bedside.run_folder import atomic, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bedside.evaluation.judge import Exam, Judgement
    from bedside.run_folder import RunFolder
    from bedside.schema import Array

REPLICATES, LEFT_OUT, RESAMPLES = "replicates", "left_out", "resamples"


@dataclass(frozen=True)
class JudgedRun:
    """A finished run as others are compared with it.

    Args:
        metrics: its ``metrics.json``.
        scores: model -> what it scored on the test part, plain metrics alone.
    """

    metrics: Mapping[str, Any]
    scores: Mapping[str, Scores]

    @property
    def deep(self) -> Scores:
        """Of the network that validation chose."""
        return self.scores[self.metrics["deep"]]

    @property
    def peer(self) -> Scores:
        """Of the best classical peer."""
        return self.scores[self.metrics["best_baseline"]]


def write_replicates(folder: RunFolder, judgement: Judgement, exam: Exam) -> None:
    """Keep the replicates of every model on every test part.

    Args:
        folder: of the run.
        judgement: all models judged.
        exam: what they were judged on; its ids go into the fingerprint of the resamples.
    """
    cases = "\n".join(map(str, exam.ids))
    for part in exam.tests:
        arrays: dict[str, Array] = {}
        for name, model in judgement.models.items():
            scores = model.scores[part]
            plain = exam.kind.measurer(model.answers[part], brief=True)
            groups = exam.kind.evidence(model.answers[part]).groups
            for metric in plain(np.ones((1, len(groups)))):
                for key, found in ((REPLICATES, scores.replicates), (LEFT_OUT, scores.left_out)):
                    arrays[f"{name}/{metric}/{key}"] = found[metric].astype(np.float32)
        # all models of a part met the same resamples
        drawn = judgement.models[judgement.deep].scores[part].resamples
        digest = hashlib.sha256(f"{drawn}\n{cases}".encode()).hexdigest()
        arrays[RESAMPLES] = np.array(digest)
        with atomic(_place(folder, part)) as partial, partial.open("wb") as stream:
            np.savez_compressed(stream, allow_pickle=False, **arrays)


def read_judged_run(folder: RunFolder) -> JudgedRun:
    """A finished run with its replicates on the test part.

    Raises:
        RunError: it was made by a version that kept none, or a file is damaged.
    """
    metrics = read_json(folder.metrics)
    arrays = _arrays(_place(folder, "test"), folder.root.name)
    resamples = str(arrays.pop(RESAMPLES, ""))
    drawn: dict[str, dict[str, dict[str, Array]]] = {}
    for key, values in arrays.items():
        name, metric, what = key.rsplit("/", 2)
        drawn.setdefault(name, {}).setdefault(what, {})[metric] = values.astype(np.float64)
    scores = {
        name: Scores(
            {metric: metrics["models"][name][metric] for metric in found[REPLICATES]},
            found[REPLICATES],
            found[LEFT_OUT],
            resamples,
        )
        for name, found in drawn.items()
    }
    return JudgedRun(metrics, scores)


def _place(folder: RunFolder, part: str) -> Path:
    return folder.root / "predictions" / f"replicates-{part}.npz"


def _arrays(path: Path, run: str) -> dict[str, Array]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {key: stored[key] for key in stored.files}
    except (OSError, ValueError, EOFError):
        raise RunError(
            sentence(
                f"{run}/predictions",
                expected=f"{path.name}, by which runs are compared",
                got="a damaged one" if path.exists() else "none",
                remedy="Repeat the run with this version",
            )
        ) from None
