"""Edits of a plan, proved to leave neither gap nor overlap; beside what proves the same by looking at every grid."""

import itertools
from collections.abc import Callable

import measuring
import numpy as np
import shapely
from coverages import coverage
from measuring import QUICK, seconds, spread

from gridmap.model.layers import schemes
from gridmap.spatial import edits
from gridmap.spatial.coverage import check
from gridmap.spatial.draft_checks import line_defects
from gridmap.spatial.drafts import Base, Changes, Draft, DraftGrid

SIZES = (1_000, 20_000) if QUICK else (1_000, 20_000, 150_000)
ROUNDS = 5 if QUICK else 30
LOOKS = 1 if QUICK else 3  # at every grid, which takes long
GROUP = 10


def base(polygons: int) -> Base:
    """Give a coverage with neighbourhoods of a hundred micro-grids each above it."""
    frame = coverage(polygons)
    side = round(len(frame) ** 0.5)
    rows = np.arange(len(frame))
    group = (rows // side // GROUP) * side + rows % side // GROUP
    grids = []
    for number, above in enumerate(np.unique(group).tolist(), start=len(frame) + 1):
        mine = np.flatnonzero(group == above)
        whole = shapely.coverage_union_all(frame.geometry.to_numpy()[mine])
        grids.append(DraftGrid(number, "neighbourhood", None, None, str(number), _multi(whole)))
        grids += [
            DraftGrid(int(row) + 1, "microgrid", number, None, str(row), _multi(frame.geometry.iloc[row]))
            for row in mine
        ]
    return Base(schemes()["governance"], grids)


def _multi(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.multipolygons(shapely.get_parts(shape))


def strokes(draft: Draft, rng: np.random.Generator) -> dict[str, Callable[[], Changes]]:
    """Give an edit of each kind at some place."""
    leaf = int(rng.choice(draft.base.leaves))
    outline = draft.grid(leaf).outline
    west, south, east, north = outline.bounds
    middle = (south + north) / 2
    other = next(g for g in draft.leaves_near(outline) if g != leaf and _shares_a_side(draft, leaf, g))
    shared = shapely.line_merge(shapely.intersection(outline, draft.grid(other).outline))
    ends = shapely.get_coordinates(max(shapely.get_parts(shared), key=shapely.length))[[1, -2]]
    bulge = ends.mean(axis=0) + (shapely.get_coordinates(shapely.centroid(outline))[0] - ends.mean(axis=0)) * 0.2
    return {
        "split": lambda: edits.split(
            draft, leaf, [(west - 1e-5, middle), (east + 1e-5, middle)], itertools.count(10**7)
        ),
        "merge": lambda: edits.merge(draft, [leaf, other]),
        "reshape": lambda: edits.reshape(draft, [leaf, other], [ends[0], bulge, ends[1]]),
        "assign": lambda: edits.assign(draft, [leaf], draft.grid(other).parent or 0),
    }


def _shares_a_side(draft: Draft, one: int, other: int) -> bool:
    return shapely.intersection(draft.grid(one).outline, draft.grid(other).outline).length > 0


def proved(draft: Draft, stroke: Callable[[], Changes]) -> Draft:
    """Make an edit and check what it touched."""
    after = draft.after(stroke())
    if line_defects(after):
        raise AssertionError("an edit left a fault")
    return after


def looks(after: Draft) -> dict[str, float]:
    """Time what looks at every grid."""
    outlines = np.array([after.grid(leaf).outline for leaf in after.leaves()], dtype=object)
    valid, _ = seconds(shapely.coverage_is_valid, outlines)
    union, _ = seconds(lambda: shapely.coverage_union_all(outlines))
    frame = after.frame()
    full, _ = seconds(check, frame[frame["level"] == "microgrid"].set_index("id"))
    return {"GEOS: coverage_is_valid and coverage_union_all": valid + union, "gridmap's full check": full}


def main() -> None:
    rows = []
    for size in SIZES:
        draft, rng = Draft(base(size)), np.random.default_rng(1)
        draft.leaves_near(draft.grid(1).outline)  # the tree is made at the first question
        spent: dict[str, list[float]] = {}
        after = draft
        for _ in range(ROUNDS):
            for kind, stroke in strokes(draft, rng).items():
                took, after = seconds(proved, draft, stroke)
                spent.setdefault(kind, []).append(took)
        peers: dict[str, list[float]] = {}
        for _ in range(LOOKS):
            for name, took in looks(after).items():
                peers.setdefault(name, []).append(took)
        for kind, times in spent.items():
            ratios = [spread(peer / own for peer, own in itertools.product(each, times)) for each in peers.values()]
            rows.append([f"{len(draft.base.leaves):,}", kind, spread(1e3 * each for each in times), *ratios])
    notes = [
        f"Least–median–greatest of {ROUNDS} edits at random places, each with the check of what it touched.",
        f"GEOS is content with a missing grid. {LOOKS} looks at all grids each, ratios over all pairs.",
    ]
    columns = ["grids", "edit", "edit and check, ms", "GEOS, all grids, ×", "gridmap's full check, ×"]
    measuring.write("plans", "Edits of a plan, proved", columns, rows, notes)


if __name__ == "__main__":
    main()
