"""The planners' room of a city: drafts, facts and findings, kept in memory for as long as they are true."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from gridmap.model.limits import limits
from gridmap.model.plans import Finding, Plan
from gridmap.services.drafts import Drafts
from gridmap.services.facts import FactBook, Facts
from gridmap.services.plan_checks import Subject, check_base, check_plan
from gridmap.services.snapshot import Keeper
from gridmap.spatial.drafts import Draft
from gridmap.store import generations
from gridmap.store import plans as store
from gridmap.store.database import Connection, Database

_MOST_BASES = 3


@dataclass
class Planning:
    """What plans of one city are drawn on, counted by and checked against."""

    database: Database
    keeper: Keeper
    drafts: Drafts
    facts: FactBook
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _found: OrderedDict[int, tuple[Facts, list[Finding]]] = field(default_factory=OrderedDict, repr=False)

    @classmethod
    def of(cls, database: Database, keeper: Keeper) -> "Planning":
        """Open the room."""
        drafts = Drafts(database, keeper)
        return cls(database, keeper, drafts, FactBook(database, keeper, drafts))

    def subject(self, connection: Connection, plan: Plan, draft: Draft) -> Subject:
        """Give what is checked of a plan."""
        codes = generations.codes(connection, plan.scheme)
        return Subject(draft, self.facts.facts(plan.base), limits(), codes)

    def before(self, generation: int) -> list[Finding]:
        """Give what is wrong with the lines of a generation already."""
        facts = self.facts.facts(generation)
        with self._lock:
            known = self._found.get(generation)
            if known is not None and known[0] is facts:
                return known[1]
        with self.database.read() as connection:
            gaps = generations.gaps(connection, generation)
        listed = list(zip(gaps.geometry, gaps["area_m2"].tolist(), strict=True))
        found = check_base(facts.base, facts, limits(), listed)
        with self._lock:
            self._found[generation] = (facts, found)
            while len(self._found) > _MOST_BASES:
                self._found.popitem(last=False)
        return found

    def findings(self, connection: Connection, plan: Plan, draft: Draft) -> list[Finding]:
        """Check a draft of a plan."""
        return check_plan(self.subject(connection, plan, draft), self.before(plan.base))

    def draft(self, connection: Connection, plan: Plan) -> Draft:
        """Give the draft of a plan as it stands."""
        return self.drafts.of(connection, plan, plan.head)

    def plan(self, number: int) -> tuple[Plan, Draft]:
        """Read a plan and its draft."""
        with self.database.read() as connection:
            found = store.get(connection, number)
            return found, self.draft(connection, found)
