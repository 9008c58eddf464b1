"""Do explanations point at the sign? Made-up cohorts whose sign is known, case by case.

    python benchmarks/explanations.py --cohorts xray text-bag --output explanations.md
    python benchmarks/explanations.py --cohorts xray --run demo/chest-xray

Enters: names of cohorts; no data. A network is trained as a study trains it, on cases made with
one seed; cases made with another choose nothing and are explained by every method. Leaves: a
Markdown table: how many fresh cases the network names rightly; of the positives that it finds,
the share whose strongest mark lies on the sign, with its 95 % Wilson interval; the same of the
network with weights drawn anew.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from planted_signs import COHORTS, Made
from scipy.stats import binomtest

from bedside.deployment.package import read_package
from bedside.explanation.drawn_weights import randomised
from bedside.explanation.explainer import draw_maps, suiting, taken
from bedside.explanation.question import Question
from bedside.explanation.reopened import reopen_network
from bedside.explanation.surface import surface_of
from bedside.models.network import StudyNetwork
from bedside.progress import Progress
from bedside.run_folder import RunFolder
from bedside.schema import Targets
from bedside.study import TrainingSection
from bedside.tasks.classify import Classify
from bedside.training.candidates import input_plans
from bedside.training.loader import Prepared
from bedside.training.loop import Job, train
from bedside.training.recipe import make_recipe

SEEDS = {"train": 7, "validation": 8, "fresh": 100}
MOST = 100
"""Found positives that are explained."""
HEADER = (
    "| cohort | network | named rightly | correct positives | method | on the sign "
    "| weights drawn anew |",
    "|---|---|---|---|---|---|---|",
)


@dataclass(frozen=True)
class Asking:
    """How a cohort is asked.

    Args:
        epochs: of the training; None takes the recipe's.
        run: a finished run whose network is asked instead of one trained here.
        methods: names; none for all that suit.
        most: positives that are explained.
    """

    epochs: int | None
    run: Path | None
    methods: tuple[str, ...]
    most: int


def main() -> int:
    options = _options()
    lines = list(HEADER)
    print(*lines, sep="\n", flush=True)
    for name in options.cohorts:
        started = time.perf_counter()
        asking = Asking(options.epochs, options.run, tuple(options.methods), options.most)
        for line in measured(name, asking):
            lines.append(line)
            print(line, flush=True)
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    if options.output:
        options.output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


def measured(name: str, asking: Asking) -> Iterator[str]:
    """The lines of one cohort, a method each."""
    make, encoder = COHORTS[name]
    first = make(SEEDS["train"], None)
    parts = {part: make(SEEDS[part], first.state) for part in ("validation", "fresh")}
    if asking.run is None:
        question = trained(encoder, {"train": first, **parts}, epochs=asking.epochs)
    else:
        question, encoder = reopened(asking.run), f"run {asking.run.name}"
    fresh = parts["fresh"]
    shapes = {key: values.shape[1:] for key, values in fresh.arrays.items()}
    surface = surface_of("x", shapes, fresh.state)
    named = {f"x.{key}": values for key, values in fresh.arrays.items()}
    every = question.look(taken(named, np.arange(len(fresh.labels)), question))
    found = every[:, -1].numpy() > 0
    right = float((found == fresh.labels).mean())
    rows = np.flatnonzero((fresh.labels == 1) & found)[: asking.most]
    arrays = taken(named, rows, question)
    which = question.asked.chosen(every[rows])
    drawn = question.of_other(randomised(question.network, seed=1))
    for method in suiting(question, surface):
        if asking.methods and method not in asking.methods:
            continue
        shares = []
        for one in (question, drawn):
            maps = draw_maps(one, arrays, surface, which=which, method=method).numpy()
            hits = sum(
                bool(own.max() > own.min()) and fresh.inside(int(row), own)
                for row, own in zip(rows, maps, strict=True)
            )
            shares.append(share(hits, len(rows)))
        cells = (name, encoder, f"{100 * right:.0f} %", str(len(rows)), method, *shares)
        yield f"| {' | '.join(cells)} |"


def share(hits: int, count: int) -> str:
    """``96 % (90 to 98)``."""
    if not count:
        return "none found"
    ends = binomtest(hits, count).proportion_ci(method="wilson")
    return f"{100 * hits / count:.0f} % ({100 * ends.low:.0f} to {100 * ends.high:.0f})"


def reopened(run: Path) -> Question:
    """The network of a finished run on one input; it is named x here."""
    folder = RunFolder(run)
    contents = read_package(folder.package).contents
    network = reopen_network(
        folder, task=contents.task, state=contents.task_state, states=contents.modality_states
    )
    ((_, arrays),) = network.array_names.items()
    network.array_names = {"x": arrays}
    return Question.of(network, "binary", contents.task_state)


def trained(encoder: str, parts: dict[str, Made], *, epochs: int | None) -> Question:
    """The network of a study on these cases, after its default recipe."""
    task = Classify()
    prepared = {
        part: Prepared(
            {f"x.{key}": values for key, values in own.arrays.items()},
            targets_of(own),
            np.arange(len(own.labels)),
        )
        for part, own in parts.items()
    }
    training = prepared["train"]
    state = task.fit(training.targets)
    plans = input_plans({"x": encoder}, training, {"x": parts["train"].state})
    torch.manual_seed(7)
    network = StudyNetwork(plans, fusion="concat", head=lambda width: task.head(width, state))
    section = TrainingSection() if epochs is None else TrainingSection(epochs=epochs)
    job = Job(
        name=encoder,
        network=network,
        task=task,
        state=state,
        train=training,
        validation=prepared["validation"],
        recipe=make_recipe(len(training), section),
        modalities={},
        seed=7,
        device=torch.device("cpu"),
        precision="float32",
    )
    train(job, progress=Progress(quiet=True))
    return Question.of(network, "binary", state)


def targets_of(made: Made) -> Targets:
    """Whether there is a sign."""
    truth = made.labels[:, None].astype(np.float32)
    known = np.ones(truth.shape, dtype=bool)
    return Targets({"truth": truth, "known": known}, ("without", "with"))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cohorts", nargs="+", choices=COHORTS, default=list(COHORTS))
    parser.add_argument("--epochs", type=int, help="of each training; default the recipe's")
    parser.add_argument("--methods", nargs="+", default=[], help="default all that suit")
    parser.add_argument("--most", type=int, default=MOST, help="positives that are explained")
    parser.add_argument("--run", type=Path, help="a finished run on this very cohort to ask")
    parser.add_argument("--output", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
