"""What was made of a fitted state lately, so that it is not made again at every call.

Enters: states that carry a ``name`` which changes with their content. Leaves: the object that
was made of the first state of that name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from bedside.schema import State

Made = TypeVar("Made")


class Opened(Generic[Made]):
    """The last few objects, by the names of their states.

    Args:
        make: an object of a state.
        most: objects that are kept; the oldest gives way.
    """

    def __init__(self, make: Callable[[State], Made], *, most: int) -> None:
        self._make, self._most = make, most
        self._made: dict[str, Made] = {}

    def of(self, state: State) -> Made:
        """The object of a state."""
        name = str(state["name"])
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = self._make(state)
            while len(self._made) > self._most:
                # another thread may have taken the same one away
                self._made.pop(next(iter(self._made)), None)
        return found
