"""Changes of lines and the incidents that are open then: each is settled once, by the rule of its scheme."""

import threading
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from gridmap.model.layers import schemes
from gridmap.services.lines import Lines
from gridmap.services.snapshot import Keeper
from gridmap.store import changeovers as store
from gridmap.store import generations
from gridmap.store.database import Connection, Database

_TICK = timedelta(microseconds=1)
_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Settled:
    """What a generation did to open incidents: how many it gave another grid, and how many of them moved at once."""

    generation: int
    scheme: str
    incidents: int
    moved: int


@dataclass
class Changeovers:
    """Settles every change of lines, whoever looks first: a worker at the instant, or the next one that runs."""

    database: Database
    keeper: Keeper
    _seen: tuple[tuple[str, int, int | None], ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def settle(self, *, wait: bool = True) -> list[Settled]:
        """Settle what came into force since; the database is asked only when something may have.

        Parameters
        ----------
        wait
            For another who settles now; without it that one is left to finish.

        Returns
        -------
        list
            The generations settled by this call, in the order in which they came into force.
        """
        now = self.keeper.now()
        seen = tuple((key, self.keeper.version(f"lines:{key}"), self.keeper.in_force(key)) for key in schemes())
        if seen == self._seen or not self._lock.acquire(blocking=wait):
            return []
        try:
            done: list[Settled] = []
            while True:
                with self.database.load() as connection:
                    if not store.lock(connection, wait=wait):
                        return done
                    due = store.due(connection, now)
                    if due is None:
                        self._seen = seen
                        return done
                    done.append(self._settle(connection, due))
        finally:
            self._lock.release()

    def _settle(self, connection: Connection, due: store.Due) -> Settled:
        """Write one row for each open incident whose ground is another grid's now, in one statement."""
        before = generations.in_force(connection, due.scheme, due.at - _TICK, due.at - _TICK)
        if before is None or before.id == due.generation:
            store.record(connection, due.generation, "stay", _none())
            return Settled(due.generation, due.scheme, 0, 0)
        rule = schemes()[due.scheme].open_incidents
        moves = self._moves(connection, due, before.id)
        store.record(connection, due.generation, rule, moves)
        moved = moves.moves if rule != "move" else moves.after != _NOWHERE
        return Settled(due.generation, due.scheme, len(moves.incidents), int(moved.sum()))

    def _moves(self, connection: Connection, due: store.Due, before: int) -> store.Moves:
        incidents = store.open_at(connection, due.scheme, due.at)
        lines = self.keeper.lines_of(due.generation)
        was = leaves_at(self.keeper.lines_of(before), incidents.lon, incidents.lat)
        now = leaves_at(lines, incidents.lon, incidents.lat)
        held_by = np.where(incidents.held_by == _NOWHERE, was, incidents.held_by)
        # who is no more keeps nothing, even where the ground had been given away by an earlier change
        retired = ~np.isin(held_by, np.fromiter(lines.grids, np.int64)) & (now != _NOWHERE)
        touched = (held_by != _NOWHERE) & (held_by != now) & ((was != now) | retired)
        return store.Moves(incidents.ids[touched], held_by[touched], now[touched], retired[touched])


def leaves_at(lines: Lines, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
    """Find the grid that nobody divided further at each point, WGS84 degrees; -1 in a gap and outside."""
    rows = lines.index.locate(lon, lat)
    return np.where(rows >= 0, lines.leaves[rows], _NOWHERE)


def _none() -> store.Moves:
    nothing = np.empty(0, np.int64)
    return store.Moves(nothing, nothing, nothing, np.empty(0, np.bool_))
