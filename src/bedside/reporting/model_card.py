"""The model card: what the model is for, how good it is, and where it must not be used.

Enters: a run folder. Leaves: ``model_card.md`` under the headings of Mitchell et al.
(2019, doi:10.1145/3287560.3287596); it travels with the package and holds no
patient data.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bedside import __version__
from bedside.reporting import formatting, notices, wording
from bedside.reporting.kinds import told
from bedside.reporting.record import read_record
from bedside.run_folder import write_text

if TYPE_CHECKING:
    from bedside.reporting.record import Record
    from bedside.run_folder import RunFolder


def write_model_card(folder: RunFolder) -> str:
    """Write ``model_card.md`` and return its text.

    Raises:
        RunError: the study or the metrics are missing or damaged.
    """
    record = read_record(folder)
    environment = Environment(
        loader=PackageLoader("bedside.reporting", "templates"),
        autoescape=False,  # Markdown: `_plain` takes the sting out of every value
        finalize=_plain,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawn = environment.get_template(told(record).card_template).render(_words(record))
    text = re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", drawn)).rstrip() + "\n"
    write_text(folder.model_card, text)
    return text


def _words(record: Record) -> dict[str, Any]:
    kind = told(record)
    return {
        "record": record,
        "version": record.environment.get("bedside", __version__),
        "torch": (record.environment.get("libraries") or {}).get("torch", "unknown"),
        "question": kind.question(record),
        "inputs": wording.input_words(record),
        "answer": kind.answer(record),
        "scored": kind.scored(record),
        "confidence": wording.confidence_words(record),
        "notices": notices.find_notices(record),
        "limits": notices.limits(record),
        **kind.card(record),
        "source": record.study.data.source,
        "encoders": _encoders(record),
        "count": formatting.count,
        "listed": formatting.listed,
    }


def _encoders(record: Record) -> str:
    if record.study.model.pretrained is not None:
        return "those of the pretrained model"
    chosen = record.study.model.encoders
    shown = [
        f"{name}: {formatting.listed(kind) if isinstance(kind, list) else kind}"
        for name, kind in chosen.items()
    ]
    return "; ".join(shown) or f"the default of each input ({wording.input_words(record)})"


def _plain(value: Any) -> Any:
    """A value as one line that starts no table cell, tag, link or code of its own."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    text = " ".join(value.split())
    for sign, safe in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("`", "\\`"), ("[", "\\[")):
        text = text.replace(sign, safe)
    return text
