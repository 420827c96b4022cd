"""Grids, generations, gaps, places, incidents, categories, figures and heat, as the contract has them."""

import io

import numpy as np
import pytest
import shapely
from PIL import Image
from sqlalchemy import text

from gridmap.maps import raster
from tests.api.checks import features, guarded, places, problem

V1 = "/api/v1"


def scalar(api, query, **values):
    with api.app.state.city.database.read() as connection:
        return connection.scalar(text(query), values)


def rows(api, query, **values):
    with api.app.state.city.database.read() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def bounds(api):
    return api.get(f"{V1}/schemes").json()[0]["bounds"]


class TestGrids:
    def test_schemes_with_levels_and_counts(self, api):
        (scheme,) = api.get(f"{V1}/schemes").json()
        assert scheme["key"] == "governance"
        assert set(scheme["name"]) == {"zh", "en"}
        counts = {level["key"]: level["count"] for level in scheme["levels"]}
        assert counts == dict(rows(api, "SELECT level, count(*) FROM generation_grid GROUP BY level"))
        ranks = [level["rank"] for level in scheme["levels"]]
        assert ranks == sorted(ranks)
        extent = rows(
            api, "SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) FROM (SELECT extent e FROM generation) g"
        )
        assert tuple(scheme["bounds"]) == extent[0]

    def test_a_level_as_geojson(self, api):
        found = features(api.get(f"{V1}/grids", level="neighbourhood"))
        assert len(found) == scalar(api, "SELECT count(*) FROM generation_grid WHERE level = 'neighbourhood'")
        assert [f["id"] for f in found] == sorted(f["id"] for f in found)
        for feature in found[:3]:
            assert set(feature["properties"]) == {"id", "scheme", "level", "code", "name", "parent", "area_m2"}
            assert feature["geometry"]["type"] == "MultiPolygon"
            area = scalar(
                api,
                "SELECT ST_Area(s.geom::geography) FROM generation_grid g JOIN grid_shape s ON s.id = g.shape_id"
                " WHERE g.grid_id = :id",
                id=feature["id"],
            )
            assert feature["properties"]["area_m2"] == pytest.approx(area, rel=1e-5)

    def test_pages_put_together_are_the_whole(self, api):
        whole = features(api.get(f"{V1}/grids"))
        paged, after = [], None
        while True:
            body = api.get(f"{V1}/grids", limit=7, **({"next": after} if after else {})).json()
            assert len(body["features"]) <= 7
            paged += body["features"]
            after = body.get("next")
            if after is None:
                break
        assert paged == whole

    def test_a_box_has_what_touches_it(self, api):
        west, south, east, north = bounds(api)
        box = (west, south, (west + east) / 2, (south + north) / 2)
        found = features(api.get(f"{V1}/grids", level="microgrid", bbox=",".join(map(repr, box))))
        expected = rows(
            api,
            "SELECT g.grid_id FROM generation_grid g JOIN grid_shape s ON s.id = g.shape_id WHERE level = 'microgrid'"
            " AND ST_Intersects(s.geom, ST_MakeEnvelope(:w, :s, :e, :n, 4326)) ORDER BY 1",
            **dict(zip("wsen", box, strict=True)),
        )
        assert [f["id"] for f in found] == [row[0] for row in expected]
        assert 0 < len(found) < len(features(api.get(f"{V1}/grids", level="microgrid")))

    def test_one_with_its_chain_children_and_owner(self, api):
        (parent, child) = rows(
            api, "SELECT parent_id, grid_id FROM generation_grid WHERE level = 'microgrid' ORDER BY 2 LIMIT 1"
        )[0]
        one = api.get(f"{V1}/grids/{parent}").json()
        assert one["type"] == "Feature"
        properties = one["properties"]
        assert child in {each["id"] for each in properties["children"]}
        assert properties["chain"][0]["level"] == "district"
        assert properties["chain"][-1]["id"] == one["id"] == parent
        assert properties["owner"]["post"]["title"]["zh"]
        assert shapely.from_geojson(str(one["geometry"]).replace("'", '"').replace("(", "[").replace(")", "]")).is_valid

    def test_what_is_not_there(self, api):
        problem(api.get(f"{V1}/grids/999999"), 404)
        problem(api.get(f"{V1}/grids/{10**30}"), 404)
        problem(api.get(f"{V1}/grids", scheme="cleaning"), 404)
        problem(api.get(f"{V1}/grids", scheme="\0"), 404)
        problem(api.get(f"{V1}/grids", level="ward"), 404)
        problem(api.get(f"{V1}/grids", at="1990-01-01T00:00:00Z"), 404)

    @pytest.mark.parametrize(
        "bbox", ["1,2,3", "a,b,c,d", "2,1,1,2", "nan,1,2,3", "1e400,1,2,3", "-181,0,0,1", "0,0,0,0", "\0,1,2,3"]
    )
    def test_a_box_that_is_none(self, api, bbox):
        assert places(problem(api.get(f"{V1}/grids", bbox=bbox), 422)) == {"bbox"}

    @pytest.mark.parametrize("options", [{"limit": 0}, {"limit": 10**9}, {"limit": "x"}, {"next": -1}, {"next": 2**63}])
    def test_a_page_that_is_none(self, api, options):
        assert places(problem(api.get(f"{V1}/grids", **options), 422)) == set(options)

    def test_generations_newest_first(self, api):
        found = api.get(f"{V1}/generations").json()
        assert [g["id"] for g in found] == sorted((g["id"] for g in found), reverse=True)
        assert {"id", "scheme", "origin", "in_force_from", "in_force_until", "published_at", "grids"} <= set(found[0])
        problem(api.get(f"{V1}/generations", scheme="cleaning"), 404)
        problem(api.get(f"{V1}/generations", scheme="a\0b"), 404)


