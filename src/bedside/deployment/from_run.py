"""The package of a run: what the deployable part takes from training.

Enters: the chosen network, its modalities, task and calibrated state. Leaves:
``package/`` of the run folder.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bedside.abilities import Outliner
from bedside.deployment.package import Contents, Facts
from bedside.deployment.packing import Written, write_package

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from bedside.evaluation.judge import Judgement
    from bedside.run_folder import RunFolder
    from bedside.schema import Modality, Task
    from bedside.study import Study
    from bedside.training.preparation import Preparation

PARITY_CASES, PARITY_VOLUMES = 17, 1
SUMMARY = (
    *("auroc", "auprc", "sensitivity", "specificity", "brier", "ece"),
    *("rouge1", "rouge2", "rougeL", "dice", "hd95_mm", "assd_mm"),
    *("rmse_pooled", "mae_pooled", "mard", "coverage_80", "coverage_95"),
    *("entity_f1", "relaxed_f1", "perplexity", "unknown_tokens"),
)


def package_network(
    folder: RunFolder,
    network: nn.Module,
    *,
    study: Study,
    modalities: Mapping[str, Modality],
    preparation: Preparation,
    task: Task,
    judgement: Judgement,
) -> Written:
    """Write the package of a run's chosen deep model and prove its parity.

    Raises:
        PackageError: the engine does not compute what the network computes.
    """
    from bedside.training.writers import parts_of

    cases = PARITY_VOLUMES if isinstance(task, Outliner) else PARITY_CASES
    state = judgement.models[judgement.deep].state
    network.head.carry(state)  # type: ignore[union-attr, operator]
    training, test = preparation.parts["train"], preparation.parts["test"].arrays
    scores = judgement.metrics["models"][judgement.deep]
    facts = Facts(
        study=study.name,
        model=judgement.deep,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        data_version=training.fingerprint(),
        training_cases=len(training),
        split=f"by {study.split.by}",
        question=study.about.question,
        intended_use=study.about.intended_use,
        contact=study.about.contact,
        metrics={name: scores[name] for name in SUMMARY if name in scores},
    )
    return write_package(
        folder.package,
        parts_of(task, network),
        Contents(modalities, preparation.states, task, state, facts, _card(folder)),
        validation=preparation.parts["validation"].arrays,
        precision=study.package.precision,
        real={name: values[:cases] for name, values in test.items()},
        seed=study.training.seed,
    )


def _card(folder: RunFolder) -> str:
    return folder.model_card.read_text(encoding="utf-8") if folder.model_card.exists() else ""
