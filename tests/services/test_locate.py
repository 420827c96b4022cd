"""The answer: status, owner and why, how sure, what is near; against PostGIS on the demo city."""

import json
from datetime import UTC, datetime, timedelta

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import pyproj
import pytest
import shapely
from sqlalchemy import text

from gridmap.model.errors import InputError, NotFoundError
from gridmap.services.asking import ask, ask_list, ask_many
from gridmap.services.gaps import recorded
from gridmap.spatial.datums import from_wgs84
from gridmap.store import generations, places
from tests.services.squares import at, box, hole, moved, town
from tests.services.staff import MASKED, PHONE, staff

T = datetime(2026, 3, 1, tzinfo=UTC)
GEOD = pyproj.Geod(ellps="WGS84")
GAP = (3, 0.5, 3.5, 1.5)


def answer(city, column, row, **options):
    lon, lat = at(column, row)
    return ask(city, {"lon": lon, "lat": lat, "datum": "wgs84", **options}).to_dict()


def metres(first, second):
    return GEOD.inv(*at(*first), *at(*second))[2]


@pytest.fixture
def gappy(database, put, square_city):
    put(town(D=hole(0, 0, 4, 2, GAP), B=hole(2, 0, 4, 2, GAP)))
    square_city.keeper.look()
    return square_city


class TestStatus:
    def test_inside(self, square_city, ids):
        found = answer(square_city, 0.5, 0.5)
        assert found["status"] == "inside"
        assert [link["name"] for link in found["chain"]] == ["D格", "A格", "A1格", "A1a格"]
        assert [link["level"] for link in found["chain"]] == ["district", "subdistrict", "neighbourhood", "microgrid"]
        assert found["chain"][0]["level_name"] == {"zh": "区", "en": "District"}
        assert found["certain"] is True
        assert found["candidates"] == [
            {"id": ids["A1a"], "code": None, "name": "A1a格", "level": "microgrid", "share": 1.0, "distance_m": 0.0}
        ]
        assert (found["nearest"], found["agency"], found["warnings"]) == (None, None, [])

    @pytest.mark.parametrize(
        ("spot", "owner", "others"),
        [
            ((0.5, 1), "A1a", ["A1b"]),  # an edge
            ((1, 1), "A2", ["A1a", "A1b"]),  # a corner of three on two levels; those above have smaller ids
            ((1, 0.5), "A2", ["A1a"]),
            ((2, 1), "B", ["A2"]),
        ],
    )
    def test_on_a_border_the_smallest_id_has_it_and_the_others_are_named(self, square_city, ids, spot, owner, others):
        found = answer(square_city, *spot)
        assert found["status"] == "on_border"
        assert found["certain"] is False
        assert found["chain"][-1]["id"] == ids[owner] == min(ids[name] for name in [owner, *others])
        assert {c["id"] for c in found["candidates"]} == {ids[name] for name in [owner, *others]}
        assert sum(c["share"] for c in found["candidates"]) == pytest.approx(1, abs=2e-4)
        assert found["border"]["distance_m"] == 0.0
        warned = next(w for w in found["warnings"] if w["code"] == "on_border")
        assert all(f"{name}格" in warned["zh"] for name in others)

    @pytest.mark.parametrize(("spot", "status"), [((0, 0), "on_border"), ((4, 2), "on_border"), ((2, 0), "on_border")])
    def test_the_outer_border_belongs_to_the_city(self, square_city, spot, status):
        found = answer(square_city, *spot)
        assert found["status"] == status
        assert found["chain"]
        assert found["certain"] is False

    def test_one_lattice_step_beyond_is_outside(self, square_city):
        lon, lat = at(0, 0)
        found = ask(square_city, {"lon": lon - 1e-7, "lat": lat, "datum": "wgs84"}).to_dict()
        assert found["status"] == "outside"
        found = ask(square_city, {"lon": lon - 4e-8, "lat": lat, "datum": "wgs84"}).to_dict()
        assert found["status"] == "on_border"

    def test_outside_nobody_answers_and_the_nearest_is_told(self, square_city, ids):
        found = answer(square_city, 5, 1)
        assert (found["status"], found["chain"], found["owners"], found["candidates"]) == ("outside", [], [], [])
        assert found["certain"] is False
        assert found["border"] is None
        assert found["nearest"]["id"] == ids["B"]
        assert found["nearest"]["distance_m"] == pytest.approx(metres((5, 1), (4, 1)), abs=0.06)
        assert [w["code"] for w in found["warnings"]] == ["outside"]

    def test_the_question_is_said_back_as_understood(self, square_city):
        lon, lat = at(0.5, 0.5)
        x, y = (float(v[0]) for v in from_wgs84(np.array([lon]), np.array([lat]), "gcj02"))
        found = ask(square_city, {"lon": x, "lat": y, "datum": "GCJ-02", "floor": "3"}).to_dict()
        question = found["question"]
        assert (question["lon"], question["lat"]) == pytest.approx((lon, lat), abs=1.1e-7)
        assert (question["datum"], question["given"], question["floor"]) == ("gcj02", {"x": x, "y": y}, 3)
        assert question["at"].utcoffset() is not None
        assert found["status"] == "inside"
        assert found["city"] == {"key": "own", "invented": False, "name": {"zh": "试验城", "en": "Test city"}}
        orjson.dumps(found)


