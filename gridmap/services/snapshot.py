"""The snapshot: everything an answer needs, immutable and in memory, and its keeper, who swaps it whole.

A lookup reads one snapshot from beginning to end and never the database. The keeper compares a few counters with
the database four times a second and builds a new snapshot when they moved; generations published for later are
built ahead, so the change happens at its instant and not at the next look. When the database has not been heard
for a second, the keeper refuses to answer rather than give what may be old.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from gridmap.model.cities import CityCard
from gridmap.model.errors import NotFoundError, UnavailableError
from gridmap.model.generations import Generation
from gridmap.model.layers import schemes
from gridmap.model.posts import Roster
from gridmap.model.schemes import GOVERNANCE
from gridmap.services.answerable import Owners
from gridmap.services.lines import Lines, build_lines, dated, redraw_lines
from gridmap.services.shared import Shared
from gridmap.services.spots import Spots
from gridmap.store import cities, generations, posts
from gridmap.store.database import Database

LOOK_SECONDS = 0.25
STALE_SECONDS = 1.0
_HISTORIC = 4  # generations of the past that are kept in memory


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One consistent state: lines, posts and what stands where.

    Attributes
    ----------
    basis
        What an answer rests on, ``city`` and ``generation``, as answers tell it.
    """

    city: CityCard
    lines: Lines
    roster: Roster
    spots: Spots
    owners: Owners
    basis: dict[str, Shared]

    @classmethod
    def of(cls, city: CityCard, lines: Lines, roster: Roster, spots: Spots) -> "Snapshot":
        """Put the parts together."""
        generation = lines.generation
        told = {"id": generation.id, "scheme": lines.scheme.key, "in_force_from": generation.in_force_from}
        basis = {"city": Shared.of(city.to_dict()), "generation": Shared.of(told)}
        return cls(city, lines, roster, spots, Owners(lines.grids, lines.chains, roster), basis)

    def is_of(self, city: CityCard, lines: Lines, roster: Roster, spots: Spots) -> bool:
        """Tell whether it was put together from these very parts."""
        return self.city is city and self.lines is lines and self.roster is roster and self.spots is spots


