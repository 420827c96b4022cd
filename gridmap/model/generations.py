"""Generations: immutable published sets of grid outlines of a scheme.

Identity and outline are apart: a grid keeps its permanent id while its outline, name, code and parent belong to
a generation. A generation is never changed after publishing; what changes is which one is in force. Two times
are kept. *In force* is when its lines decide; *recorded* is when we came to believe so: a generation published
today for next Monday, then cancelled, was believed in from today until the cancelling. Both ranges are
half-open, so the change at midnight belongs to the new lines and the last microsecond before to the old.
What a generation does not keep is why a line runs as it does: that is told by the plan it came from.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Generation:
    """One published set of outlines.

    Attributes
    ----------
    base
        The generation it was drawn on; None for a scheme's first.
    origin
        ``demo``, ``import`` or ``plan``.
    in_force_from, in_force_until
        Half-open; None as the end while no successor is known.
    """

    id: int
    scheme: str
    base: int | None
    origin: str
    note: str
    grids: int
    published_at: datetime
    in_force_from: datetime | None = None
    in_force_until: datetime | None = None

    def rules(self, at: datetime) -> bool:
        """Tell whether its lines decide at an instant."""
        start, end = self.in_force_from, self.in_force_until
        return start is not None and start <= at and (end is None or at < end)