class TestDistances:
    @pytest.mark.parametrize("spot", [(0.9, 0.5), (0.99, 0.5), (0.5, 0.97), (1.2, 0.3)])
    def test_the_border_is_as_far_as_the_geodesic(self, shared_city, spot):
        column, row = spot
        found = answer(shared_city, *spot)
        nearest = {
            (0.9, 0.5): (1, row), (0.99, 0.5): (1, row), (0.5, 0.97): (column, 1), (1.2, 0.3): (1, row)
        }[spot]  # fmt: skip
        assert found["border"]["distance_m"] == pytest.approx(metres(spot, nearest), abs=0.06)

    def test_near_a_border_without_an_accuracy_it_says_so(self, shared_city):
        assert [w["code"] for w in answer(shared_city, 0.9, 0.5)["warnings"]] == ["near_border"]
        assert answer(shared_city, 0.9, 0.5)["certain"] is True
        assert answer(shared_city, 0.9, 0.5, accuracy_m=1)["warnings"] == []
        assert answer(shared_city, 0.5, 0.5)["warnings"] == []


class TestCandidates:
    @pytest.mark.parametrize("spot", [(1, 1), (0.95, 0.5), (1.9, 1), (0.98, 0.98), (2, 0.7)])
    @pytest.mark.parametrize("radius", [5, 40, 50])
    def test_shares_add_up_to_one_inside_the_extent(self, shared_city, spot, radius):
        found = answer(shared_city, *spot, accuracy_m=radius)
        shares = [c["share"] for c in found["candidates"]]
        assert sum(shares) == pytest.approx(1, abs=1e-3)
        assert shares == sorted(shares, reverse=True)
        assert found["certain"] is (len(found["candidates"]) == 1)

    def test_shares_agree_with_postgis(self, square_city, ids, database):
        lon, lat = at(0.95, 0.9)
        found = answer(square_city, 0.95, 0.9, accuracy_m=30)
        shares = {c["id"]: c["share"] for c in found["candidates"]}
        assert set(shares) == {ids["A1a"], ids["A1b"], ids["A2"]}
        query = """
            WITH circle AS (
                SELECT ST_Buffer(ST_Transform(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 32651), 30, 64) AS g
            )
            SELECT grid_id, ST_Area(ST_Intersection(ST_Transform(geom, 32651), g)) / ST_Area(g)
            FROM grid_shape, circle WHERE grid_id = ANY(:ids)
        """
        with database.read() as connection:
            for grid, share in connection.execute(text(query), {"lon": lon, "lat": lat, "ids": list(shares)}):
                assert shares[grid] == pytest.approx(share, abs=0.003)

    def test_a_circle_that_reaches_out_of_the_city_is_not_certain(self, square_city):
        found = answer(square_city, 3.9, 1, accuracy_m=30)
        assert len(found["candidates"]) == 1
        assert 0.5 < found["candidates"][0]["share"] < 1
        assert found["certain"] is False

    def test_certain_only_while_the_circle_stays_in_one_grid(self, square_city):
        border = metres((0.5, 0.5), (1, 0.5))
        assert answer(square_city, 0.5, 0.5, accuracy_m=border - 0.5)["certain"] is True
        wider = answer(square_city, 0.5, 0.5, accuracy_m=border + 0.5)
        assert wider["certain"] is False
        assert len(wider["candidates"]) > 1

    def test_distances_of_candidates(self, square_city, ids):
        found = {c["id"]: c["distance_m"] for c in answer(square_city, 0.95, 0.5, accuracy_m=20)["candidates"]}
        assert found[ids["A1a"]] == 0
        assert found[ids["A2"]] == pytest.approx(metres((0.95, 0.5), (1, 0.5)), abs=0.06)

    def test_in_a_gap_the_grids_around_are_candidates(self, gappy, ids):
        found = answer(gappy, 3.02, 1, accuracy_m=10)
        assert found["status"] == "gap"
        assert [c["id"] for c in found["candidates"]] == [ids["B"]]
        assert found["certain"] is False


