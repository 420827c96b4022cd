"""Counts and sums over grids, against SQL over the same rows."""

from datetime import UTC, datetime

import pandas as pd
import pytest
from sqlalchemy import text

from gridmap.model.errors import InputError, NotFoundError
from gridmap.services.joins import Ask, grid_frame, join, join_frame

JUNE = {"start": datetime(2026, 5, 31, 16, tzinfo=UTC), "end": datetime(2026, 6, 30, 16, tzinfo=UTC)}


def sql(city, query, **values):
    with city.database.read() as connection:
        return pd.DataFrame(connection.execute(text(query), values).mappings().all())


COVERED = """
    SELECT owner.id, count(*) AS n FROM incident i
    LEFT JOIN LATERAL (
        SELECT min(g.grid_id) AS id FROM generation_grid g JOIN grid_shape s ON s.id = g.shape_id
        WHERE g.level = :level AND ST_Covers(s.geom, i.geom)
    ) owner ON true GROUP BY 1
"""


@pytest.mark.parametrize("level", ["subdistrict", "neighbourhood", "microgrid"])
def test_counts_agree_with_postgis(demo, level):
    found = join(demo, Ask("incidents", level))
    expected = sql(demo, COVERED, level=level)
    none = int(expected.loc[expected["id"].isna(), "n"].sum())
    by_grid = {int(row.id): row.n for row in expected.dropna().itertuples()}
    assert {grid: n for grid, n in found.totals.figures().items() if n} == by_grid
    assert found.totals.none == none
    assert found.totals.total == sum(by_grid.values()) + none


@pytest.mark.parametrize("measure", ["residents", "workers"])
def test_sums_of_a_measure(demo, measure):
    total = sql(demo, f"SELECT sum((properties->>'{measure}')::float8) AS n FROM place WHERE kind = 'building'")["n"][0]
    found = join(demo, Ask("buildings", "microgrid", measure=measure))
    assert found.totals.total == pytest.approx(total)
    assert total > 0
    assert found.to_dict()["measure"]["unit"]["zh"]
    table = join_frame(demo, Ask("buildings", "microgrid"))
    assert table[measure].sum() == pytest.approx(total)
    assert table["count"].sum() == len(sql(demo, "SELECT id FROM place WHERE kind = 'building'"))


def test_a_period_is_half_open(demo):
    count = "SELECT count(*) AS n FROM incident WHERE reported_at >= :start AND reported_at < :end"
    assert join(demo, Ask("incidents", "block", **JUNE)).totals.total == sql(demo, count, **JUNE)["n"][0]
    instant = sql(demo, "SELECT reported_at AS t FROM incident ORDER BY reported_at LIMIT 1 OFFSET 500")["t"][0]
    until = join(demo, Ask("incidents", "block", end=instant)).totals.total
    since = join(demo, Ask("incidents", "block", start=instant)).totals.total
    assert until + since == join(demo, Ask("incidents", "block")).totals.total


@pytest.mark.parametrize(
    ("by", "expression"),
    [
        ("day", "(reported_at AT TIME ZONE 'Asia/Shanghai')::date::text"),
        ("week", "date_trunc('week', reported_at AT TIME ZONE 'Asia/Shanghai')::date::text"),
        ("month", "to_char(reported_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM')"),
        ("category", "category"),
    ],
)
def test_breakdowns_are_of_the_citys_time(demo, by, expression):
    table = join_frame(demo, Ask("incidents", "block"), [by])
    mine = table.groupby(table[by].astype(str))["count"].sum().to_dict()
    theirs = sql(demo, f"SELECT {expression} AS k, count(*) AS n FROM incident GROUP BY 1")
    assert mine == dict(zip(theirs["k"].astype(str), theirs["n"], strict=True))


def test_without_a_breakdown_every_grid_is_there_and_one_row_for_none(demo):
    table = join_frame(demo, Ask("shops", "microgrid"))
    grids = sql(demo, "SELECT grid_id FROM generation_grid WHERE level = 'microgrid'")
    assert sorted(table["id"].dropna()) == sorted(grids["grid_id"])
    last = table.iloc[-1]
    assert pd.isna(last["id"])
    assert last.geometry is None
    assert table.crs.to_epsg() == 4326


@pytest.mark.parametrize(
    ("ask", "error", "word"),
    [
        (Ask("ponds", "block"), NotFoundError, "layer"),
        (Ask("grids", "block"), NotFoundError, "joined to"),
        (Ask("shops", "ward"), NotFoundError, "level"),
        (Ask("shops", "block", measure="floors"), NotFoundError, "measure"),
        (Ask("shops", "block", category="01"), InputError, "none"),
        (Ask("shops", "block", start=JUNE["start"]), InputError, "none"),
        (Ask("incidents", "block", start=JUNE["end"], end=JUNE["start"]), InputError, "empty"),
        (Ask("roads", "block"), InputError, "many grids"),
        (Ask("shops", "block", scheme="x"), NotFoundError, "scheme"),
        (Ask("shops", "block", at=datetime(1990, 1, 1, tzinfo=UTC)), NotFoundError, "in force"),
    ],
)
def test_refusals(demo, ask, error, word):
    with pytest.raises(error, match=word):
        join(demo, ask)
    with pytest.raises(error, match=word):
        join_frame(demo, ask)


def test_breakdowns_that_are_none(demo):
    with pytest.raises(InputError, match="year"):
        join_frame(demo, Ask("incidents", "block"), ["year"])
    with pytest.raises(InputError, match="no time"):
        join_frame(demo, Ask("shops", "block"), ["day"])


def test_a_level_that_the_lines_lack(square_city):
    with pytest.raises(NotFoundError, match="have no level block"):
        join(square_city, Ask("shops", "block"))
    assert join(square_city, Ask("shops", "microgrid")).totals.total == 0
    assert join_frame(square_city, Ask("incidents", "microgrid"), ["day", "category"]).empty
    assert len(grid_frame(square_city, None, None)) == 7
    with pytest.raises(NotFoundError):
        grid_frame(square_city, "ward", None)
