"""Which city a database holds."""

from dataclasses import dataclass
from typing import Any

from gridmap.model.words import Text


@dataclass(frozen=True, slots=True)
class CityCard:
    """A city's name; an invented one says so in every answer.

    Attributes
    ----------
    key
        ``demo`` or ``own``.
    zone
        The IANA time zone in which its people read times.
    """

    key: str
    title: Text
    invented: bool
    zone: str

    def to_dict(self) -> dict[str, Any]:
        """Give it as answers carry it."""
        return {"key": self.key, "invented": self.invented, "name": self.title.to_dict()}