class TestGaps:
    def test_a_gap_that_a_lookup_met_is_listed(self, api):
        known = features(api.get(f"{V1}/gaps"))
        assert {f["properties"]["kind"] for f in known} <= {"known", "met"}
        assert sum(f["properties"]["kind"] == "known" for f in known) == scalar(
            api, "SELECT count(*) FROM generation_gap"
        )

    def test_no_such_scheme(self, api):
        problem(api.get(f"{V1}/gaps", scheme="cleaning"), 404)
        problem(api.get(f"{V1}/gaps", scheme="\0"), 404)


class TestPlaces:
    def test_a_kind_in_pages(self, api):
        count = scalar(api, "SELECT count(*) FROM place WHERE kind = 'building'")
        first = api.get(f"{V1}/places", kind="building", limit=5).json()
        assert len(first["features"]) == 5
        second = api.get(f"{V1}/places", kind="building", limit=5, next=first["next"]).json()
        assert second["features"][0]["id"] > first["features"][-1]["id"]
        assert len(features(api.get(f"{V1}/places", kind="building"))) == min(count, 10_000)
        assert {"id", "kind", "name", "address", "parent", "floors", "use"} <= set(first["features"][0]["properties"])

    def test_by_name_and_one_by_one(self, api):
        name, place = rows(
            api, "SELECT name, id FROM place WHERE kind = 'building' AND name <> '' ORDER BY id LIMIT 1"
        )[0]
        found = features(api.get(f"{V1}/places", q=name, kind="building"))
        assert place in {f["id"] for f in found}
        one = api.get(f"{V1}/places/{place}").json()
        assert (one["id"], one["properties"]["name"]) == (place, name)

    @pytest.mark.parametrize("q", ["%", "_", "'; DROP TABLE place; --", "\\", "' OR 1=1", "%%%%", "😀", "x" * 100])
    def test_hostile_texts_find_nothing_by_accident(self, api, q):
        everything = scalar(api, "SELECT count(*) FROM place")
        assert len(features(api.get(f"{V1}/places", q=q))) < everything / 2

    def test_refusals(self, api):
        problem(api.get(f"{V1}/places"), 422)
        problem(api.get(f"{V1}/places", q="  "), 422)
        problem(api.get(f"{V1}/places", q="x" * 101), 422)
        problem(api.get(f"{V1}/places", q="a\0b"), 422)
        problem(api.request("GET", f"{V1}/places?q=%00"), 422)
        problem(api.get(f"{V1}/places", kind="castle"), 422)
        problem(api.get(f"{V1}/places", kind="\0"), 422)
        problem(api.get(f"{V1}/places/0"), 404)
        problem(api.get(f"{V1}/places/{10**30}"), 404)
        problem(api.get(f"{V1}/places/x"), 422)
        problem(api.get(f"{V1}/places/-{10**18}"), 404)

    def test_bytes_that_are_no_text(self, api):
        assert api.request("GET", f"{V1}/places?q=%ED%A0%80").status_code == 200


