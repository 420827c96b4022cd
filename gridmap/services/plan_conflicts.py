"""Two plans on one base: which grids both of them change."""

from gridmap.model.errors import ConflictError
from gridmap.model.plans import Plan
from gridmap.services.differences import draft_differences
from gridmap.services.drafts import Drafts
from gridmap.services.opening import OpenCity
from gridmap.spatial.drafts import Draft
from gridmap.store import generations
from gridmap.store.database import Connection

_LISTED = 100


def conflicts(city: OpenCity, connection: Connection, plan: Plan, draft: Draft) -> ConflictError:
    """Say that another plan was published meanwhile, and which grids both change."""
    newest = generations.head(connection, plan.scheme)
    mine = {each.grid: each for each in draft_differences(draft)}
    theirs = _changed(city.planning.drafts, plan.base, newest)
    both = sorted(mine.keys() & theirs)
    named = [draft.base.grids[grid].name if grid in draft.base.grids else draft.grid(grid).name for grid in both]
    said = f"both change {', '.join(named[:5])}" if both else "they have no grid in common"
    return ConflictError(
        f"generation {newest} was published meanwhile, and plan {plan.id} is drawn on {plan.base}: {said}; "
        "rebase it and have it looked at again",
        {
            "base": plan.base,
            "newest": newest,
            "grids": [{"id": grid, "name": name} for grid, name in zip(both, named, strict=True)][:_LISTED],
            "differ": len(theirs),
        },
    )


def _changed(drafts: Drafts, base: int, newest: int | None) -> set[int]:
    """List the grids that differ between two generations."""
    if newest is None:
        return set()
    before, after = drafts.base(base).grids, drafts.base(newest).grids
    return {grid for grid in before.keys() | after.keys() if before.get(grid) != after.get(grid)}
