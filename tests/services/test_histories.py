"""The life of a grid: what is joined, what parts it, the future, and those who held its posts."""

from datetime import UTC, datetime

import pandas as pd
import pytest
from sqlalchemy import text

from gridmap.services import codes, generation_diff
from gridmap.services.histories import of_grid
from gridmap.services.past_owners import of_place
from tests.services.squares import at, coded, hole, moved, town
from tests.services.staff import staff
from tests.services.times import renamed

FAR = datetime(2100, 1, 1, tzinfo=UTC)


def spans(city, grid, **options):
    return of_grid(city, grid, **options)["spans"]


def place(spot, **more):
    lon, lat = at(*spot)
    return {"lon": lon, "lat": lat, "datum": "wgs84", **more}


def test_generations_that_leave_a_grid_alone_are_joined(square_city, put, ids):
    first = square_city.keeper.snapshot().lines.generation.id
    second, third = put(moved()).id, put(renamed(moved(), B="新B格")).id
    b, a2 = spans(square_city, ids["B"]), spans(square_city, ids["A2"])
    assert [(each["generations"], each["changes"]) for each in b] == [
        ([first, second], ["added"]),
        ([third], ["renamed"]),
    ]
    assert [(each["generations"], each["changes"]) for each in a2] == [
        ([first], ["added"]),
        ([second, third], ["reshaped"]),
    ]
    assert a2[0]["until"] == a2[1]["from"]
    assert a2[1]["lost_m2"] == pytest.approx(a2[0]["area_m2"] / 2, rel=1e-3)
    assert (b[1]["name"], b[1]["children"], b[1]["parent"]["name"]) == ("新B格", 0, "D格")


def test_the_future_belongs_to_it_and_a_division_is_told(square_city, put, ids):
    put(town(B1=("neighbourhood", "B", (2, 0, 3, 2)), B2=("neighbourhood", "B", (3, 0, 4, 2))), start=FAR)
    square_city.keeper.look()
    told = of_grid(square_city, ids["B"])
    assert told["state"] == "in_force"
    assert [(each["from"], each["changes"], each["children"]) for each in told["spans"]][1] == (FAR, ["children"], 2)
    with square_city.database.read() as connection:
        new = connection.scalar(text("SELECT id FROM grid WHERE key = 'B1'"))
    assert of_grid(square_city, new)["state"] == "to_come"
    (diff,) = [generation_diff.diff(square_city, "2050-01-01T00:00:00Z", FAR.isoformat(), "subdistrict")]
    assert (diff["counts"]["added"], diff["moves"]) == (2, [])


def test_posts_over_time(square_city, ids):
    staff(square_city.database, {"A2": ids["A2"]}, ["A2"])
    square_city.keeper.look()
    (post,) = of_grid(square_city, ids["A2"])["posts"]
    assert post["title"]["en"] == "chief of A2"
    assert [(each["name"], each["until"]) for each in post["holders"]] == [("人A2", None)]
    assert post["holders"][0]["from"] == pd.Timestamp("2020-01-01", tz="UTC")
    assert "phone" not in str(post)


def test_a_place_in_a_gap_outside_and_on_a_border(square_city, put, ids):
    gap = (3, 0.5, 3.5, 1.5)
    put(town(D=hole(0, 0, 4, 2, gap), B=hole(2, 0, 4, 2, gap)))
    found = of_place(square_city, place((3.25, 1)))["spans"]
    assert [each["status"] for each in found] == ["inside", "gap"]
    assert found[1]["chain"] == []
    assert [each["status"] for each in of_place(square_city, place((9, 9)))["spans"]] == ["outside"]
    border = of_place(square_city, place((1, 0.5)))["spans"]
    asked = square_city.keeper.snapshot().lines
    row, _ = asked.index.owner(*at(1, 0.5))
    assert [each["status"] for each in border] == ["on_border"]
    assert border[0]["chain"][-1]["id"] == int(asked.leaves[row])


def test_what_a_place_is_told_is_what_locate_says(square_city, put):
    put(moved())
    square_city.keeper.look()
    lines = square_city.keeper.snapshot().lines
    for column in range(17):
        spot = (column / 4, 0.75)
        (last,) = of_place(square_city, place(spot))["spans"][-1:]
        row, _ = lines.index.owner(*at(*spot))
        assert last["chain"][-1]["id"] == int(lines.leaves[row])


def test_an_old_code(square_city, put, ids):
    old, new = "310199001001001", "310199001001002"
    put(coded(town(), A2=old))
    put(coded(town(), A2=new))
    square_city.keeper.look()
    told = codes.resolve(square_city, old)
    assert (told["grid"]["id"], told["current"], told["present_code"], told["state"]) == (
        ids["A2"],
        False,
        new,
        "in_force",
    )
    assert told["spans"][0]["until"] is not None
    told = codes.resolve(square_city, new)
    assert (told["current"], told["spans"][0]["until"]) == (True, None)
    assert "successors" not in told
