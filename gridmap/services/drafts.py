"""Drafts of plans in memory: read once, then kept as edits come, so that an edit costs what it touches."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from gridmap.model.plans import Plan, PlanEdit
from gridmap.services.lines import Lines
from gridmap.services.snapshot import Keeper
from gridmap.spatial.drafts import Base, Draft, DraftGrid
from gridmap.store import plans as store
from gridmap.store.database import Connection, Database

K = TypeVar("K")
V = TypeVar("V")
_MOST_BASES, _MOST_DRAFTS = 4, 64


@dataclass
class Drafts:
    """Keeps bases by generation, and drafts by plan and edit. Any thread may ask."""

    database: Database
    keeper: Keeper
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _bases: OrderedDict[int, Base] = field(default_factory=OrderedDict, repr=False)
    _drafts: OrderedDict[tuple[int, int, int | None], Draft] = field(default_factory=OrderedDict, repr=False)

    def base(self, generation: int) -> Base:
        """Give the grids of a generation, arranged for drafts."""
        with self._lock:
            if found := _recall(self._bases, generation):
                return found
        made = base_of(self.keeper.lines_of(generation))
        with self._lock:
            return _keep(self._bases, generation, made, _MOST_BASES)

    def of(self, connection: Connection, plan: Plan, head: int | None) -> Draft:
        """Give the draft of a plan after an edit; as the base where that is None."""
        with self._lock:
            if found := _recall(self._drafts, (plan.id, plan.base, head)):
                return found
        way = [] if head is None else path(store.edits(connection, plan.id), head)
        draft, known = self._nearest(plan, way)
        made = store.changes(connection, plan.id, after=known) if way else {}
        for edit in way:
            if known is None or edit.number > known:
                draft = draft.after(made.get(edit.number, {}))
        return self.keep(plan, head, draft)

    def _nearest(self, plan: Plan, way: list[PlanEdit]) -> tuple[Draft, int | None]:
        """Give the draft after the last edit of a way that is in memory, with the edit's number; else the base."""
        with self._lock:
            for edit in reversed(way):
                if found := _recall(self._drafts, (plan.id, plan.base, edit.number)):
                    return found, edit.number
        return Draft(self.base(plan.base)), None

    def keep(self, plan: Plan, head: int | None, draft: Draft) -> Draft:
        """Keep a draft that was made of an edit just now."""
        with self._lock:
            return _keep(self._drafts, (plan.id, plan.base, head), draft, _MOST_DRAFTS)


def path(edits: Mapping[int, PlanEdit], head: int | None) -> list[PlanEdit]:
    """List the edits that lead to one, the first first."""
    found: list[PlanEdit] = []
    while head is not None:
        found.append(edits[head])
        head = edits[head].prev
    return found[::-1]


def base_of(lines: Lines) -> Base:
    """Arrange the grids of lines in memory for drafts."""
    return Base(lines.scheme, _grids(lines))


def _grids(lines: Lines) -> Iterable[DraftGrid]:
    return (
        DraftGrid(grid.id, grid.level, grid.parent, grid.code, grid.name, lines.outlines[grid.id])
        for grid in lines.grids.values()
    )


def _recall(kept: OrderedDict[K, V], key: K) -> V | None:
    if key in kept:
        kept.move_to_end(key)
        return kept[key]
    return None


def _keep(kept: OrderedDict[K, V], key: K, value: V, most: int) -> V:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
    return value
