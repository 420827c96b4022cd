"""The planners' room of a city: drafts, facts and findings, kept in memory for as long as they are true."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from gridmap.model.limits import limits
from gridmap.model.plans import Finding, Plan
from gridmap.services.drafts import Drafts
from gridmap.services.facts import FactBook
from gridmap.services.plan_checks import check_base, check_plan
from gridmap.services.plan_subjects import Checked
from gridmap.services.snapshot import Keeper
from gridmap.spatial.drafts import Draft
from gridmap.store import generations
from gridmap.store import plans as store
from gridmap.store.database import Connection, Database

_MOST_BASES, _MOST_PLANS = 3, 64


@dataclass
class Planning:
    """What plans of one city are drawn on, counted by and checked against."""

    database: Database
    keeper: Keeper
    drafts: Drafts
    facts: FactBook
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _bases: OrderedDict[int, Checked] = field(default_factory=OrderedDict, repr=False)
    _plans: OrderedDict[int, Checked] = field(default_factory=OrderedDict, repr=False)

    @classmethod
    def of(cls, database: Database, keeper: Keeper) -> "Planning":
        """Open the room."""
        drafts = Drafts(database, keeper)
        return cls(database, keeper, drafts, FactBook(database, keeper, drafts))

    def before(self, generation: int) -> Checked:
        """Give what is wrong with the lines of a generation already."""
        facts = self.facts.facts(generation)
        with self._lock:
            known = self._bases.get(generation)
            if known is not None and known.tally.facts is facts:
                return known
        with self.database.read() as connection:
            gaps = generations.gaps(connection, generation)
        listed = list(zip(gaps.geometry, gaps["area_m2"].tolist(), strict=True))
        found = check_base(facts.base, facts, limits(), listed)
        with self._lock:
            return _keep(self._bases, generation, found, _MOST_BASES)

    def findings(self, connection: Connection, plan: Plan, draft: Draft) -> list[Finding]:
        """Check a draft of a plan; what was checked of the plan before need not be looked at again."""
        base, codes = self.before(plan.base), generations.codes(connection, plan.scheme)
        with self._lock:
            since = self._plans.get(plan.id)
        checked = check_plan(draft, base, codes, since)
        with self._lock:
            return _keep(self._plans, plan.id, checked, _MOST_PLANS).found

    def draft(self, connection: Connection, plan: Plan) -> Draft:
        """Give the draft of a plan as it stands."""
        return self.drafts.of(connection, plan, plan.head)

    def plan(self, number: int) -> tuple[Plan, Draft]:
        """Read a plan and its draft."""
        with self.database.read() as connection:
            found = store.get(connection, number)
            return found, self.draft(connection, found)


def _keep(kept: OrderedDict[int, Checked], key: int, value: Checked, most: int) -> Checked:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
    return value
