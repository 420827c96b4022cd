"""Publishing: the gate, compare-and-swap, permanent ids, times in force and what was believed of them."""

import threading
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from sqlalchemy import text

from gridmap.model.errors import ConflictError, CoverageError, InputError, NotFoundError
from gridmap.services.generations import listing, publish
from gridmap.store import generations as store
from tests.services.squares import box, coded, hole, moved, town

SCHEME = "governance"
T = datetime(2026, 6, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
TABLES = (
    "generation",
    "generation_grid",
    "generation_gap",
    "generation_validity",
    "pointer",
    "grid",
    "grid_shape",
    "grid_code",
)


def put(database, frame, base=None, start=None):
    return publish(database, SCHEME, frame, base=base, origin="import", note="试", in_force_from=start)


def rows(database):
    with database.read() as connection:
        return {name: connection.scalar(text(f"SELECT count(*) FROM {name}")) for name in TABLES}


def ids(database, generation):
    with database.read() as connection:
        frame = store.frame(connection, generation)
    return dict(zip(frame["key"], frame["id"], strict=True))


def in_force(database, at, known_at=None):
    with database.read() as connection:
        found = store.in_force(connection, SCHEME, at, known_at)
    return found.id if found else None


class TestPublish:
    def test_what_is_published_is_read_back(self, database):
        made = put(database, town())
        assert (made.scheme, made.base, made.origin, made.note, made.grids) == (SCHEME, None, "import", "试", 7)
        with database.read() as connection:
            frame = store.frame(connection, made.id).set_index("key")
            assert shapely.equals(store.extent(connection, made.id), box(0, 0, 4, 2))
        assert frame.loc["A1", "parent"] == frame.loc["A", "id"]  # two levels up: A has no blocks
        assert frame.loc["A1a", "parent"] == frame.loc["A1", "id"]
        assert frame["parent"].isna().sum() == 1
        assert list(frame["level"]) == sorted(
            frame["level"], key=["district", "subdistrict", "neighbourhood", "microgrid"].index
        )
        assert shapely.equals(frame.loc["A2", "geometry"], box(1, 0, 2, 2))
        geod = frame["area_m2"]
        assert geod["D"] == pytest.approx(geod["A"] + geod["B"], rel=1e-9)

    def test_areas_agree_with_postgis(self, database):
        put(database, town())
        with database.read() as connection:
            query = "SELECT area_m2, ST_Area(geom::geography) AS geod FROM grid_shape"
            for row in connection.execute(text(query)):
                assert row.area_m2 == pytest.approx(row.geod, rel=1e-6)

    def test_the_same_again_adds_nothing(self, database):
        first = put(database, town())
        before = rows(database)
        again = put(database, town().sample(frac=1, random_state=1), base=first.id)
        assert again == first
        assert rows(database) == before

    @pytest.mark.parametrize("column", ["name", "code", "geometry"])
    def test_a_change_of_any_attribute_is_a_new_generation(self, database, column):
        first = put(database, town())
        changed = moved() if column == "geometry" else town()
        if column != "geometry":
            changed.loc[6, column] = "310199001001001"
        second = put(database, changed, base=first.id)
        assert second.id > first.id
        assert second.base == first.id
        assert [g.id for g in listing(database, SCHEME)] == [second.id, first.id]

    def test_ids_are_permanent_and_new_grids_get_larger_ones(self, database):
        before = ids(database, put(database, town()).id)
        base = listing(database, SCHEME)[0].id
        second = town(A2=None, A2a=("neighbourhood", "A", (1, 0, 2, 1)), A2b=("neighbourhood", "A", (1, 1, 2, 2)))
        after = ids(database, put(database, second, base=base).id)
        assert {key: after[key] for key in after if key in before} == {k: v for k, v in before.items() if k != "A2"}
        assert min(after["A2a"], after["A2b"]) > max(before.values())
        back = ids(database, put(database, town(), base=base + 1).id)
        assert back == before

    def test_the_same_key_on_two_levels_is_two_grids(self, database):
        frame = town(B=None, **{"B ": ("subdistrict", "D", (2, 0, 4, 2))}).replace({"key": {"B ": "D"}})
        frame.loc[frame["key"].eq("A"), "parent"] = "D"
        made = put(database, frame)
        with database.read() as connection:
            read = store.frame(connection, made.id)
        assert read[read["key"] == "D"]["id"].nunique() == 2

    def test_an_outline_that_did_not_change_is_kept_once(self, database):
        first = put(database, town())
        put(database, moved(), base=first.id)
        assert rows(database)["grid_shape"] == 7 + 4

    def test_coordinates_are_kept_on_the_lattice(self, database):
        frame = town()
        frame["geometry"] = shapely.transform(frame.geometry.to_numpy(), lambda p: p + 2e-8)
        put(database, frame)
        with database.read() as connection:
            wkb = connection.execute(text("SELECT ST_AsBinary(geom) FROM grid_shape")).scalars().all()
        points = shapely.get_coordinates(shapely.from_wkb(wkb))
        np.testing.assert_array_equal(points, points.round(7))


class TestCodes:
    CODE = "310199001001001"

    def test_a_code_goes_to_one_grid_for_ever(self, database):
        first = put(database, coded(town(), A1a=self.CODE))
        second = put(database, town(), base=first.id)
        before = rows(database)
        with pytest.raises(InputError, match=f"code {self.CODE} was given to grid A1a") as raised:
            put(database, coded(town(), A1b=self.CODE), base=second.id)
        assert raised.value.faults[0].code == "code_reused"
        assert rows(database) == before
        third = put(database, coded(town(), A1a=self.CODE), base=second.id)
        assert third.id > second.id

    def test_two_grids_cannot_share_a_code(self, database):
        with pytest.raises((InputError, ConflictError)):
            put(database, coded(town(), A1a=self.CODE, A1b=self.CODE))
        assert rows(database) == dict.fromkeys(TABLES, 0)

    def test_a_grid_may_get_another_code(self, database):
        first = put(database, coded(town(), A1a=self.CODE))
        second = put(database, coded(town(), A1a="310199001001002"), base=first.id)
        with database.read() as connection:
            codes = [store.frame(connection, g.id).set_index("key").loc["A1a", "code"] for g in (first, second)]
        assert codes == [self.CODE, "310199001001002"]


def not_finite():
    with np.errstate(invalid="ignore"):
        return shapely.transform(box(2, 0, 4, 2), lambda p: np.where(p == 121.403, np.nan, p))


NONSENSE = {
    "overlap": ({"A2": (0.5, 0, 2, 2)}, "overlap"),
    "bow-tie": ({"B": shapely.Polygon([(121.402, 31.2), (121.404, 31.202), (121.404, 31.2), (121.402, 31.202)])}, ""),
    "child outside its parent": ({"A2": (1, 0, 2.5, 2)}, "A2"),
    "gap in a child level": ({"A2": (1.5, 0, 2, 2)}, "A"),
    "child missing": ({"A1b": None}, "A1"),
    "node missing": (
        {
            "A2": shapely.box(121.401, 31.2, 121.402, 31.202),
            "A1": box(0, 0, 1, 2).union(shapely.Polygon([(121.401, 31.2), (121.4010001, 31.201), (121.401, 31.202)])),
        },
        "",
    ),
    "orphan": ({"X": ("microgrid", "Z", (1, 0, 2, 2))}, "X"),
    "no parent": ({"X": ("subdistrict", None, (4, 0, 5, 2))}, "X"),
    "parent on a lower level": ({"X": ("subdistrict", "A1a", (4, 0, 5, 2))}, "X"),
    "empty": ({"B": shapely.Polygon()}, "B"),
    "none": ({"X": ("subdistrict", "D", shapely.Point())}, "X"),
    "line": ({"B": shapely.LineString([(121.402, 31.2), (121.404, 31.2)])}, "B"),
    "not finite": ({"B": not_finite()}, "B"),
    "off the earth": ({"D": shapely.box(179, 31, 181, 32)}, ""),
    "given twice in shape": ({"X": ("subdistrict", "D", (2, 0, 4, 2))}, "X"),
    "self-overlapping parts": ({"B": shapely.MultiPolygon([box(2, 0, 4, 2), box(3, 0, 4, 2)])}, "B"),
}


class TestGate:
    @pytest.mark.parametrize(("changes", "named"), NONSENSE.values(), ids=NONSENSE)
    def test_no_nonsense_passes_and_nothing_is_written(self, database, changes, named):
        with pytest.raises(InputError) as raised:
            put(database, town(changes))
        assert isinstance(raised.value, CoverageError), raised.value
        assert named in str(raised.value)
        assert rows(database) == dict.fromkeys(TABLES, 0)

    def test_a_key_given_twice_on_a_level_is_refused(self, database):
        with pytest.raises(CoverageError, match="given twice"):
            put(database, town().replace({"key": {"A1b": "A1a"}}))

    def test_no_grids_at_all_are_refused(self, database):
        with pytest.raises(CoverageError, match="there are none"):
            put(database, town().iloc[:0])

    def test_all_faults_are_told_at_once(self, database):
        with pytest.raises(CoverageError) as raised:
            put(database, town(A1b=None, B=(2.5, 0, 4, 2), X=("microgrid", "Z", (1, 0, 2, 2))))
        told = str(raised.value)
        assert all(word in told for word in ("A1", "D", "Z"))

    def test_an_unknown_level_or_scheme_is_told(self, database):
        with pytest.raises(NotFoundError, match="ward"):
            put(database, town(X=("ward", "D", (4, 0, 5, 2))))
        with pytest.raises(NotFoundError):
            publish(database, "nonsense", town(), base=None, origin="import", note="")

    def test_gaps_at_the_top_are_allowed_and_recorded(self, database):
        frame = town(D=hole(0, 0, 4, 2, (3, 0.5, 3.5, 1.5)), B=hole(2, 0, 4, 2, (3, 0.5, 3.5, 1.5)))
        made = put(database, frame)
        with database.read() as connection:
            gaps = store.gaps(connection, made.id)
            assert shapely.equals(store.extent(connection, made.id), box(0, 0, 4, 2))
            geod = connection.scalar(text("SELECT ST_Area(geom::geography) FROM generation_gap"))
        assert len(gaps) == 1
        assert shapely.equals(gaps.geometry[0], box(3, 0.5, 3.5, 1.5))
        assert gaps["area_m2"][0] == pytest.approx(geod, rel=1e-6)

    def test_the_extent_of_a_scattered_city_leaves_out_what_lies_between(self, database):
        made = put(database, town(E=("district", None, (6, 0, 7, 2))))
        with database.read() as connection:
            extent = store.extent(connection, made.id)
        assert shapely.equals(extent, shapely.union_all([box(0, 0, 4, 2), box(6, 0, 7, 2)]))


class TestConflict:
    def test_of_two_with_one_base_the_second_loses_and_writes_nothing(self, database):
        base = put(database, town()).id
        winner = put(database, moved(), base=base)
        before = rows(database)
        with pytest.raises(ConflictError, match=f"generation {winner.id}"):
            put(database, coded(town(), A1a="310199001001001"), base=base)
        assert rows(database) == before
        with database.read() as connection:
            assert store.head(connection, SCHEME) == winner.id

    def test_a_first_generation_after_the_first_loses(self, database):
        put(database, town())
        with pytest.raises(ConflictError):
            put(database, moved())

    def test_of_twenty_races_each_has_one_winner(self, database):
        base = put(database, town()).id
        for number in range(20):
            outcomes = []
            gate = threading.Barrier(2)

            def race(name, base=base, gate=gate, outcomes=outcomes):
                frame = town()
                frame.loc[0, "name"] = name
                gate.wait()
                try:
                    outcomes.append(put(database, frame, base=base).id)
                except ConflictError as error:
                    outcomes.append(error)

            threads = [threading.Thread(target=race, args=(f"{number}{side}",)) for side in "ab"]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            won = [outcome for outcome in outcomes if isinstance(outcome, int)]
            assert len(won) == 1
            assert len(outcomes) == 2
            base = won[0]
        listed = listing(database, SCHEME)
        assert len(listed) == 21
        assert [g.base for g in listed[:-1]] == [g.id for g in listed[1:]]


class TestInForce:
    def test_half_open_at_the_microsecond(self, database):
        first = put(database, town(), start=T - timedelta(days=30)).id
        second = put(database, moved(), base=first, start=T).id
        assert [in_force(database, T + step) for step in (-TICK, timedelta(0), TICK)] == [first, second, second]
        begin = T - timedelta(days=30)
        assert [in_force(database, begin + step) for step in (-TICK, timedelta(0), TICK)] == [None, first, first]
        listed = {g.id: (g.in_force_from, g.in_force_until) for g in listing(database, SCHEME)}
        assert listed == {first: (begin, T), second: (T, None)}

    def test_now_by_default_by_the_clock_of_the_database(self, database):
        with database.read() as connection:
            before = store.clock(connection)
            made_id = put(database, town()).id
            made = store.listing(connection, SCHEME)[0]
            after = store.clock(connection)
        assert made.id == made_id
        assert before <= made.in_force_from <= after

    def test_a_generation_for_later_waits_and_may_be_superseded_before_it_begins(self, database):
        now = put(database, town()).id
        later = put(database, moved(), base=now, start=datetime(2100, 1, 1, tzinfo=UTC)).id
        assert in_force(database, None) == now
        with database.read() as connection:
            assert [g.id for g in store.upcoming(connection, SCHEME)] == [now, later]
        renamed = town()
        renamed.loc[0, "name"] = "新"
        instead = put(database, renamed, base=later).id
        assert in_force(database, None) == instead
        assert in_force(database, datetime(2100, 1, 2, tzinfo=UTC)) == instead
        times = {g.id: g.in_force_from for g in listing(database, SCHEME)}
        assert times[later] is None

    def test_what_was_believed_then_is_kept(self, database):
        first = put(database, town(), start=T - timedelta(days=400)).id
        with database.read() as connection:
            known_then = store.clock(connection)
        # Today it is decided that other lines were right since last June already.
        second = put(database, moved(), base=first, start=T).id
        spot = T + timedelta(days=1)
        assert in_force(database, spot) == second
        assert in_force(database, spot, known_then) == first
        assert in_force(database, T - TICK, known_then) == first
        assert in_force(database, spot, T - timedelta(days=4000)) is None

    def test_belief_ends_and_begins_at_one_instant(self, database):
        first = put(database, town()).id
        second = put(database, moved(), base=first).id
        with database.read() as connection:
            query = "SELECT generation_id, lower(recorded), upper(recorded) FROM generation_validity ORDER BY id"
            believed = connection.execute(text(query)).all()
        turn = next(row[2] for row in believed if row[0] == first and row[2] is not None)
        assert {row[1] for row in believed if row[0] == second} == {turn}
        assert in_force(database, turn, turn - TICK) == first
        assert in_force(database, turn, turn) == second


def test_an_instant_without_an_offset_is_refused(database):
    with pytest.raises(InputError, match="in_force_from"):
        put(database, town(), start=datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test
    assert listing(database, "governance") == []
