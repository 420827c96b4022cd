"""Residents and workers, shared out over the buildings by their floor space."""

import numpy as np

from gridmap.demo.buildings import Building
from gridmap.demo.dice import dice, share_out

RESIDENTS, WORKERS = 22_000, 100_000
_HOMES = {"residential": 1.0, "mixed": 0.35}
_WORK = {"office": 1.0, "mixed": 0.5, "hotel": 0.3, "public": 0.5, "school": 0.25, "residential": 0.004}


def settle(seed: int, sub: int, buildings: list[Building]) -> tuple[np.ndarray, np.ndarray]:
    """Give each building of one sub-district its residents and its workers.

    Returns
    -------
    residents, workers
        int64 arrays as long as `buildings`; the sums are 22,000 and 100,000 give or take two per cent.
    """
    rng = dice(seed, "population", sub)
    homes, work = [], []
    for building in buildings:
        space = building.outline.area * building.floors
        raised = building.tower or building.role in ("podium", "kiosk", "pavilion")
        homes.append(0.0 if raised else space * _HOMES.get(building.use, 0.0))
        work.append(space * _WORK[building.use] * (1.15 if building.tower else 0.8))
    noise = rng.uniform(0.75, 1.25, (2, len(buildings)))
    residents = RESIDENTS + int(rng.integers(-400, 401))
    workers = WORKERS + int(rng.integers(-1800, 1801))
    return (
        share_out(residents, np.round(np.array(homes) * noise[0], 3)),
        share_out(workers, np.round(np.array(work) * noise[1], 3)),
    )
