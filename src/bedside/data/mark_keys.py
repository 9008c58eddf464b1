"""What the keys of an entity are called where it is written as an object of JSON.

Enters and leaves: nothing. Whoever guesses a study and whoever reads one must agree.
"""

from __future__ import annotations

MARK_KEYS = (
    ("start", "start_position", "begin"),
    ("end", "end_position", "stop"),
    ("label", "entity_type", "type", "entity", "kind"),
)
"""Start, end and label, each by all its names in the forms that are common."""