class TestGaps:
    def test_a_gap_names_the_nearest_and_who_takes_it(self, gappy, ids, database):
        staff(database, {"B": ids["B"], "D": ids["D"]}, ["B", "D"])
        gappy.keeper.look()
        found = answer(gappy, 3.25, 1)
        assert (found["status"], found["chain"], found["border"]) == ("gap", [], None)
        assert found["nearest"]["id"] == ids["B"]
        assert found["nearest"]["distance_m"] == pytest.approx(metres((3.25, 1), (3, 1)), abs=0.06)
        owner = found["owners"][0]
        assert owner["subject"]["id"] == ids["D"]  # the level that spans the gap
        assert owner["why"]["rule"] == "fallback"
        assert [w["code"] for w in found["warnings"]] == ["gap"]

    def test_the_border_of_a_gap_belongs_to_the_grid(self, gappy):
        assert answer(gappy, 3, 1)["status"] == "on_border"

    def test_a_gap_that_was_met_is_put_on_record_and_counts_up(self, gappy, ids, database):
        for _ in range(3):
            answer(gappy, 3.25, 1)
        answer(gappy, 3.25, 1.1)
        answer(gappy, 5, 5)  # outside is no gap
        met = recorded(database, "governance")
        assert (met["kind"] == "met").sum() == 0  # a lookup does not write
        gappy.sightings.flush()
        gappy.sightings.flush()
        answer(gappy, 3.25, 1)
        gappy.sightings.flush()
        met = recorded(database, "governance")
        met = met[met["kind"] == "met"].sort_values("times")
        assert met["times"].tolist() == [1, 4]
        assert met["nearest"].tolist() == [ids["B"]] * 2
        assert shapely.get_coordinates(met.geometry.to_numpy())[1].tolist() == list(at(3.25, 1))
        assert (met["distance_m"] > 20).all()

    def test_many_points_in_a_gap(self, gappy):
        lon, lat = at(3.25, 1)
        assert ask_list(gappy, [[lon, lat]], "wgs84")["status"] == ["gap"]


class TestOwners:
    SPOT = (0.5, 0.5)

    def owner(self, city, **options):
        return answer(city, *self.SPOT, **options)["owners"][0]

    def test_the_post_of_the_ground(self, square_city, ids, database):
        staff(database, ids, ids)
        square_city.keeper.look()
        found = self.owner(square_city)
        assert found["post"]["title"] == {"zh": "A1a长", "en": "chief of A1a"}
        assert found["holder"]["name"] == "人A1a"
        assert found["phone"] == MASKED
        assert found["subject"] == {"kind": "grid", "id": ids["A1a"], "level": "microgrid", "name": "A1a格"}
        assert (found["why"]["rule"], found["stands_in_for"]) == ("ground", None)
        assert PHONE not in json.dumps(found)

    def test_a_stand_in_says_for_whom_and_why(self, square_city, ids, database):
        away = pd.Timestamp(T)
        staff(database, ids, ["A1a", "A", "D"], [("A1a", away, away + pd.Timedelta(days=7), "年假")])
        square_city.keeper.look()
        for step, name in ((-1, "人A1a"), (0, "人A"), (1, "人A")):  # A1 is vacant
            assert self.owner(square_city, at=(T + timedelta(microseconds=step)).isoformat())["holder"]["name"] == name
        found = self.owner(square_city, at=T.isoformat())
        stands_in = found["stands_in_for"]
        assert stands_in["post"]["title"]["en"] == "chief of A1a"
        assert stands_in["holder"]["name"] == "人A1a"
        assert "年假" in stands_in["reason"]["zh"]
        assert found["subject"]["id"] == ids["A"]
        assert "A1a格" in found["why"]["zh"]
        assert "年假" in found["why"]["en"]

    def test_an_empty_ladder_is_told(self, square_city, ids, database):
        staff(database, ids, [])
        square_city.keeper.look()
        found = self.owner(square_city)
        assert (found["holder"], found["phone"], found["why"]["rule"]) == (None, None, "ladder_empty")
        assert found["post"]["title"]["en"] == "chief of A1a"

    def test_without_any_post_nobody_is_named(self, square_city):
        assert answer(square_city, *self.SPOT)["owners"] == []

    def test_the_building_at_the_spot_has_an_owner_of_its_own(self, square_city, ids, database):
        tower = gpd.GeoDataFrame(
            {"key": ["t"], "name": ["塔楼"], "address": ["一路1号"], "parent": [None], "properties": [{}]},
            geometry=[box(0.4, 0.4, 0.6, 0.6)],
            crs=4326,
        )
        with database.write() as connection:
            places.merge(connection, "building", tower)
            tower_id = places.ids(connection)["id"][0]
        staff(database, {**ids, "building:t": int(tower_id)}, [*ids, "building:t"])
        square_city.keeper.look()
        found = answer(square_city, *self.SPOT)
        assert [owner["why"]["rule"] for owner in found["owners"]] == ["ground", "building"]
        assert found["owners"][1]["subject"] == {"kind": "building", "id": tower_id, "level": None, "name": "塔楼"}
        assert found["places"] == [{"id": tower_id, "kind": "building", "name": "塔楼", "address": "一路1号"}]
        assert len(answer(square_city, 0.7, 0.5)["owners"]) == 1


