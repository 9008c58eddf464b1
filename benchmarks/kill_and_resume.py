"""Kill real runs at random moments, go on with them, and compare what they end with.

    python benchmarks/kill_and_resume.py --runs 20 --output table.md

Enters: nothing; the study is made up. `bedside run` is started as a process of its own and
killed with SIGKILL: in every stage at least once, at a random moment of it; the later runs
several times. Each is then resumed to its end. Leaves: a table, one line a run: in which
stages it died, and whether its metrics (but for timing), predictions, weights and network
are those of an undisturbed run, byte for byte. Ends with 1 if one is not.

So that training of seconds has checkpoints within its epochs too, they are written every
`--checkpoint-seconds` instead of every minute.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STUDY = """
name: killed
data: {synthetic: chest-xray, patient: patient_id, site: hospital, patients: 40, seed: 7}
inputs: {xray: {modality: image, column: image, size: [32, 32]}}
target: {task: classify, column: label, positive: nodule}
model: {encoders: {xray: [cnn, resnet]}}
training: {epochs: 6, batch_size: 16}
evaluation: {bootstrap: 100, subgroups: [sex]}
"""
START_UP = "start"
"""Before the first stage: imports, the study file."""
SEVERAL = 0.6
"""Share of the runs that are killed once; the others two to four times."""
LOOK_SECONDS = 0.005
LONGEST_SECONDS = 1200.0


@dataclass(frozen=True)
class Moment:
    """When to kill: that many seconds after a stage began."""

    stage: str
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """How a run went: the stages it was killed in, and what was unlike the undisturbed run."""

    died_in: list[str]
    unlike: list[str]
    seconds: float


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(options.keep or scratch)
        undisturbed = Bench(place / "undisturbed", options.checkpoint_seconds)
        if not (undisturbed.run / "report.html").exists():
            undisturbed.finish()
        stages = undisturbed.stages()
        outcomes = []
        for number in range(options.first, options.first + options.runs):
            moments = plan(number, options.runs, stages, seed=options.seed)
            bench = Bench(place / f"run-{number}", options.checkpoint_seconds)
            outcomes.append(kill_and_finish(bench, moments, undisturbed))
            print(line(number, outcomes[-1]), flush=True)
            shutil.rmtree(bench.folder)
    text = table(options.first, outcomes)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    print("\n" + text)
    return int(any(outcome.unlike for outcome in outcomes))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="number of the first run")
    parser.add_argument("--seed", type=int, default=7, help="of the moments")
    parser.add_argument("--checkpoint-seconds", type=float, default=0.2)
    parser.add_argument("--keep", type=Path, help="work here and keep the undisturbed run")
    parser.add_argument("--output", type=Path, help="also write the table to this file")
    return parser.parse_args()


class Bench:
    """One study in a folder of its own, and the command that runs it.

    Args:
        folder: made where it is missing.
        checkpoint_seconds: between checkpoints within an epoch.
        study: YAML.
    """

    def __init__(self, folder: Path, checkpoint_seconds: float, *, study: str = STUDY) -> None:
        self.folder, self.run = folder, folder / "run"
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "study.yaml"
        self.file.write_text(study, encoding="utf-8")
        self.errors = folder / "errors.txt"
        self._code = (
            "from bedside.training import loop\n"
            f"loop.CHECKPOINT_SECONDS = loop.LOOK_SECONDS = {checkpoint_seconds}\n"
            "loop.CHECKPOINT_SHARE = 1.0\n"
            "from bedside.cli import main\nmain()"
        )

    def start(self) -> subprocess.Popen[bytes]:
        """Start `bedside run --resume`, which begins anew where there is nothing to resume."""
        words = ["run", str(self.file), "-o", str(self.run), "--resume", "--quiet"]
        with self.errors.open("ab") as errors:
            return subprocess.Popen([sys.executable, "-c", self._code, *words], stderr=errors)

    def finish(self) -> None:
        """Run to the end."""
        code = self.start().wait(timeout=LONGEST_SECONDS)
        if code:
            raise SystemExit(f"ended with {code}: {self.errors.read_text()[-2000:]}")

    def events(self) -> list[dict[str, Any]]:
        """The stages in the log so far."""
        log = self.run / "log.jsonl"
        found = []
        for words in log.read_text(encoding="utf-8").splitlines() if log.exists() else []:
            try:
                found.append(json.loads(words))
            except json.JSONDecodeError:
                continue  # half a line, of a process that was killed
        return [event for event in found if event["event"] == "stage"]

    def stages(self) -> dict[str, float]:
        """Stage -> seconds of a finished run, in order; start-up first."""
        done = {e["name"]: e["seconds"] for e in self.events() if e["state"] == "done"}
        return {START_UP: 2.0, **done}

    def result(self) -> dict[str, str]:
        """What must be the same: name -> hash; metrics without their timing."""
        metrics = json.loads((self.run / "metrics.json").read_text(encoding="utf-8"))
        metrics.pop("timing")
        found = {"metrics.json": json.dumps(metrics)}
        files = [self.run / "predictions.csv", *(self.run / "predictions").glob("*")]
        files += [self.run / "package" / "network.onnx", self.run / "splits.csv"]
        for path in files:
            found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (self.run / "checkpoint").rglob("*.safetensors"):
            found[f"weights of {path.parent.name}"] = best_weights(path)
        return found


def best_weights(checkpoint: Path) -> str:
    """Hash of the weights that a training kept."""
    from safetensors import safe_open

    digest = hashlib.sha256()
    with safe_open(checkpoint, framework="numpy") as stream:
        for name in sorted(n for n in stream.keys() if n.startswith("best/")):  # noqa: SIM118
            digest.update(name.encode() + stream.get_tensor(name).tobytes())
    return digest.hexdigest()


def plan(number: int, runs: int, stages: dict[str, float], *, seed: int) -> list[Moment]:
    """Moments at which run `number` is killed: the first stage in turn, further ones by chance."""
    rng = random.Random(f"{seed}-{number}")
    names = list(stages)
    times = 1 if number <= SEVERAL * runs else rng.randint(2, 4)
    chosen = [names[(number - 1) % len(names)]]
    chosen += rng.choices(names, weights=list(stages.values()), k=times - 1)
    chosen.sort(key=names.index)  # a stage that is done does not come again in training
    return [Moment(stage, rng.uniform(0, stages[stage])) for stage in chosen]


def kill_and_finish(bench: Bench, moments: list[Moment], undisturbed: Bench) -> Outcome:
    """Kill a run at each moment, then let it finish and compare."""
    start = time.perf_counter()
    died_in = [where for moment in moments if (where := kill(bench, moment)) is not None]
    bench.finish()
    ours, theirs = bench.result(), undisturbed.result()
    unlike = sorted(k for k in ours.keys() | theirs.keys() if ours.get(k) != theirs.get(k))
    return Outcome(died_in, unlike, time.perf_counter() - start)


def kill(bench: Bench, moment: Moment) -> str | None:
    """Start, wait for the moment, kill; the stage it died in, or None where it was done before."""
    before = len(bench.events())
    process = bench.start()
    try:
        deadline = time.monotonic() + LONGEST_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            begun = [e["name"] for e in bench.events()[before:] if e["state"] == "start"]
            if moment.stage == START_UP or moment.stage in begun:
                time.sleep(moment.seconds)
                break
            time.sleep(LOOK_SECONDS)
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        killed = process.wait() == -signal.SIGKILL
    if not killed:
        return None
    now = bench.events()[before:]
    if not now:
        return START_UP
    return now[-1]["name"] + ("" if now[-1]["state"] == "start" else " (just after)")


def line(number: int, outcome: Outcome) -> str:
    """One row of the table."""
    same = "the same" if not outcome.unlike else "UNLIKE: " + ", ".join(outcome.unlike)
    died = ", ".join(outcome.died_in) or "(it was done before)"
    return f"| {number} | {len(outcome.died_in)} | {died} | {same} | {outcome.seconds:.0f} |"


def table(first: int, outcomes: list[Outcome]) -> str:
    """All rows, and how many ended the same."""
    same = sum(not outcome.unlike for outcome in outcomes)
    kills = sum(len(outcome.died_in) for outcome in outcomes)
    rows = [line(number, outcome) for number, outcome in enumerate(outcomes, first)]
    return "\n".join(
        [
            "| run | killed | in | ended with | seconds |",
            "|---|---|---|---|---|",
            *rows,
            "",
            f"{same} of {len(outcomes)} runs, killed {kills} times, ended with the metrics "
            "(but for timing), predictions, weights and network of the undisturbed run.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
