"""Modalities: raw file -> array, one file each. The one plug-in seam."""

from __future__ import annotations

from bedside.registry import Registry
from bedside.schema import Modality

REGISTRY: Registry[type[Modality]] = Registry(
    "modality",
    {
        "image": "bedside.modalities.image:Image",
        "signal": "bedside.modalities.signal:Signal",
        "table": "bedside.modalities.table:Table",
        "text": "bedside.modalities.text:Text",
        "volume": "bedside.modalities.volume:Volume",
    },
)


def extra_of(modality: Modality) -> str | None:
    """The extra that a modality needs beside the base install, if any; see `bedside.extras`."""
    extra: str | None = getattr(modality, "extra", None)
    return extra


def holds_text(modality: Modality) -> bool:
    """Whether the samples of a modality are texts."""
    return bool(getattr(modality, "holds_text", False))


def columns_of(modality: Modality) -> str | tuple[str, ...]:
    """Where a cohort holds an input: the column of its references, or all it reads of a row."""
    columns = modality.columns_used()
    return tuple(columns) if getattr(modality, "reads_rows", False) else columns[0]


def describes_with(modality: Modality) -> str | None:
    """The library that `describe` needs beside the base install, if any."""
    library: str | None = getattr(modality, "describes_with", None)
    return library
