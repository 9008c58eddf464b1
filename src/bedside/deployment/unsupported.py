"""Findings that a summary states and its text does not, beside each prediction.

Enters: the records of a package that summarises, their cases, and the user's lexicon. Leaves: the
records with a column ``unsupported``. The lexicon chooses nothing: what was written stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.errors import StudyError, sentence
from bedside.schema import Sample
from bedside.tasks.findings import Lexicon, read_lexicon

if TYPE_CHECKING:
    from bedside.deployment.intake import Case
    from bedside.deployment.package import Contents

OPTION = "--lexicon"


def lexicon_for(contents: Contents, path: Path) -> Lexicon:
    """Read a lexicon for a package, before anything is predicted.

    Raises:
        StudyError: it cannot be read, or the package writes no summaries.
    """
    if contents.task_state.get("kind") != "summary":
        raise StudyError(
            sentence(
                OPTION,
                expected="a package that summarises",
                got="another",
                remedy="Leave it out",
            )
        )
    return read_lexicon(path, where=OPTION)


def with_unsupported(
    records: Sequence[Mapping[str, Any]],
    cases: Sequence[Case],
    contents: Contents,
    *,
    lexicon: Lexicon,
) -> list[dict[str, Any]]:
    """Records with ``unsupported``: findings by name, joined by semicolons; blank for none.

    Args:
        records: one a case.
        cases: of the records, in their order.
        contents: of the package.
        lexicon: names findings and what denies them.
    """
    source = contents.task_state["source"]
    found = []
    for record, case in zip(records, cases, strict=True):
        if "summary" not in record:
            found.append(dict(record))
            continue
        given = case.inputs[source]
        text = given if isinstance(given, Sample) else contents.modalities[source].read(given)
        stated = lexicon.stated(str(record["summary"])) - lexicon.stated(str(text.values))
        place = list(record).index("summary") + 1
        cells = [*record.items()]
        cells.insert(place, ("unsupported", "; ".join(sorted(stated))))
        found.append(dict(cells))
    return found
