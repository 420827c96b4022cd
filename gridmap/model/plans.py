"""Plans: drafts of lines on a base generation, from the first stroke to the day on which they decide.

A plan is an append-only list of edits. Each edit names the one before it, and the plan points at the last: undoing
moves that pointer back, redoing forward, and nothing that was drawn is lost. A plan is drawn by its author, looked at
by somebody else, and published for a date; what was done to it, by whom and why is kept step by step.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from gridmap.model.errors import ConflictError
from gridmap.model.words import Text

State = Literal["draft", "submitted", "approved", "published", "withdrawn", "cancelled"]
Action = Literal[
    "open", "submit", "send_back", "approve", "publish", "withdraw", "cancel", "rebase", "undo", "redo", "rename"
]
STATES: tuple[State, ...] = get_args(State)

TRANSITIONS: dict[Action, tuple[frozenset[State], State]] = {
    "submit": (frozenset({"draft"}), "submitted"),
    "send_back": (frozenset({"submitted", "approved"}), "draft"),
    "approve": (frozenset({"submitted"}), "approved"),
    "publish": (frozenset({"approved"}), "published"),
    "withdraw": (frozenset({"draft", "submitted", "approved"}), "withdrawn"),
    "cancel": (frozenset({"published"}), "cancelled"),
    "rebase": (frozenset({"draft", "submitted", "approved"}), "draft"),
    "undo": (frozenset({"draft"}), "draft"),
    "redo": (frozenset({"draft"}), "draft"),
    "rename": (frozenset({"draft"}), "draft"),
}
"""From which states an action may be taken, and to which it leads."""

ACTIONS_BY_OTHERS: frozenset[Action] = frozenset({"approve"})
"""What somebody has to do who drew nothing of the plan."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A draft of lines, and how far it has come.

    Attributes
    ----------
    base
        The generation that it is drawn on.
    head
        Number of the last edit that counts; None where none does.
    version
        Grows with every change; a change names the one that it was made on.
    in_force_from
        From when its lines shall decide; None for at once.
    generation
        What it was published as.
    drawers
        All who made an edit of it.
    """

    id: int
    scheme: str
    base: int
    title: str
    note: str
    state: State
    author: str
    head: int | None
    version: int
    in_force_from: datetime | None
    generation: int | None
    created_at: datetime
    changed_at: datetime
    drawers: tuple[str, ...] = ()

    def after(self, action: Action) -> State:
        """Give the state that an action leads to.

        Raises
        ------
        ConflictError
            It cannot be taken from this state.
        """
        before, after = TRANSITIONS[action]
        if self.state not in before:
            allowed = ", ".join(sorted(before))
            raise ConflictError(f"plan {self.id} is {self.state}; {action} needs one that is {allowed}")
        return after


@dataclass(frozen=True, slots=True)
class PlanEdit:
    """One edit on record.

    Attributes
    ----------
    prev
        Number of the edit that it follows; None for the first on its base.
    base
        The generation underneath.
    given
        What was asked for, so that it can be asked for again on another base.
    """

    number: int
    prev: int | None
    base: int
    kind: str
    given: dict[str, Any]
    author: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class PlanStep:
    """What was done to a plan, by whom, and why."""

    action: Action
    actor: str
    at: datetime
    note: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check found.

    Attributes
    ----------
    kind
        Such as ``gap`` or ``cut_building``; the limits say how severe it is.
    grids, names
        Those concerned.
    lon, lat
        Where on the map; None where it has no place.
    message
        What it is, figures included.
    figures
        The same for programs.
    inherited
        Whether it was so before the plan.
    """

    kind: str
    severity: str
    grids: tuple[int, ...]
    names: tuple[str, ...]
    lon: float | None
    lat: float | None
    message: Text
    figures: dict[str, Any] = field(default_factory=dict)
    inherited: bool = False

    @property
    def key(self) -> str:
        """What it is called when a word is said about it: the same finding has the same key."""
        place = "" if self.lon is None else f"@{self.lon:.5f},{self.lat:.5f}"
        return f"{self.kind}:{'-'.join(map(str, self.grids[:4]))}{place}"

    def to_dict(self) -> dict[str, Any]:
        """Give it as answers carry it."""
        return {
            "key": self.key,
            "kind": self.kind,
            "severity": self.severity,
            "grids": list(self.grids),
            "names": list(self.names),
            "lon": self.lon,
            "lat": self.lat,
            "message": self.message.to_dict(),
            "figures": self.figures,
            "inherited": self.inherited,
        }
