"""A run folder, read back for people: the one source of report, figures and card.

Enters: a `RunFolder`. Leaves: a `Record`. Only the study and the metrics must be
there; what else is missing is shown as missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import yaml

from bedside.errors import RunError
from bedside.reporting.forecasts import Forecasts, Scale, read_forecasts
from bedside.reporting.glossary import split_class
from bedside.reporting.scores import Scores, read_scores
from bedside.run_folder import RunFolder, read_json, read_log
from bedside.study import Study

if TYPE_CHECKING:
    from pathlib import Path

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Epoch:
    """One line of the learning curve; a loss that was not measured is None."""

    number: int
    train_loss: float | None
    validation_loss: float | None


@dataclass(frozen=True)
class Record:
    """What a run left behind.

    Args:
        folder: where it lies.
        study: the resolved study.
        metrics: ``metrics.json``.
        audit: ``audit.json``, empty where missing.
        environment: ``environment.json``, empty where missing.
        events: the lines of ``log.jsonl``.
        parts: part -> {"cases", "patients"} (patients None where unknown); where parts are
            stretches of series also "steps", how many they hold.
    """

    folder: RunFolder
    study: Study
    metrics: Mapping[str, Any]
    audit: Mapping[str, Any]
    environment: Mapping[str, Any]
    events: tuple[Mapping[str, Any], ...]
    parts: Mapping[str, Mapping[str, int | None]]

    @property
    def kind(self) -> str:
        """``binary``, ``classes``, ``labels``, ``forecast`` or ``summary``."""
        return str(self.metrics.get("kind", "binary"))

    @property
    def classes(self) -> list[str]:
        """Class or label names; binary: negative, positive."""
        return [str(name) for name in self.metrics.get("classes") or []]

    @property
    def positive(self) -> str:
        """Binary: the class that is looked for."""
        return self.classes[-1] if self.classes else "the finding"

    @property
    def deep(self) -> str:
        """Name of the deep model."""
        return str(self.metrics["deep"])

    @property
    def candidates(self) -> list[str]:
        """The networks that were compared on validation, `deep` among them."""
        names = self.metrics.get("candidates") or self.environment.get("training") or [self.deep]
        return [str(name) for name in names]

    def role(self, model: str) -> str:
        """``deep``, ``deep, not chosen``, ``best simple`` or ``simple``."""
        if model in (self.deep, self.best_baseline):
            return "deep" if model == self.deep else "best simple"
        return "deep, not chosen" if model in self.candidates else "simple"

    @property
    def best_baseline(self) -> str | None:
        """Name of the best simple model on validation."""
        name = self.metrics.get("best_baseline")
        return None if name is None else str(name)

    @property
    def primary(self) -> str:
        """The metric the verdict rests on."""
        return str(self.metrics.get("primary", "auroc"))

    @property
    def unit(self) -> str:
        """Of what is forecast; blank for other targets."""
        return str(self.metrics.get("unit") or "")

    @property
    def tests(self) -> list[str]:
        """The test parts: the main one, then any further ones."""
        return [str(self.metrics.get("part", "test")), *(self.metrics.get("other_parts") or {})]

    def part(self, name: str | None) -> Mapping[str, Any]:
        """What ``metrics.json`` says of a test part; None or the main one: all of it."""
        found = (self.metrics.get("other_parts") or {}).get(name)
        return found if isinstance(found, Mapping) else self.metrics

    @property
    def day(self) -> str:
        """The day of the last entry of the log, ``2026-11-27`` (UTC); blank where not logged."""
        times = [line["time"] for line in self.events if isinstance(line.get("time"), int | float)]
        return datetime.fromtimestamp(times[-1], tz=UTC).date().isoformat() if times else ""

    @property
    def looks(self) -> int | None:
        """How often these test cases were used to judge a model; None where not counted."""
        found = self.environment.get("looks", self.metrics.get("looks"))
        return found if isinstance(found, int) else None

    @property
    def models(self) -> list[str]:
        """All models: the deep one, then the best simple one, then the rest as stored."""
        first = [name for name in (self.deep, self.best_baseline) if name in self._scored]
        return [str(n) for n in first] + [name for name in self._scored if name not in first]

    @property
    def _scored(self) -> Mapping[str, Any]:
        scored = self.metrics.get("models") or {}
        return scored if isinstance(scored, Mapping) else {}

    def estimate(
        self, model: str | None, metric: str, *, part: str | None = None
    ) -> Mapping[str, Any] | None:
        """One metric of one model, None where it was not computed; of the main test part."""
        scored = self.part(part).get("models") or {}
        found = (scored.get(model or "") or {}).get(metric)
        return found if isinstance(found, Mapping) else None

    def metric_names(self) -> list[str]:
        """Plain metrics of any model in the order stored; those of one class are left out."""
        names = dict.fromkeys(name for found in self._scored.values() for name in found or {})
        return [name for name in names if split_class(name, self.classes) is None]

    def scores(self, model: str | None = None, *, part: str = "test") -> Scores | None:
        """Predictions of a model (default: the deep one), None where not written."""
        name = self.deep if model is None else model
        path = self.folder.root / "predictions" / f"{name}-{part}.csv"
        if not path.exists() and name == self.deep and part == self.metrics.get("part", "test"):
            path = self.folder.predictions
        return read_scores(path, kind=self.kind, classes=self.classes)

    def forecasts(self, model: str | None = None, *, part: str = "test") -> Forecasts | None:
        """Forecasts of a model (default: the deep one), None where not written."""
        name = self.deep if model is None else model
        levels = tuple(float(level) for level in self.metrics.get("levels") or ())
        scale = Scale(levels, self.unit, int(self.metrics.get("every_minutes") or 1))
        return read_forecasts(self.folder.root / "predictions", name, part, scale=scale)

    def epochs(self) -> list[Epoch]:
        """The deep model's learning curve; of an epoch repeated after a resume, the last."""
        lines = [line for line in self.events if line.get("event") == "epoch"]
        own = [line for line in lines if line.get("model", self.deep) == self.deep]
        found = {
            int(line["epoch"]): Epoch(
                int(line["epoch"]), line.get("train_loss"), line.get("validation_loss")
            )
            for line in own
            if isinstance(line.get("epoch"), int | float)
        }
        return [found[number] for number in sorted(found)]

    def chosen_epoch(self) -> int | None:
        """The epoch whose weights were kept, else that of the lowest validation loss."""
        trained = (self.environment.get("training") or {}).get(self.deep) or {}
        if isinstance(chosen := trained.get("best_epoch"), int):
            return chosen
        measured = [e for e in self.epochs() if e.validation_loss is not None]
        return min(measured, key=lambda e: e.validation_loss or 0.0).number if measured else None