@dataclass
class Keeper:
    """Keeps the snapshots of one database fresh.

    Any thread may ask. `watch` lets a thread look by itself, so that no question has to wait for the look.
    """

    database: Database
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _past_lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _versions: dict[str, int] = field(default_factory=dict, repr=False)
    _loading: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _ahead: dict[str, tuple[Generation, ...]] = field(default_factory=dict, repr=False)
    _loaded: dict[int, Lines] = field(default_factory=dict, repr=False)
    _past: OrderedDict[int, Lines] = field(default_factory=OrderedDict, repr=False)
    _city: CityCard | None = None
    _roster: Roster = field(default_factory=Roster, repr=False)
    _spots: Spots = field(default_factory=Spots.empty, repr=False)
    _made: dict[str, Snapshot] = field(default_factory=dict, repr=False)  # the latest of each scheme
    _looked: float = -1e9
    _clock: tuple[datetime, float] | None = None  # the database's time, and the reading of our own clock then
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _thread: threading.Thread | None = None

    def watch(self, also: Callable[[], None]) -> None:
        """Look by itself from now on, until `close`, and do something else each time."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, args=(also,), name="gridmap-keeper", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self, also: Callable[[], None]) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                self.look()
                also()
            except UnavailableError:
                continue  # told to whoever asks, by `now` and `_fresh`
            except Exception as error:  # noqa: BLE001 - one bad look must not be the last; who asks looks for himself
                structlog.get_logger().error("the snapshot could not be renewed", error=type(error).__name__)

    def look(self) -> None:
        """Compare with the database, and rebuild what changed.

        Raises
        ------
        UnavailableError
            The database does not answer.
        """
        with self._locked():
            self._look()
        self._load_ahead()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # A database that neither answers nor refuses holds up the one who looks, and nobody else for long.
        if not self._lock.acquire(timeout=STALE_SECONDS):
            raise UnavailableError("the database does not answer; see `gridmap db status`")
        try:
            yield
        finally:
            self._lock.release()

    def _look(self) -> None:
        began = time.monotonic()
        with self.database.read() as connection:
            self._set_clock(partial(generations.clock, connection))
            versions = generations.versions(connection)
            if self._city is None:
                self._city = cities.read(connection)
            for scheme in schemes():
                topic = f"lines:{scheme}"
                if versions.get(topic) != self._versions.get(topic):
                    self._ahead[scheme] = tuple(generations.upcoming(connection, scheme))
            if versions.get("posts") != self._versions.get("posts"):
                self._roster = posts.roster(connection)
            if versions.get("places") != self._versions.get("places"):
                self._spots = Spots.read(self.database)
        self._versions = versions
        self._looked = began

    def _set_clock(self, ask: Callable[[], datetime]) -> None:
        """Read the database's time; our reckoning of it never runs backwards between two looks.

        What the database says was true at some moment between our asking and its answer, so a reckoning within that
        span is kept: a slow answer must not bring back lines that have ended.
        """
        asked = time.monotonic()
        told = ask()
        heard = time.monotonic()
        if self._clock is not None:
            told = min(max(told, self._reckoned(heard)), told + timedelta(seconds=heard - asked))
        self._clock = (told, heard)

    def _reckoned(self, reading: float) -> datetime:
        if self._clock is None:
            raise UnavailableError("the database has not been heard yet; try again in a moment")
        told, heard = self._clock
        return told + timedelta(seconds=reading - heard)

    def _load_ahead(self) -> None:
        """Load the lines in force and those for later; forget others.

        Nobody has to wait for those for later: what is in force is answered meanwhile.
        """
        wanted = [generation for ahead in list(self._ahead.values()) for generation in ahead]
        for generation in wanted:
            self._lines(generation, math.inf)
        ids = {generation.id for generation in wanted}
        for known in [number for number in list(self._loaded) if number not in ids]:
            self._loaded.pop(known, None)

    def _lines(self, generation: Generation, patience: float) -> Lines:
        """Give the lines of a generation; load them where nobody did, or wait for whoever is at it."""
        lines = self._loaded.get(generation.id)
        if lines is None:
            if not self._loading.acquire(timeout=-1 if patience == math.inf else patience):
                raise UnavailableError("new lines are being loaded; try again in a moment")
            try:
                lines = self._loaded.get(generation.id) or self._load(generation)
                self._loaded[generation.id] = lines
            finally:
                self._loading.release()
        if lines.generation != generation:
            lines = self._loaded[generation.id] = dated(lines, generation)
        return lines

    def _load(self, generation: Generation) -> Lines:
        """Read the lines of a generation: where its base is in memory, only what differs from it."""
        with self._past_lock:
            known = {lines.generation.id: lines for lines in [*self._past.values(), *self._loaded.values()]}
        if generation.id in known:
            return dated(known[generation.id], generation)
        base = known.get(generation.base) if generation.base is not None else None
        with self.database.read() as connection:
            ground = generations.extent(connection, generation.id)
            if base is None:
                return build_lines(generation, generations.frame(connection, generation.id), ground)
            changed = generations.frame(connection, generation.id, unlike=base.generation.id)
            gone = generations.gone(connection, base.generation.id, generation.id)
        return redraw_lines(base, generation, changed, gone, ground)

    def lines_of(self, generation: int, scheme: str | None = None) -> Lines:
        """Give the lines of a generation, whether it is in force or not.

        Raises
        ------
        NotFoundError
            There is no such generation.
        """
        with self._past_lock:
            known = [*self._loaded.values(), *self._past.values()]
        for lines in known:
            if lines.generation.id == generation:
                return lines
        with self.database.read() as connection:
            found = next((each for each in generations.listing(connection, scheme) if each.id == generation), None)
        if found is None:
            raise NotFoundError(f"there is no generation {generation}")
        return self._keep(self._load(found))

    def in_force(self, scheme: str) -> int | None:
        """Give the generation that decides now, from memory; None before a scheme's first."""
        now = self.now()
        for generation in self._ahead.get(scheme, ()):
            start, end = generation.in_force_from, generation.in_force_until
            if start is not None and start <= now and (end is None or now < end):
                return generation.id
        return None

    def city(self) -> CityCard:
        """Tell which city it is."""
        self._fresh()
        if self._city is None:
            raise UnavailableError("the city has not been read yet; try again in a moment")
        return self._city

    def roster(self) -> Roster:
        """Give all posts with who held, holds and will hold them."""
        self._fresh()
        return self._roster

    def version(self, topic: str) -> int:
        """Give the counter that grows with every change of ``posts`` or ``places``."""
        return self._versions.get(topic, 0)

    def now(self) -> datetime:
        """Return the database's time, without asking it.

        Raises
        ------
        UnavailableError
            The database has not been heard for longer than an answer may be old.
        """
        self._fresh()
        return self._reckoned(time.monotonic())

    def is_fresh(self) -> bool:
        """Tell whether questions about now are answered without asking the database."""
        return time.monotonic() - self._looked <= (STALE_SECONDS if self._thread is not None else LOOK_SECONDS)

    def is_ready(self) -> bool:
        """Tell whether questions about now are answered from memory: heard lately, and the lines in force loaded."""
        if not self.is_fresh():
            return False
        now = self._reckoned(time.monotonic())
        return all(
            generation.id in self._loaded
            for ahead in list(self._ahead.values())
            for generation in ahead
            if generation.rules(now)
        )

    def _fresh(self) -> None:
        if self.is_fresh():
            return
        with self._locked():
            if not self.is_fresh():  # another may have looked while this one waited
                self._look()

    def snapshot(
        self, at: datetime | None = None, scheme: str = GOVERNANCE, known_at: datetime | None = None
    ) -> Snapshot:
        """Give the state in force at an instant, now by default; see `asked`."""
        return self.asked(at, scheme, known_at)[1]

    def asked(
        self, at: datetime | None = None, scheme: str = GOVERNANCE, known_at: datetime | None = None
    ) -> tuple[datetime, Snapshot]:
        """Give the instant asked about, now by default, and the state in force then.

        Parameters
        ----------
        known_at
            What was believed then to be in force; what is known now by default.

        Raises
        ------
        NotFoundError
            There is no such scheme, or none of its generations was in force then.
        UnavailableError
            The database does not answer.
        """
        if at is not None:
            self._fresh()
        instant = at or self.now()
        ahead = self._ahead.get(scheme)  # not before the look that either of the two may take
        if ahead is None and scheme not in schemes():
            raise NotFoundError(f"there is no scheme {scheme!r}; there are {', '.join(schemes())}")
        for generation in ahead or () if known_at is None else ():
            if generation.rules(instant):
                return instant, self._with(self._lines(generation, STALE_SECONDS))
        return instant, self._with(self._at(instant, scheme, known_at))

    def _with(self, lines: Lines) -> Snapshot:
        parts = (self.city(), lines, self._roster, self._spots)
        made = self._made.get(lines.scheme.key)
        if made is None or not made.is_of(*parts):
            made = self._made[lines.scheme.key] = Snapshot.of(*parts)
        return made

    def _at(self, instant: datetime, scheme: str, known_at: datetime | None) -> Lines:
        """Load the generation of a past instant; a few are kept."""
        with self.database.read() as connection:
            generation = generations.in_force(connection, scheme, instant, known_at)
        if generation is None:
            raise NotFoundError(
                f"no lines of {scheme} were in force at {instant.isoformat()}; `gridmap import grids` brings the first"
                if not self._ahead.get(scheme)
                else f"no lines of {scheme} were in force at {instant.isoformat()}"
            )
        with self._past_lock:
            lines = self._past.get(generation.id)
        return self._keep(self._load(generation) if lines is None else dated(lines, generation))

    def _keep(self, lines: Lines) -> Lines:
        with self._past_lock:
            self._past.pop(lines.generation.id, None)
            self._past[lines.generation.id] = lines
            while len(self._past) > _HISTORIC:
                self._past.popitem(last=False)
        return lines