class TestIncidents:
    def test_the_latest_first_in_a_period(self, api):
        period = {"from": "2026-06-01T00:00:00+08:00", "to": "2026-07-01T00:00:00+08:00"}
        found = features(api.get(f"{V1}/incidents", **period, limit=10_000))
        expected = rows(
            api,
            "SELECT id FROM incident"
            " WHERE reported_at >= '2026-05-31T16:00:00Z' AND reported_at < '2026-06-30T16:00:00Z'"
            " ORDER BY reported_at DESC, id DESC",
        )
        assert [f["id"] for f in found] == [row[0] for row in expected][:10_000]
        assert found
        assert {"id", "key", "category", "reported_at", "state", "closed_at", "accuracy_m"} <= set(
            found[0]["properties"]
        )

    def test_pages_put_together_are_the_whole(self, api):
        period = {"from": "2026-06-01T00:00:00+08:00", "to": "2026-06-03T00:00:00+08:00"}
        whole = [f["id"] for f in features(api.get(f"{V1}/incidents", **period))]
        paged, after = [], None
        while True:
            body = api.get(f"{V1}/incidents", **period, limit=7, **({"next": after} if after else {})).json()
            paged += [f["id"] for f in body["features"]]
            after = body.get("next")
            if after is None:
                break
        assert paged == whole
        assert len(whole) > 14

    def test_by_category_and_box(self, api):
        category = scalar(api, "SELECT category FROM incident WHERE category IS NOT NULL ORDER BY id LIMIT 1")
        west, south, east, north = bounds(api)
        box = f"{west},{south},{(west + east) / 2},{north}"
        for code in (category, category[:2]):
            found = features(api.get(f"{V1}/incidents", category=code, bbox=box, limit=10_000))
            assert found
            for feature in found:
                assert feature["properties"]["category"].startswith(code)
                assert feature["geometry"]["coordinates"][0] <= (west + east) / 2

    @pytest.mark.parametrize(
        "options",
        [
            {"from": "x"},
            {"from": "2025-01-01T00:00:00"},
            {"category": "1"},
            {"category": "01\n"},
            {"category": "%%"},
            {"to": "\0"},
        ],
    )
    def test_refusals(self, api, options):
        assert places(problem(api.get(f"{V1}/incidents", **options), 422)) == set(options)

    def test_an_empty_period(self, api):
        period = {"from": "2025-07-01T00:00:00Z", "to": "2025-07-01T00:00:00Z"}
        problem(api.get(f"{V1}/incidents", **period), 422)

    def test_categories(self, api):
        found = api.get(f"{V1}/categories").json()
        assert [c["code"] for c in found] == [r[0] for r in rows(api, "SELECT code FROM category ORDER BY code")]
        assert set(found[0]) == {"code", "name", "class", "side"}