class TestDatumWarning:
    def test_coordinates_of_another_datum_are_noticed_not_converted(self, shared_city):
        lon, lat = at(0.2, 1)
        x, y = (float(v[0]) for v in from_wgs84(np.array([lon]), np.array([lat]), "bd09"))
        found = ask(shared_city, {"lon": x, "lat": y, "datum": "wgs84"}).to_dict()
        assert found["status"] == "outside"
        assert [w["code"] for w in found["warnings"]] == ["outside", "datum"]
        assert "bd09" in found["warnings"][1]["en"]

    def test_far_away_fits_nothing(self, shared_city):
        found = ask(shared_city, {"lon": 10, "lat": 50, "datum": "gcj02"}).to_dict()
        assert [w["code"] for w in found["warnings"]] == ["outside"]


class TestTimes:
    def test_the_answer_names_the_generation_of_its_instant(self, square_city, put):
        old = answer(square_city, 1.2, 0.5)
        made = put(moved())
        square_city.keeper.look()
        start = made.in_force_from
        found = [answer(square_city, 1.2, 0.5, at=(start + timedelta(microseconds=s)).isoformat()) for s in (-1, 0, 1)]
        assert [f["generation"]["id"] for f in found] == [old["generation"]["id"], made.id, made.id]
        assert [f["chain"][-1]["name"] for f in found] == ["A2格", "A1a格", "A1a格"]
        assert found[1]["generation"]["in_force_from"] == start

    def test_what_was_believed_then(self, square_city, put, database):
        begin = answer(square_city, 0.5, 0.5)["generation"]["in_force_from"]
        with database.read() as connection:
            known_then = generations.clock(connection)
        put(moved(), start=begin + timedelta(microseconds=1))
        square_city.keeper.look()
        spot = {"at": (begin + timedelta(microseconds=5)).isoformat()}
        assert answer(square_city, 1.2, 0.5, **spot)["chain"][-1]["name"] == "A1a格"
        then = answer(square_city, 1.2, 0.5, **spot, known_at=known_then.isoformat())
        assert then["chain"][-1]["name"] == "A2格"

    def test_before_the_first_lines(self, square_city):
        with pytest.raises(NotFoundError):
            answer(square_city, 0.5, 0.5, at="1990-01-01T00:00:00Z")

    @pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
    def test_the_ends_of_time(self, square_city, instant):
        try:
            assert answer(square_city, 0.5, 0.5, at=instant)["status"] == "inside"
        except NotFoundError:
            assert instant.startswith("0001")


