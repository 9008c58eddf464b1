"""How templates become pages: everything escaped, nothing undefined, one stylesheet inside.

Enters: nothing. Leaves: the environment of the templates.
"""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def page_environment() -> Environment:
    """The environment of pages that open anywhere."""
    made = Environment(
        loader=PackageLoader("bedside.reporting", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["stylesheet"] = _stylesheet(made)
    return made


def _stylesheet(made: Environment) -> Markup:
    loader = made.loader
    if loader is None:
        return Markup("")
    return Markup(loader.get_source(made, "report.css")[0])  # our own file, no user's words
