"""Grids: pieces of the city with a permanent id, and the 15-digit code that is only an attribute of theirs."""

import re
from dataclasses import dataclass

CODE = re.compile(r"[0-9]{15}")
UNIT_GRID_M2 = 10_000.0
"""About the area of one unit grid in a dense quarter; a gap below it is a drawing fault, above it land."""


@dataclass(frozen=True, slots=True)
class GridCode:
    """A code of DB11 form: 6 digits county, 3 street, 3 community, 3 sequence within the community."""

    county: str
    street: str
    community: str
    sequence: str

    @classmethod
    def parse(cls, text: str) -> "GridCode":
        """Read fifteen digits.

        Raises
        ------
        ValueError
            It is not fifteen digits.
        """
        if not CODE.fullmatch(text):
            raise ValueError(f"a grid code has 15 digits, not {text!r}")
        return cls(text[:6], text[6:9], text[9:12], text[12:])

    def __str__(self) -> str:
        """All fifteen digits."""
        return self.county + self.street + self.community + self.sequence


@dataclass(frozen=True, slots=True)
class Grid:
    """One grid as a generation knows it.

    Attributes
    ----------
    id
        Permanent; outlives every outline, name and code. The edge rule compares it.
    parent
        The id of the grid above, None at the top.
    area_m2
        Geodesic area of the outline.
    """

    id: int
    level: str
    code: str | None
    name: str
    parent: int | None
    area_m2: float