class TestMany:
    SPOTS = ((0.5, 0.5), (1, 1), (3, 1), (9, 9), (1.5, 1))

    def test_columns_of_every_level(self, square_city, ids):
        lon, lat = zip(*[at(*spot) for spot in self.SPOTS], strict=True)
        found = ask_many(square_city, lon, lat, "wgs84")
        assert found["status"].tolist() == ["inside", "on_border", "inside", "outside", "inside"]
        assert found["grid_id"].tolist()[:3] == [ids["A1a"], ids["A2"], ids["B"]]
        assert pd.isna(found["grid_id"][3])
        assert found["neighbourhood"].isna().tolist() == [False, False, True, True, False]
        assert found["microgrid"].isna().tolist() == [False, True, True, True, True]
        assert found["district"].tolist()[:3] == ["D格"] * 3
        assert found["grid_id"].dtype == "Int64"

    def test_a_list_comes_back_in_its_order(self, square_city, ids):
        found = ask_list(square_city, [list(at(*spot)) for spot in self.SPOTS], "wgs84")
        assert found["grid"] == [ids["A1a"], ids["A2"], ids["B"], None, ids["A2"]]
        assert found["chains"][str(ids["B"])] == [ids["D"], ids["B"]]
        assert found["grids"][str(ids["A"])]["name"] == "A格"

    def test_none_at_all(self, square_city):
        assert ask_list(square_city, [], "wgs84")["status"] == []
        assert list(ask_many(square_city, [], [], "gcj02")["status"]) == []

    def test_bad_points_are_told_by_row(self, square_city):
        with pytest.raises(InputError, match="row 2"):
            ask_list(square_city, [list(at(1, 1)), [500.0, 31.0]], "wgs84")
        with pytest.raises(InputError, match="datum"):
            ask_list(square_city, [], "")


class TestAgainstPostGis:
    """PostGIS covers and the smallest id say the same as the index: random points and every vertex, on every level."""

    ORACLE = """
        SELECT p.i, min(gg.grid_id)
        FROM unnest(CAST(:lon AS float8[]), CAST(:lat AS float8[])) WITH ORDINALITY p (x, y, i)
        JOIN grid_shape s ON ST_Covers(s.geom, ST_SetSRID(ST_MakePoint(p.x, p.y), 4326))
        JOIN generation_grid gg ON gg.shape_id = s.id AND gg.generation_id = :generation
        WHERE gg.grid_id = ANY(:leaves) GROUP BY p.i
    """

    @pytest.fixture
    def lines(self, demo):
        return demo.keeper.snapshot().lines

    def owners(self, demo, lines, lon, lat):
        values = {
            "lon": lon.tolist(),
            "lat": lat.tolist(),
            "generation": lines.generation.id,
            "leaves": lines.leaves.tolist(),
        }
        with demo.database.read() as connection:
            found = {int(i) - 1: grid for i, grid in connection.execute(text(self.ORACLE), values)}
        return [found.get(i) for i in range(len(lon))]

    def same(self, demo, lines, lon, lat):
        found = ask_many(demo, lon, lat, "wgs84")
        mine = [None if pd.isna(grid) else int(grid) for grid in found["grid_id"]]
        theirs = self.owners(demo, lines, lon, lat)
        assert mine == theirs
        for level in lines.levels():
            of_leaf = dict(zip(lines.leaves.tolist(), lines.above(level).tolist(), strict=True))
            expected = [of_leaf.get(leaf, -1) for leaf in theirs]
            assert found[f"{level}_id"].fillna(-1).tolist() == expected
        return found

    def test_random_points(self, demo, lines):
        rng = np.random.default_rng(20261122)
        west, south, east, north = shapely.total_bounds(list(lines.outlines.values()))
        lon = rng.uniform(west - 0.001, east + 0.001, 4000).round(7)
        lat = rng.uniform(south - 0.001, north + 0.001, 4000).round(7)
        found = self.same(demo, lines, lon, lat)
        assert set(found["status"]) >= {"inside", "outside"}

    def test_vertices(self, demo, lines):
        points = np.unique(shapely.get_coordinates([lines.outlines[int(leaf)] for leaf in lines.leaves]), axis=0)
        points = points[:: max(1, len(points) // 4000)]
        found = self.same(demo, lines, points[:, 0], points[:, 1])
        assert (found["status"] == "on_border").all()

    def test_one_by_one_says_the_same_as_together(self, demo, lines):
        points = shapely.get_coordinates([lines.outlines[int(leaf)] for leaf in lines.leaves[:40]])[:150]
        rng = np.random.default_rng(7)
        points = np.concatenate([points, points[:150] + rng.normal(0, 2e-4, (150, 2))])
        for datum in ("wgs84", "gcj02", "bd09"):
            x, y = from_wgs84(points[:, 0], points[:, 1], datum)
            together = ask_many(demo, x, y, datum)
            for row in range(0, len(points), 3):
                alone = ask(demo, {"lon": float(x[row]), "lat": float(y[row]), "datum": datum})
                assert alone.status == together["status"][row]
                assert (alone.grid.id if alone.grid else None) == (
                    None if pd.isna(together["grid_id"][row]) else together["grid_id"][row]
                )
