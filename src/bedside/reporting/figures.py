"""All figures of a run, and the words of those that every kind of target has.

Enters: a run folder. Leaves: ``figures/*.svg``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.reporting import style
from bedside.reporting.forest_figures import forest_words
from bedside.reporting.glossary import label
from bedside.reporting.kinds import told
from bedside.reporting.record import read_record
from bedside.reporting.telling import Words

if TYPE_CHECKING:
    from bedside.reporting.record import Record
    from bedside.run_folder import RunFolder


def write_figures(folder: RunFolder) -> list[str]:
    """Draw every figure the run has data for into ``figures/``.

    Returns:
        The names drawn, in the report's order; one that no longer has data is removed.

    Raises:
        RunError: the study or the metrics are missing or damaged.
    """
    record = read_record(folder)
    written = []
    with style.drawing():
        for name, draw in told(record).drawers.items():
            path = folder.figures / f"{name}.svg"
            figure = draw(record)
            if figure is None:
                path.unlink(missing_ok=True)
                continue
            style.write_svg(figure, path)
            written.append(name)
    return written


def common_words(record: Record) -> dict[str, Words]:
    """Words of the figures that every kind of target has."""
    noun = told(record).noun
    return {
        "comparison": Words(
            "Deep model beside the simple ones",
            f"Each model on the same test {noun}s; an arrow points at one too far out to draw. The "
            "lower panel is the paired difference: if its interval crosses zero, the deep model "
            "was not shown to be better.",
            forest_words(record),
        ),
        "subgroups": Words(
            "The same model in subgroups",
            f"The band is the interval over all test {noun}s. Subgroups are small: their intervals "
            "are wide, and looking at many makes one stand out by chance.",
            f"Forest plot of {label(record.primary)} by subgroup; the numbers stand in the table.",
        ),
        "learning_curves": Words(
            "Learning curves",
            "Loss by epoch. The weights kept are those of the marked epoch, where the validation "
            "loss was lowest.",
            f"Learning curves over {len(record.epochs())} epochs; kept epoch "
            f"{record.chosen_epoch() or 'unknown'}.",
        ),
    }
