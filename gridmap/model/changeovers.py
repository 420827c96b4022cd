"""Changeovers: what became of an incident that was open when a change of lines gave its ground to another grid.

Each is on record once. By its rule the incident stays with the grid that had it, moves at once, or somebody is asked;
until the answer it stays. A grid that is no more keeps nothing: its incidents move whatever the rule of the scheme.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gridmap.model.schemes import OpenIncidents

Answered = Literal["stay", "move"]
Done = Literal["stayed", "moved", "pending"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody decided about one incident; the last answer counts."""

    answer: Answered
    actor: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Changeover:
    """One incident at one change of lines.

    Attributes
    ----------
    generation, scheme
        Whose coming into force it was, and whose lines these are.
    at
        When that was.
    from_grid, to_grid
        The grid responsible before, and the one that holds the ground since; None where that is a gap.
    rule
        What was applied; ``move`` where the grid before is no more, whatever the scheme says.
    retired
        Whether the grid before is no more.
    answers
        The first first; only where the rule is to ask.
    last
        Whether no later change has touched the incident.
    """

    id: int
    incident: int
    generation: int
    scheme: str
    at: datetime
    from_grid: int
    to_grid: int | None
    rule: OpenIncidents
    retired: bool
    recorded_at: datetime
    answers: tuple[Answer, ...] = ()
    last: bool = True

    @property
    def done(self) -> Done:
        """What was done with it so far; nobody moves to a gap."""
        if self.to_grid is None or self.rule == "stay":
            return "stayed"
        if self.rule == "ask" and not self.answers:
            return "pending"
        wanted = self.answers[-1].answer if self.rule == "ask" else self.rule
        return "moved" if wanted == "move" else "stayed"

    @property
    def responsible(self) -> int:
        """The grid responsible since: the one before, unless it moved."""
        return self.to_grid if self.done == "moved" and self.to_grid is not None else self.from_grid
