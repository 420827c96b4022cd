"""What answers say of a leaf, made once."""

from gridmap.model.grids import Grid
from gridmap.model.schemes import Level, Scheme
from gridmap.model.words import Text
from gridmap.services.leaves import candidate, make_leaves, named

SCHEME = Scheme(
    "own",
    Text("自有", "own"),
    (Level("top", Text("顶", "Top"), 1, 2.0), Level("low", Text("底", "Low"), 2, 1.0)),
    (),
)
GRIDS = {1: Grid(1, "top", "310199000000000", "甲", None, 9.0), 2: Grid(2, "low", None, "乙", 1, 4.0)}


def test_leaves_come_in_the_order_asked_for_with_those_above_them():
    leaves = make_leaves(SCHEME, GRIDS, {1: (1,), 2: (1, 2)}, [2, 1])
    assert [leaf.grid.id for leaf in leaves] == [2, 1]
    assert [link["id"] for link in leaves[0].links.data] == [1, 2]
    assert leaves[0].links.data[0] == {
        "level": "top",
        "level_name": {"zh": "顶", "en": "Top"},
        "id": 1,
        "code": "310199000000000",
        "name": "甲",
    }
    assert leaves[1].neighbour.data == named(GRIDS[1])
    assert leaves[0].alone.data == [candidate(GRIDS[2], 1.0, 0.0)]


def test_shares_and_metres_are_rounded():
    found = candidate(GRIDS[2], 1 / 3, 12.345)
    assert (found["share"], found["distance_m"]) == (0.3333, 12.3)
