"""All classical peers of a study, fitted on the same parts as the networks.

Enters: prepared parts. Leaves: each baseline's raw outputs on validation and test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from bedside.baselines import REGISTRY
from bedside.baselines.features import describe_inputs
from bedside.schema import Array, Arrays, Modality, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedside.progress import Progress
    from bedside.training.loader import Prepared


def fit_baselines(
    names: Sequence[str],
    modalities: Mapping[str, Modality],
    parts: Mapping[Part, Prepared],
    *,
    seed: int,
    threads: int,
    progress: Progress,
) -> dict[str, dict[str, Arrays]]:
    """Describe every part once, then fit each baseline on training features.

    Args:
        names: of the registry of baselines.
        modalities: by input; they describe their own arrays.
        parts: train, validation and test.
        seed: of the baselines that draw.
        threads: that may be used.
        progress: bars and log.

    Returns:
        name -> part -> raw outputs, for validation and test.
    """
    makers = {name: REGISTRY.load(name) for name in names}
    features = _features(modalities, parts, threads=threads, progress=progress)
    labelled = {
        part: (features[part], own.targets.arrays["truth"], own.targets.arrays["known"])
        for part, own in parts.items()
    }
    outputs: dict[str, dict[str, Arrays]] = {}
    with progress.bar("fitting baselines", len(makers)) as done:
        for count, (name, maker) in enumerate(makers.items(), start=1):
            with progress.stage(f"baseline {name}"):
                fitted = maker().fit(
                    *labelled["train"],
                    kind=parts["train"].targets.kind,
                    validation=labelled["validation"],
                    seed=seed,
                    threads=threads,
                )
                outputs[name] = {
                    part: fitted.outputs(features[part]) for part in ("validation", "test")
                }
            done(count)
    return outputs


def _features(
    modalities: Mapping[str, Modality],
    parts: Mapping[Part, Prepared],
    *,
    threads: int,
    progress: Progress,
) -> dict[Part, Array]:
    features: dict[Part, Array] = {}
    total = sum(map(len, parts.values()))
    with progress.stage("describe"), progress.bar("features for baselines", total) as done:
        for part, own in parts.items():
            before = sum(map(len, features.values()))
            features[part] = describe_inputs(
                modalities,
                own.arrays,
                threads=threads,
                progress=partial(_shifted, done, before),
            )
    return features


def _shifted(done: Callable[[int], None], before: int, count: int) -> None:
    done(before + count)