class TestStats:
    def test_counts_add_up(self, api):
        body = api.get(f"{V1}/stats", layer="incidents", level="microgrid").json()
        assert {"measure", "level", "period", "source", "rows", "none", "total", "generation"} <= set(body)
        assert sum(row["value"] for row in body["rows"]) + body["none"] == body["total"]
        assert body["total"] == scalar(api, "SELECT count(*) FROM incident")
        assert set(body["rows"][0]) == {"id", "code", "name", "value"}
        assert set(body["measure"]["title"]) == {"zh", "en"}

    def test_a_measure(self, api):
        body = api.get(f"{V1}/stats", layer="buildings", level="neighbourhood", measure="residents").json()
        total = scalar(api, "SELECT sum((properties->>'residents')::numeric) FROM place WHERE kind = 'building'")
        assert body["total"] == pytest.approx(float(total))

    def test_a_period_and_class(self, api):
        options = {"from": "2026-06-01T00:00:00+08:00", "to": "2026-07-01T00:00:00+08:00", "category": "01"}
        body = api.get(f"{V1}/stats", layer="incidents", level="block", **options).json()
        expected = scalar(
            api,
            "SELECT count(*) FROM incident WHERE reported_at >= '2026-05-31T16:00:00Z'"
            " AND reported_at < '2026-06-30T16:00:00Z' AND category LIKE '01%'",
        )
        assert body["total"] == expected
        assert body["period"] == {"from": options["from"], "to": options["to"]}

    @pytest.mark.parametrize(
        ("options", "status"),
        [
            ({"layer": "ponds", "level": "block"}, 404),
            ({"layer": "incidents", "level": "ward"}, 404),
            ({"layer": "incidents", "level": "block", "measure": "floors"}, 404),
            ({"layer": "grids", "level": "block"}, 404),
            ({"layer": "incidents", "level": "block", "scheme": "x"}, 404),
            ({"layer": "roads", "level": "block"}, 422),
            ({"layer": "shops", "level": "block", "category": "01"}, 422),
            ({"layer": "incidents"}, 422),
            ({"level": "block"}, 422),
            ({"layer": "\0", "level": "\0"}, 404),
        ],
    )
    def test_refusals(self, api, options, status):
        problem(api.get(f"{V1}/stats", **options), status)


class TestHeat:
    def tile(self, api, zoom):
        west, south, east, north = bounds(api)
        (x,), (y,) = raster.world(np.array([(west + east) / 2]), np.array([(south + north) / 2]))
        return int(x * 2**zoom), int(y * 2**zoom)

    def picture(self, answer):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/png"
        guarded(answer)
        return Image.open(io.BytesIO(answer.content))

    def test_a_tile(self, api):
        x, y = self.tile(api, 15)
        drawn = self.picture(api.get(f"{V1}/heat/15/{x}/{y}.png"))
        assert (drawn.size, drawn.mode) == ((256, 256), "RGBA")
        assert np.asarray(drawn)[..., 3].max() > 0

    def test_a_tile_far_away_is_clear(self, api):
        assert np.asarray(self.picture(api.get(f"{V1}/heat/15/0/0.png")))[..., 3].max() == 0

    def test_a_box(self, api):
        west, south, east, north = bounds(api)
        drawn = self.picture(api.get(f"{V1}/heat", bbox=f"{west},{south},{east},{north}", zoom=15))
        assert drawn.size == (round((east - west) / 360 * 256 * 2**15), drawn.size[1])

    def test_the_scale(self, api):
        body = api.get(f"{V1}/heat/scale", zoom=15).json()
        assert body["ceiling"] > 0

    @pytest.mark.parametrize(
        "path",
        [
            "heat/23/0/0.png", "heat/-1/0/0.png", "heat/2/4/0.png", f"heat/{10**30}/0/0.png", "heat/2/0/-1.png",
            "heat/a/b/c.png", "heat", "heat?zoom=3", "heat?bbox=0,0,1,1", "heat?bbox=0,0,1,1&zoom=99",
            "heat?bbox=-180,-85,180,85&zoom=22", "heat/scale?zoom=23", "heat/15/0/0.png?category=1",
        ],
    )  # fmt: skip
    def test_refusals(self, api, path):
        problem(api.get(f"{V1}/{path}"), 422)
