"""Schemes: families of lines with nested levels, one per function of the city."""

from dataclasses import dataclass
from typing import Literal, get_args

from gridmap.model.errors import NotFoundError
from gridmap.model.words import Text

GOVERNANCE = "governance"
OpenIncidents = Literal["stay", "move", "ask"]
OPEN_INCIDENTS: tuple[OpenIncidents, ...] = get_args(OpenIncidents)
"""What becomes of incidents that are open when the lines change: they stay, they move, or somebody is asked."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a scheme; rank 1 is the top."""

    key: str
    title: Text
    rank: int
    line_px: float
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Scheme:
    """A family of lines: its levels from the top down and the functions that it answers for.

    Attributes
    ----------
    open_incidents
        What becomes of an incident that is open when other lines come into force, and whose ground they give to
        another grid.
    """

    key: str
    title: Text
    levels: tuple[Level, ...]
    functions: tuple[str, ...]
    open_incidents: OpenIncidents = "stay"

    def level(self, key: str) -> Level:
        """Find a level by its key.

        Raises
        ------
        NotFoundError
            The scheme has no such level; the message lists those it has.
        """
        for level in self.levels:
            if level.key == key:
                return level
        known = ", ".join(level.key for level in self.levels)
        raise NotFoundError(f"scheme {self.key} has no level {key!r}; it has {known}")
