"""What a trained network looks at, and whether its explanations can be believed.

Enters: a network, its prepared cases, its task's state. Leaves: maps over the elements of an
input (pixels, voxels, readings, tokens, columns), what tests of these maps found, the training
cases that lie nearest, and what a cohort is looked at by. A method is one file and one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.registry import Registry

if TYPE_CHECKING:
    from bedside.explanation.method import Method
    from bedside.explanation.question import Ask

REGISTRY: Registry[Method] = Registry(
    "explanation",
    {
        "integrated-gradients": "bedside.explanation.gradients:INTEGRATED_GRADIENTS",
        "grad-cam": "bedside.explanation.maps:GRAD_CAM",
        "attention": "bedside.explanation.attention:ATTENTION",
        "shapley": "bedside.explanation.shapley:SHAPLEY",
        "occlusion": "bedside.explanation.occlusion:OCCLUSION",
    },
)
"""Ways to explain, by name; of several that pass their test the first of `ORDER` is shown."""

ORDER: dict[str, tuple[str, ...]] = {
    "image": ("grad-cam", "integrated-gradients", "occlusion"),
    "volume": ("grad-cam", "integrated-gradients", "occlusion"),
    "signal": ("integrated-gradients", "occlusion"),
    "text": ("integrated-gradients", "attention", "occlusion"),
    "table": ("shapley", "integrated-gradients", "occlusion"),
}
"""Form of an input -> methods, the one that planted signs spoke for first."""

ASKED: Registry[Ask] = Registry(
    "explained kind",
    {
        "binary": "bedside.explanation.question:ask_class",
        "classes": "bedside.explanation.question:ask_class",
        "labels": "bedside.explanation.question:ask_class",
        "forecast": "bedside.explanation.question:ask_forecast",
        "entities": "bedside.explanation.question:ask_entities",
    },
)
"""Kind of target -> what is explained of its answer."""
