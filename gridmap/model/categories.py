"""Categories of incidents: components (部件) and events (事件), two-digit class and two-digit sub-class."""

import re
from dataclasses import dataclass

from gridmap.model.words import Text

CODE = re.compile(r"[0-9]{4}")


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of incident; its function picks the scheme whose lines decide.

    Attributes
    ----------
    code
        Four digits: class, then sub-class.
    side
        ``component`` for a thing that somebody owns, ``event`` for something that happens.
    """

    code: str
    side: str
    class_title: Text
    title: Text
    function: str

    def __post_init__(self) -> None:
        if not CODE.fullmatch(self.code):
            raise ValueError(f"category code {self.code!r} is not four digits")
        if self.side not in {"component", "event"}:
            raise ValueError(f"category {self.code}: side {self.side!r} is not component or event")
