"""What helps with few labels: transfer, self-supervised and semi-supervised learning.

    python benchmarks/scarce_labels.py --data DIR --runs DIR --labels 50 100 500 --seeds 7 8 9

Enters: the folder with ``pneumoniamnist.npz`` and ``nih_chest_xray/`` (--data or BEDSIDE_DATA).
Leaves: one run a number of labels and seed (a benchmark that was stopped goes on where it was)
and a Markdown table on standard output.

Of the published training part all labels are hidden but as many as asked, drawn by the seed with
the part's own prevalence; validation and test are the published ones. Plain training and an aid
are judged in one run, on the same cases. The transfer starts from a network
trained on NIH ChestX-ray14, other patients of another hospital. A gain is the paired difference
from plain training on the test part; that over seeds is the mean of their differences in the
same resamples of patients, so its interval is of the test cases and its spread of the seeds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bedside.evaluation.bootstrap import interval
from bedside.evaluation.replicates import JudgedRun, read_judged_run
from bedside.pipeline import run
from bedside.progress import Progress
from bedside.run_folder import RunFolder
from bedside.study import Study

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
HIDDEN = 2
"""Beside the two labels."""
SIDE = "[28, 28]"
PLAIN = "resnet"
METRIC = "auroc"


def hide_labels(source: Path, target: Path, *, keep: int, seed: int) -> None:
    """Write the data once more with `keep` training labels, both classes as frequent as before.

    Args:
        source: a MedMNIST file of two classes.
        target: to write.
        keep: labels that stay.
        seed: of which.
    """
    with np.load(source) as stored:
        arrays = {name: stored[name] for name in stored.files}
    labels = arrays["train_labels"].reshape(-1)
    rng = np.random.default_rng(seed)
    ill, well = (rng.permutation(np.flatnonzero(labels == answer)) for answer in (1, 0))
    of_ill = round(keep * len(ill) / len(labels))
    kept = np.concatenate([ill[:of_ill], well[: keep - of_ill]])
    hidden = np.full_like(labels, HIDDEN)
    hidden[kept] = labels[kept]
    np.savez(target, **{**arrays, "train_labels": hidden[:, None]})


def transfer_source(data: Path, runs: Path, *, progress: Progress) -> Path:
    """The run that transfer starts from."""
    folder = runs / "nih"
    if not (folder / "metrics.json").exists():
        changes = [f"data.table={data / 'nih_chest_xray' / 'labels.csv'}"]
        changes += [f"inputs.xray.size={SIDE}", "explanation.method=none", "baselines=[majority]"]
        study = Study.load(EXAMPLES / "nih_chest_xray.yaml", overrides=changes)
        run(study, folder, resume=folder.exists(), progress=progress)
    return folder


def scarce_run(
    data: Path, folder: Path, *, labels: int, seed: int, aids: list[str], progress: Progress
) -> JudgedRun:
    """Plain training and some aids, with so many labels.

    Args:
        data: the folder of all data.
        folder: of the run.
        labels: that stay.
        seed: of what is hidden, and of training.
        aids: as ``key=value`` of the study.
        progress: who is told.
    """
    if not (folder / "metrics.json").exists():
        hidden = folder.with_suffix(".npz")
        hide_labels(data / "pneumoniamnist.npz", hidden, keep=labels, seed=seed)
        changes = [
            f"data.npz={hidden}", f"training.seed={seed}", *aids,
            f"target.unknown=[{HIDDEN}]", "target.names={}",
            "explanation.method=none", "baselines=[logistic]",
        ]  # fmt: skip
        study = Study.load(EXAMPLES / "pneumoniamnist.yaml", overrides=changes)
        run(study, folder, resume=folder.exists(), progress=progress)
        hidden.unlink()
    return read_judged_run(RunFolder(folder))


def runs_of(
    data: Path, runs: Path, *, labels: int, seed: int, progress: Progress
) -> dict[str, JudgedRun]:
    """Aid -> its run, each beside plain training.

    Plain networks differ a little: means are fitted on unlabelled cases too, where a study
    learns from them.
    """
    source = transfer_source(data, runs, progress=progress)
    aids = {
        "start-from": [f"model.start_from={source}"],
        "pretrain": ["training.pretrain=true"],
        "pseudo-labels": ["training.pseudo_labels=true"],
    }
    return {
        name: scarce_run(
            data, runs / f"labels{labels}-seed{seed}-{name}",
            labels=labels, seed=seed, aids=own, progress=progress,
        )
        for name, own in aids.items()
    }  # fmt: skip


@dataclass(frozen=True)
class Gain:
    """Of one model over plain training, on the test part.

    Args:
        value: of one run, or the mean of several.
        low: end of its 95 % interval.
        high: the other end.
    """

    value: float
    low: float
    high: float

    def words(self) -> str:
        """As a table shows it."""
        return f"{self.value:+.4f} ({self.low:+.4f} to {self.high:+.4f})"


def mean_gain(runs: list[JudgedRun], model: str) -> Gain:
    """The mean paired difference of several runs in the same resamples of patients."""
    pairs = [(one.scores[model], one.scores[PLAIN]) for one in runs]
    value = statistics.mean(_value(a) - _value(b) for a, b in pairs)
    drawn = np.mean([a.replicates[METRIC] - b.replicates[METRIC] for a, b in pairs], axis=0)
    left = np.mean([a.left_out[METRIC] - b.left_out[METRIC] for a, b in pairs], axis=0)
    low, high = interval(drawn, 0.95, estimate=value, left_out=left) or (np.nan, np.nan)
    return Gain(value, low, high)


def _value(scores: object) -> float:
    found = scores.table[METRIC]["value"]  # type: ignore[attr-defined]
    return float(found)


def table(found: dict[int, list[dict[str, JudgedRun]]]) -> str:
    """Markdown: a line a number of labels and model, seeds together."""
    lines = [
        "| labels | aid | plain, test AUROC (sd over seeds) | with the aid | gain | kept |",
        "|---|---|---|---|---|---|",
    ]
    for labels, seeds in found.items():
        lines += [f"| {labels} | {aid} | {_row(seeds, aid)} |" for aid in seeds[0]]
    return "\n".join(lines)


def _row(seeds: list[dict[str, JudgedRun]], aid: str) -> str:
    runs, model = [own[aid] for own in seeds], f"{PLAIN}+{aid}"
    kept = sum(one.metrics["aids"][model]["kept"] for one in runs)
    told = [_spread(runs, PLAIN), _spread(runs, model), mean_gain(runs, model).words()]
    return f"{' | '.join(told)} | {kept} of {len(runs)}"


def _spread(runs: list[JudgedRun], model: str) -> str:
    marks = [_value(one.scores[model]) for one in runs]
    spread = f" ({statistics.stdev(marks):.4f})" if len(marks) > 1 else ""
    return f"{statistics.mean(marks):.4f}{spread}"


def main(arguments: list[str] | None = None) -> None:
    """Make the runs that are missing, then print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("BEDSIDE_DATA"))
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--labels", type=int, nargs="+", default=[50, 100, 500])
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    given = parser.parse_args(arguments)
    if given.data is None:
        parser.error("name the folder of the data with --data or BEDSIDE_DATA")
    given.runs.mkdir(parents=True, exist_ok=True)
    data, runs = Path(given.data).absolute(), given.runs.absolute()
    progress = Progress()
    found = {
        labels: [
            runs_of(data, runs, labels=labels, seed=seed, progress=progress) for seed in given.seeds
        ]
        for labels in given.labels
    }
    sys.stdout.write(table(found) + "\n")


if __name__ == "__main__":
    main()
