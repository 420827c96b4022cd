"""Publishing a plan: the gate that lets nothing through that is no clean set of grids, and the next generation."""

from datetime import datetime

import numpy as np
import shapely

from gridmap.model.errors import CoverageError, InputError
from gridmap.model.plans import Plan
from gridmap.spatial.coverage import find_gaps
from gridmap.spatial.draft_checks import line_defects
from gridmap.spatial.drafts import Draft
from gridmap.spatial.edges import Edges, difference
from gridmap.store.database import Connection
from gridmap.store.redrawing import Redrawn, redraw


def publish_draft(connection: Connection, plan: Plan, draft: Draft, in_force_from: datetime | None) -> int:
    """Publish a draft as the next generation, in the transaction of the connection; give its id.

    Raises
    ------
    CoverageError
        The draft is no clean set of grids.
    ConflictError
        Another generation was published meanwhile.
    InputError
        The date lies in the past or has no offset, a code is another grid's, or nothing differs from the base.
    """
    if in_force_from is not None and in_force_from.tzinfo is None:
        raise InputError.of("in_force_from", "has no offset from UTC", "give an instant with its offset", "time")
    if not draft.changed:
        raise InputError.of("plan", "changes nothing", code="nothing")
    if faults := [defect.fault() for defect in line_defects(draft) if defect.kind not in {"empty", "mixed_levels"}]:
        raise CoverageError(faults[:50], f"{len(faults)} faults in the plan")
    grids = sum(1 for _ in draft)
    extent, gaps = _ground(draft)
    return redraw(
        connection, plan.scheme, plan.base, Redrawn(dict(draft.changed), grids, plan.title, extent, gaps), in_force_from
    )


def _ground(draft: Draft) -> tuple[shapely.Geometry | None, list[shapely.Geometry] | None]:
    """Give the ground of a draft and the gaps in it; None for both where they are the base's."""
    top = [grid.id for grid in draft if grid.parent is None]
    if not any(grid in draft.changed for grid in top) and set(top) == set(draft.base.children.get(None, ())):
        return None, None
    before = Edges.of(Draft(draft.base).units(draft.base.children.get(None, ()))).left_over()
    lost, won = difference(before, Edges.of(draft.units(top)).left_over())
    if not len(lost) and not len(won):
        return None, None
    outlines = np.array([draft.grid(grid).outline for grid in top], dtype=object)
    shells = [shapely.Polygon(part.exterior) for part in shapely.get_parts(shapely.union_all(outlines))]
    whole = shapely.get_parts(shapely.union_all(shells))
    return shapely.MultiPolygon(list(whole)), list(find_gaps(outlines))
