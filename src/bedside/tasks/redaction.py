"""What could name a person is taken out of texts that a package carries.

Enters: a training summary. Leaves: the same with numbers of five digits or more, dates, clock
times, addresses of e-mail and the web, and names after a title replaced by ``[...]``. It is a
net with holes: a package that carries cases says so, and is to be looked at before it is shared.
"""

from __future__ import annotations

import re

GONE = "[...]"
EMAIL = r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"
WEB = r"\bhttps?://\S+|\bwww\.\S+"
TITLES = "Dr|Drs|Mr|Mrs|Ms|Prof|Professor|Doctor|Herr|Frau|Sr|Sra"
"""Before the name of a person."""
NAMING = re.compile(
    rf"""
      {EMAIL}                                                   # e-mail
    | {WEB}                                                     # the web
    | \b\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{2,4}}\b                       # a date
    | \b\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?:\s?[ap]\.?m\b\.?)?           # a clock time
    | \+?\d[\d()\s-]{{7,}}\d                                      # a telephone number
    | \b[A-Z]{{0,4}}-?\d{{5,}}\b                                    # the number of a record
    | \b(?:{TITLES})\b\.?
      (?:\s+[A-Z][\w'-]+)+                                      # a name after its title
    """,
    re.VERBOSE,
)


def redacted(text: str) -> str:
    """A text without what could name a person."""
    return NAMING.sub(GONE, text)
