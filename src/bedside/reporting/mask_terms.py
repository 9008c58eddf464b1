"""The metrics of outlined structures, in plain words.

Enters: nothing. Leaves: a `Term` for each metric, and words that are no metrics.
"""

from __future__ import annotations

from bedside.reporting.terms import Term

MASK_TERMS: dict[str, Term] = {
    "dice": Term(
        "Dice",
        "Overlap of two outlines: twice the voxels that both hold over those of each, 0 is none, "
        "1 is the same outline. Small structures lose much of it by one row of voxels.",
        hint="overlap; 1 is the same outline",
    ),
    "surface_dice": Term(
        "Surface Dice at 1 mm",
        "The share of both surfaces that lies within 1 mm of the other, in pictures without a "
        "stated size within one pixel: about what need not be drawn again.",
    ),
    "hd95_mm": Term(
        "95 % surface distance (HD95)",
        "Of the points of one surface, 95 in 100 lie nearer than this to the other; the worse of "
        "both ways counts. It shows a piece in the wrong place that Dice hardly notices.",
        higher_is_better=False,
        form="mm",
        hint="how far surfaces lie apart, save the worst 5 %",
    ),
    "assd_mm": Term(
        "Mean surface distance",
        "How far the two surfaces lie apart on average, from every point of both.",
        higher_is_better=False,
        form="mm",
        hint="how far surfaces lie apart on average",
    ),
    "volume_error_ml": Term(
        "Volume error",
        "By how many millilitres a volume is wrong on average, whichever way.",
        higher_is_better=False,
        form="ml",
    ),
    "volume_difference_ml": Term(
        "Volume, model minus truth",
        "Whether volumes come out too large (above 0) or too small on average.",
        form="ml",
    ),
    "hd95_px": Term(
        "95 % outline distance (HD95)",
        "Of the points of one outline, 95 in 100 lie nearer than this to the other; the worse of "
        "both ways counts. In pixels, since the pictures do not say how large these are.",
        higher_is_better=False,
        form="px",
        hint="how far outlines lie apart, save the worst 5 %",
    ),
    "assd_px": Term(
        "Mean outline distance",
        "How far the two outlines lie apart on average, from every point of both, in pixels.",
        higher_is_better=False,
        form="px",
        hint="how far outlines lie apart on average",
    ),
    "area_error_mm2": Term(
        "Area error",
        "By how many square millimetres an area is wrong on average, whichever way.",
        higher_is_better=False,
        form="mm2",
    ),
    "area_difference_mm2": Term(
        "Area, model minus truth",
        "Whether areas come out too large (above 0) or too small on average.",
        form="mm2",
    ),
    "area_error_px": Term(
        "Area error",
        "By how many pixels an area is wrong on average, whichever way.",
        higher_is_better=False,
        form="px2",
    ),
    "area_difference_px": Term(
        "Area, model minus truth",
        "Whether areas come out too large (above 0) or too small on average, in pixels.",
        form="px2",
    ),
    "quality_error": Term(
        "Expected Dice, error",
        "How far the Dice that the model expects of its own outline lies from the real one, "
        "whichever way.",
        higher_is_better=False,
    ),
    "quality_rank": Term(
        "Expected Dice, order",
        "Whether outlines that are expected to be worse are worse: Spearman's rank correlation, "
        "1 is the same order, 0 no relation.",
    ),
}

MASK_WORDS: tuple[tuple[str, str], ...] = (
    ("Voxel", "One point of a volume, as a pixel is one of a picture."),
    (
        "Structure that is missing",
        "A structure that only one of the two outlines holds has a Dice of 0, and its distances "
        "count as the diagonal of the volume; one that neither holds does not count for that case.",
    ),
)


def split_structure(metric: str) -> tuple[str, str]:
    """``dice_anterior`` -> ``("dice", "anterior")``; no structure for a plain metric."""
    for name in sorted(MASK_TERMS, key=len, reverse=True):
        if metric.startswith(f"{name}_"):
            return name, metric.removeprefix(f"{name}_")
    return metric, ""
