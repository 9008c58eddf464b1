"""Task `classify`: one label of two or several classes, or several labels at once.

Enters: label columns of the cohort; logits of a network or a baseline.
Leaves: targets with explicit unknowns; calibrated probabilities and decisions.
The base half needs numpy alone; head and loss import torch when called.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bedside.errors import DataError, Problems, StudyError, nearest
from bedside.schema import Array, Arrays, Kind, Network, Prediction, State, Targets
from bedside.tasks.labels import YES_NO, cells_of, label_order, meant_value, plain
from bedside.tasks.outside import foreign
from bedside.tasks.sets import confidence_of, promise_columns, sets_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from torch import nn

    from bedside.data.cohort import Cohort
    from bedside.schema import Modality, Rows

DEFAULT_COLUMN = "label"
LARGEST_WEIGHT = 10.0
MOST_CLASSES = 50


class Classify(BaseModel):
    """The words of ``target`` for this task.

    Args:
        column: one label column (default ``label``).
        columns: several 0/1 label columns instead: several labels at once.
        positive: the value that counts as positive; all others are negative.
        negative: the value that counts as negative; all others are positive. With both and more
            than two values, `positive` names all others together, being none of them.
        unknown: values that mean "not known"; ``""`` stands for a blank cell.
        names: what people call a class or label: ``{0: normal, 1: pneumonia}``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    needs: ClassVar[str] = "pooled"
    encoders: ClassVar[Mapping[str, str]] = {}
    primary: ClassVar[str] = "auroc"
    baselines: ClassVar[tuple[str, ...]] = ("majority", "logistic", "boosted-trees")

    task: Literal["classify"] = "classify"
    column: str | None = None
    columns: list[str] | None = Field(default=None, min_length=1)
    positive: str | int | bool | None = None
    negative: str | int | bool | None = None
    unknown: list[str | int | float | bool] = Field(default_factory=list)
    names: dict[str | int, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.column is not None and self.columns is not None:
            raise ValueError("expected column or columns, got both")
        if self.columns is not None and (self.positive is not None or self.negative is not None):
            raise ValueError("expected 0/1 columns without positive or negative, got both")
        if self.columns is not None and len(set(self.columns)) < len(self.columns):
            raise ValueError("expected each of columns once, got one twice")
        if self.positive is not None and plain(self.positive) == plain(self.negative):
            raise ValueError("expected two values as positive and negative, got one for both")
        return self

    def columns_used(self) -> list[str]:
        """Columns of the cohort that hold targets."""
        return list(self.columns) if self.columns else [self.column or DEFAULT_COLUMN]

    def check_inputs(self, inputs: Mapping[str, tuple[str, Modality]]) -> None:
        """Any inputs will do."""

    def targets(self, cohort: Cohort) -> Targets:
        """Read the labels of all cases.

        Raises:
            StudyError: a column is missing, or which class is positive is not said.
            DataError: blank or unreadable labels, by row; one class only.
        """
        columns = self._present_columns(cohort)
        if self.columns is not None or len(columns) > 1:
            return self._labels(cohort, columns)
        cells = cells_of(cohort, columns[0])
        known = self._known(cohort, cells, column=columns[0])
        found = sorted(
            {c for c, is_known in zip(cells, known, strict=True) if is_known}, key=label_order
        )
        where = f"{cohort.source}, column '{columns[0]}'"
        if len(found) < 2:
            raise DataError(
                f"{where}: expected at least two classes, got {len(found)}. "
                "Add cases of another class or name another target.column."
            )
        positive_names = self._binary_names(found, where=where)
        if positive_names is not None:
            values, positive = positive_names
            names = self._called(values, where=where)
            truth = np.array([[cell in positive] for cell in cells], dtype=np.float32)
            return _targets(truth, known[:, None], names=names, kind="binary")
        if len(found) > MOST_CLASSES:
            raise DataError(
                f"{where}: expected at most {MOST_CLASSES} classes, got {len(found)} different "
                "values. Name a label column, or say target.positive or target.negative."
            )
        truth = np.array([[cell == name for name in found] for cell in cells], dtype=np.float32)
        known_classes = np.repeat(known[:, None], len(found), axis=1)
        return _targets(
            truth, known_classes, names=self._called(found, where=where), kind="classes"
        )

    def _present_columns(self, cohort: Cohort) -> list[str]:
        have = [str(name) for name in cohort.cases.columns]
        columns = self.columns_used()
        if self.column is None and self.columns is None and DEFAULT_COLUMN not in have:
            numbered = [name for name in have if name.startswith(f"{DEFAULT_COLUMN}_")]
            columns = numbered or columns
        missing = [name for name in columns if name not in have]
        if missing:
            raise StudyError(
                f"{cohort.source}: no target column '{missing[0]}'. {nearest(missing[0], have)}"
            )
        return columns

    def _known(self, cohort: Cohort, cells: list[str], *, column: str) -> Array:
        unknown = {plain(value) for value in self.unknown}
        problems = Problems(DataError)
        for row, cell in enumerate(cells):
            if cell == "" and cell not in unknown:
                problems.add(
                    f"{cohort.where(row)}, column '{column}'",
                    expected="a label",
                    got="a blank cell",
                    remedy="Fill it in, leave the row out, or list '' under target.unknown",
                )
        problems.raise_if_any()
        return np.array([cell not in unknown for cell in cells])

    def _called(self, values: Sequence[str], *, where: str) -> tuple[str, ...]:
        """The classes in the words of `names`, where it has one."""
        said = {plain(value): name for value, name in self.names.items()}
        stray = sorted(set(said) - set(values))
        if stray:
            raise StudyError(
                f"{where}: target.names has '{stray[0]}', which is no class. "
                f"{nearest(stray[0], values)}"
            )
        called = tuple(said.get(value, value) for value in values)
        if len(set(called)) < len(called):
            raise StudyError(f"{where}: target.names calls two classes alike. Tell them apart.")
        return called

    def _binary_names(
        self, found: list[str], *, where: str
    ) -> tuple[tuple[str, str], set[str]] | None:
        """((negative, positive), values that count as positive), or None for several classes."""
        said = {
            word: meant_value(value, found)
            for word, value in (("positive", self.positive), ("negative", self.negative))
            if value is not None
        }
        gathers = len(said) == 2 and len(found) > 2
        for word, value in said.items():
            if value not in found and not (gathers and word == "positive"):
                raise StudyError(
                    f"{where}: expected target.{word} to be a value of the column, got '{value}', "
                    "which never occurs. Write it as it stands in the column."
                )
        if gathers and said["positive"] in found:
            raise StudyError(
                f"{where}: expected two classes beside target.positive and target.negative, "
                f"got {len(found)}. Name one of the two; the other takes all the rest."
            )
        if "negative" in said:
            others = [name for name in found if name != said["negative"]]
            positive = others[0] if len(others) == 1 else f"not {said['negative']}"
            return (said["negative"], said.get("positive", positive)), set(others)
        if "positive" in said:
            others = [name for name in found if name != said["positive"]]
            return (others[0] if len(others) == 1 else "other", said["positive"]), {
                said["positive"]
            }
        if len(found) == 2:
            if set(found) == {"0", "1"}:
                return ("0", "1"), {"1"}
            raise StudyError(
                f"{where}: expected target.positive to say which of two classes is positive, "
                f"got nothing. Write target.positive: {found[1]} (or {found[0]})."
            )
        return None

    def _labels(self, cohort: Cohort, columns: list[str]) -> Targets:
        truth = np.zeros((len(cohort), len(columns)), dtype=np.float32)
        known = np.zeros(truth.shape, dtype=bool)
        problems = Problems(DataError)
        for index, column in enumerate(columns):
            cells = cells_of(cohort, column)
            known[:, index] = self._known(cohort, cells, column=column)
            for row in np.flatnonzero(known[:, index]):
                value = YES_NO.get(cells[row].lower())
                if value is None:
                    problems.add(
                        f"{cohort.where(int(row))}, column '{column}'",
                        expected="0 or 1",
                        got="another value",
                        remedy="Correct it, or list the value under target.unknown",
                    )
                else:
                    truth[row, index] = value
        problems.raise_if_any()
        return _targets(
            truth, known, names=self._called(columns, where=cohort.source), kind="labels"
        )

    def strata(self, targets: Targets) -> Array:
        """The class of each case (several labels: its rarest positive one); -1 if unknown."""
        truth, known = targets.arrays["truth"], targets.arrays["known"]
        if targets.kind == "labels":
            rarest_first = np.argsort(truth.sum(axis=0), kind="stable")
            ranked = truth[:, rarest_first].astype(bool)
            classes = np.where(ranked.any(axis=1), ranked.argmax(axis=1) + 1, 0)
        elif targets.kind == "binary":
            classes = truth[:, 0].astype(int)
        else:
            classes = truth.argmax(axis=1)
        return np.where(known.any(axis=1), classes, -1)

    def fit(self, targets: Targets, *, balance: bool = True) -> State:
        """Class names, prevalence and weights, from training targets only.

        Weights are the square root of the inverse odds (binary, labels) or of the
        inverse share (classes), at most ten: half way to balance in log-odds.
        `shift` is what they add to the logits, and is taken off again in
        evaluation, so that probabilities keep the training prevalence.

        Raises:
            DataError: a class has no known case in training.
        """
        truth, known = targets.arrays["truth"], targets.arrays["known"]
        count = known.sum(axis=0)
        share = (truth * known).sum(axis=0) / np.maximum(count, 1)
        missing = [n for n, p in zip(targets.names[-len(share) :], share, strict=True) if p <= 0]
        if missing or (targets.kind == "binary" and share[0] >= 1):
            raise DataError(
                f"training part: expected cases of every class, got none of "
                f"'{missing[0] if missing else targets.names[0]}'. Add cases, or split otherwise."
            )
        if not balance:
            weights = np.ones_like(share)
        elif targets.kind == "classes":
            weights = 1 / np.sqrt(share)
            weights = np.clip(weights / np.average(weights, weights=share), None, LARGEST_WEIGHT)
        else:
            odds = (1 - share) / share
            weights = np.clip(np.sqrt(odds), 1 / LARGEST_WEIGHT, LARGEST_WEIGHT)
        return {
            "kind": targets.kind,
            "names": list(targets.names),
            "prevalence": share.tolist(),
            "weights": weights.tolist(),
            "shift": np.log(weights).tolist(),
            "temperature": [1.0] * (1 if targets.kind == "classes" else len(share)),
            "thresholds": [0.5] * len(share),
        }

    def calibrate(self, outputs: Arrays, targets: Targets, state: State) -> State:
        """Fit the temperature on validation logits (before any calibration)."""
        from bedside.tasks.calibration import fit_temperature

        truth, known = targets.arrays["truth"], targets.arrays["known"]
        temperature = fit_temperature(outputs["logits"], truth, known, kind=targets.kind)
        return {**state, "temperature": temperature}

    def calibrated(self, outputs: Arrays, state: State) -> Arrays:
        """``logits / temperature``, as the head does in evaluation mode."""
        return {**outputs, "logits": outputs["logits"] / np.asarray(state["temperature"])}

    def infer(self, networks: Mapping[str, Network], arrays: Arrays, state: State) -> Prediction:
        """Calibrated logits -> ``probability`` (N, K) and ``decision`` (N, K) bool.

        With promises also ``set`` (N, C) bool, the classes that may be true, and ``certain`` (N,)
        bool, whether no human need be asked; of several labels (N, K, 2), no and yes of each, and
        (N, K). With familiarity ``strangeness`` (N,) and ``outside`` (N,) bool, whether that is
        more than of nearly all validation cases.
        """
        outputs = networks["network"](arrays)
        logits = outputs["logits"].astype(np.float64)
        if (line := state.get("recalibration")) is not None:
            logits = np.asarray(line["slope"]) * logits + np.asarray(line["intercept"])
        if state["kind"] == "classes":
            probability = np.exp(logits - logits.max(axis=1, keepdims=True))
            probability /= probability.sum(axis=1, keepdims=True)
            decision = np.arange(logits.shape[1]) == logits.argmax(axis=1)[:, None]
        else:
            probability = np.exp(-np.logaddexp(0, -logits))
            decision = probability >= np.asarray(state["thresholds"])
        found: Arrays = {"probability": probability, "decision": decision}
        found |= foreign(outputs, state)
        if "sets" in state:
            found["set"] = sets_of(probability, state["sets"]["largest"], kind=state["kind"])
        if "abstain" in state:
            sure = confidence_of(probability, kind=state["kind"], thresholds=state["thresholds"])
            found["certain"] = sure >= np.asarray(state["abstain"]["below"])
        return Prediction(found, tuple(state["names"]))

    def soft_targets(self, prediction: Prediction) -> Arrays:
        """Probabilities as ``truth`` (N, K), all of them known."""
        truth = prediction.arrays["probability"]
        return {"truth": truth.astype(np.float32), "known": np.full(truth.shape, fill_value=True)}

    def rows(self, prediction: Prediction, state: State) -> dict[str, Array]:
        """Columns of `predictions.csv`: probabilities, the decision in class names, promises."""
        probability, decision = prediction.arrays["probability"], prediction.arrays["decision"]
        names = np.array(prediction.names, dtype=object)
        if state["kind"] == "binary":
            return {
                "probability": probability[:, 0],
                "decision": names[decision[:, 0].astype(int)],
                **promise_columns(prediction, kind=state["kind"]),
            }
        columns: dict[str, Array] = {
            f"probability_{name}": probability[:, index] for index, name in enumerate(names)
        }
        if state["kind"] == "classes":
            named = {"decision": names[decision.argmax(axis=1)]}
            return {**columns, **named, **promise_columns(prediction, kind=state["kind"])}
        decisions = {f"decision_{name}": decision[:, i].astype(int) for i, name in enumerate(names)}
        return {**columns, **decisions, **promise_columns(prediction, kind=state["kind"])}

    def truth_rows(self, targets: Targets) -> dict[str, Array]:
        """Column ``truth`` (class name), or ``truth_<label>`` (0/1); unknown is blank."""
        truth, known = targets.arrays["truth"], targets.arrays["known"]
        names = np.array(targets.names, dtype=object)
        if targets.kind == "labels":
            return {
                f"truth_{name}": np.where(known[:, i], truth[:, i].astype(int).astype(str), "")
                for i, name in enumerate(names)
            }
        index = truth[:, 0].astype(int) if targets.kind == "binary" else truth.argmax(axis=1)
        return {"truth": np.where(known[:, 0], names[index], "")}

    def head(self, width: int, state: State) -> nn.Module:
        """A linear head with K logits that carries the calibration of `state`."""
        from bedside.models.heads import LogitHead

        head = LogitHead(width, len(state["weights"]))
        head.calibrate(state["shift"], state["temperature"])
        return head

    def start(self, head: nn.Module, arrays: Mapping[str, Rows], targets: Targets) -> None:
        """Leave the head as it was drawn."""

    def unweighted(self, state: State) -> State:
        """The state under which `loss` measures instead of teaching: no weights."""
        return {**state, "weights": [1.0] * len(state["weights"])}

    def loss(
        self, outputs: dict[str, torch.Tensor], targets: dict[str, torch.Tensor], state: State
    ) -> torch.Tensor:
        """Weighted cross-entropy, mean over what is known; 0 where nothing is."""
        from torch.nn import functional

        logits, truth = outputs["logits"], targets["truth"]
        known = targets["known"].to(logits.dtype)
        weights = logits.new_tensor(state["weights"])
        if state["kind"] == "classes":
            each = functional.cross_entropy(logits, truth, weight=weights, reduction="none")
            share = known[:, 0] * (truth * weights).sum(dim=1)
            return (each * known[:, 0]).sum() / share.sum().clamp_min(1e-6)
        each = functional.binary_cross_entropy_with_logits(
            logits, truth, pos_weight=weights, reduction="none"
        )
        return (each * known).sum() / known.sum().clamp_min(1.0)


def _targets(truth: Array, known: Array, *, names: tuple[str, ...], kind: Kind) -> Targets:
    return Targets({"truth": truth * known, "known": known}, names, kind)
