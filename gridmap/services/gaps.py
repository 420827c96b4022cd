"""Gaps that lookups ran into: put on record, a little later than the answer and together."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

import geopandas as gpd

from gridmap.model.errors import GridmapError, NotFoundError, UnavailableError
from gridmap.model.layers import schemes
from gridmap.store import gaps as store
from gridmap.store.database import Database

_MOST = 10_000  # waiting sightings; beyond that the flood is the news, not each place


@dataclass
class Sightings:
    """Sightings of gaps that wait to be written."""

    database: Database
    _waiting: dict[tuple[int, float, float], store.Sighting] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def note(self, sighting: store.Sighting) -> None:
        """Keep a sighting until the next `flush`; the same place counts up."""
        key = (sighting.generation, sighting.lon, sighting.lat)
        with self._lock:
            if len(self._waiting) < _MOST or key in self._waiting:
                before = self._waiting.get(key)
                self._waiting[key] = sighting if before is None else sighting.again(before.times)

    def flush(self) -> None:
        """Write what waits; what cannot be written now waits on, what never can be is let go."""
        with self._lock:
            taken, self._waiting = self._waiting, {}
        if not taken:
            return
        try:
            with self.database.write() as connection:
                store.record(connection, taken.values())
        except UnavailableError:
            self._take_back(taken.values())
        except GridmapError:
            if len(taken) > 1:  # one of them is at fault; it must not hold up the rest for ever
                for sighting in taken.values():
                    self.note(sighting)
                    self.flush()

    def _take_back(self, sightings: Iterable[store.Sighting]) -> None:
        for sighting in sightings:
            self.note(sighting)


def recorded(database: Database, scheme: str) -> gpd.GeoDataFrame:
    """List the gaps on record for the generation in force: those known when it was published, then those met.

    Raises
    ------
    NotFoundError
        There is no such scheme.
    """
    if scheme not in schemes():
        raise NotFoundError(f"there is no scheme {scheme!r}; there are {', '.join(schemes())}")
    with database.read() as connection:
        return store.frame(connection, scheme)