def read_record(folder: RunFolder) -> Record:
    """Read a run folder.

    Raises:
        RunError: the study or the metrics are missing or damaged.
    """
    metrics = read_json(folder.metrics)
    if not isinstance(metrics, dict) or not isinstance(metrics.get("deep"), str):
        raise RunError("metrics.json: names no deep model. Repeat the run with --resume.")
    return Record(
        folder=folder,
        study=_read_study(folder.study),
        metrics=metrics,
        audit=_optional(folder.audit),
        environment=_optional(folder.environment),
        events=tuple(read_log(folder.log)) if folder.log.exists() else (),
        parts=_read_parts(folder.splits),
    )


def _read_study(path: Path) -> Study:
    try:
        words = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(f"{path.name}: no such file in {path.parent.name}/.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise RunError(f"{path.name}: damaged, not valid YAML.") from None
    return Study.parse(words if isinstance(words, dict) else {}, where=path.name)


def _optional(path: Path) -> Mapping[str, Any]:
    found = read_json(path) if path.exists() else {}
    return found if isinstance(found, Mapping) else {}


def _read_parts(path: Path) -> Mapping[str, Mapping[str, int | None]]:
    import pandas as pd

    if not path.exists():
        return {}
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if "part" not in table.columns:
        return {}
    cases = Counter(str(part) for part in table["part"])
    patients: Mapping[str, int] = {}
    if "patient_id" in table.columns:
        people = table[["part", "patient_id"]].drop_duplicates()
        patients = Counter(str(part) for part in people["part"])
    order = [*(p for p in PARTS if p in cases), *sorted(set(cases) - set(PARTS))]
    found: dict[str, dict[str, int | None]] = {
        part: {"cases": cases[part], "patients": patients.get(part)} for part in order
    }
    if {"from", "to"} <= set(table.columns):
        steps = table["to"].astype(int) - table["from"].astype(int) + 1
        for part in order:
            found[part]["steps"] = int(steps[table["part"] == part].sum())
    return found
