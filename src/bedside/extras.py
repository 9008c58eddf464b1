"""Libraries that not every install holds, and the extra that brings each.

Enters: the name of an extra. Leaves: nothing where its library is there, else one sentence with
the command that installs it.
"""

from __future__ import annotations

from importlib.util import find_spec

from bedside.errors import InstallError, sentence

LIBRARIES = {
    "text": "tokenizers",
    "volumes": "nibabel",
    "huggingface": "transformers",
    "dicom-seg": "highdicom",
    "privacy": "faker",
}
"""Extra -> the library that it brings and that is looked for."""


def check_extra(extra: str, *, where: str) -> None:
    """Refuse to go on without the library of an extra.

    Args:
        extra: one of `LIBRARIES`.
        where: names in the message what needs it.

    Raises:
        InstallError: it is not installed here; the message holds the command.
    """
    library = LIBRARIES[extra]
    if find_spec(library) is None:
        raise InstallError(
            sentence(
                where,
                expected=f"the extra '{extra}' with the library {library}",
                got="an install without it",
                remedy=f'Install it with: pip install "bedside[{extra}]"',
            )
        )
