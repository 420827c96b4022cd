"""The keeper: what it holds is one state, as new as it promises, or it says that it cannot tell."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from gridmap.model.errors import NotFoundError, UnavailableError
from gridmap.services import snapshot as module
from gridmap.services.snapshot import Keeper
from gridmap.store import generations
from gridmap.store.database import Database
from tests.services.squares import moved, town

TICK = timedelta(microseconds=1)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
NOWHERE = "postgresql+psycopg://gridmap@/gridmap?host=/nonexistent"


class Clock:
    """A monotonic clock that moves when told to."""

    def __init__(self):
        self.reading = 1000.0

    def monotonic(self):
        return self.reading


@pytest.fixture
def clock(monkeypatch):
    one = Clock()
    monkeypatch.setattr(module, "time", one)
    return one


@pytest.fixture
def keeper(database, put):
    put(town())
    one = Keeper(database)
    one.look()
    yield one
    one.close()


def generation(keeper, *args, **options):
    return keeper.snapshot(*args, **options).lines.generation.id


def watched(keeper):
    """Make a keeper believe that its thread looks by itself, without one that does."""
    keeper._thread = threading.current_thread()
    return keeper


@pytest.fixture
def by_itself(keeper):
    watched(keeper)
    yield keeper
    keeper._thread = None


class TestSwap:
    def test_a_publish_is_seen_at_the_next_look(self, keeper, put):
        before = generation(keeper)
        made = put(moved()).id
        keeper.look()
        assert generation(keeper) == made != before

    def test_a_snapshot_in_hand_does_not_change(self, keeper, put):
        held = keeper.snapshot()
        put(moved())
        keeper.look()
        assert held.lines is not keeper.snapshot().lines
        assert held.lines.index.locate([121.4012], [31.2005]) != keeper.snapshot().lines.index.locate(
            [121.4012], [31.2005]
        )

    def test_what_did_not_change_is_not_built_again(self, keeper):
        before = keeper.snapshot()
        keeper.look()
        after = keeper.snapshot()
        assert after.lines is before.lines
        assert after.roster is before.roster
        assert after.spots is before.spots

    def test_lines_of_the_generation_in_force_are_kept_when_another_is_put_ahead(self, keeper, put, monkeypatch):
        put(moved(), start=FAR)
        before, built = keeper.snapshot().lines, []
        monkeypatch.setattr(module, "redraw_lines", lambda b, g, *rest: built.append(g.id) or real(b, g, *rest))
        keeper.look()
        now, later = keeper._ahead["governance"]
        assert (now.in_force_until, later.in_force_from) == (FAR, FAR)
        assert built == [later.id]
        lines = keeper.snapshot().lines
        assert lines.generation == now  # it has an end now, which its answers tell
        assert lines.index is before.index

    def test_a_generation_for_later_takes_over_at_its_instant_without_a_look(self, keeper, put):
        now = generation(keeper)
        later = put(moved(), start=FAR).id
        keeper.look()
        keeper.database = Database(NOWHERE)
        found = [generation(keeper, FAR + step) for step in (-TICK, timedelta(0), TICK)]
        assert found == [now, later, later]

    def test_it_takes_over_when_the_clock_gets_there(self, by_itself, put, clock):
        by_itself.look()
        start = by_itself.now() + timedelta(seconds=60)  # later than a slow machine takes to publish
        before = generation(by_itself)
        later = put(moved(), start=start).id
        by_itself.look()
        by_itself.database = Database(NOWHERE)
        by_itself._clock = (start - timedelta(seconds=0.5), clock.reading)
        assert generation(by_itself) == before
        clock.reading += 0.499999
        assert generation(by_itself) == before
        clock.reading += 0.000002
        assert generation(by_itself) == later

    def test_posts_and_places_are_read_when_they_change(self, keeper):
        before = keeper.snapshot()
        with keeper.database.write() as connection:
            connection.execute(text("INSERT INTO holder (key, kind, name) VALUES ('h', 'person', '甲')"))
        keeper.look()
        assert [h.name for h in keeper.snapshot().roster.holders.values()] == ["甲"]
        assert keeper.snapshot().spots is before.spots

    def test_it_is_ready_once_the_lines_in_force_are_loaded(self, keeper, put):
        assert keeper.is_ready()
        put(moved())
        with keeper._locked():
            keeper._look()  # heard of, and not loaded yet
        assert not keeper.is_ready()
        keeper.look()
        assert keeper.is_ready()


real = module.redraw_lines


class TestPast:
    def test_a_past_instant_has_the_lines_of_then(self, keeper, put):
        first = generation(keeper)
        second = put(moved()).id
        keeper.look()
        start = keeper.snapshot().lines.generation.in_force_from
        assert [generation(keeper, start + step) for step in (-TICK, timedelta(0), TICK)] == [first, second, second]
        with pytest.raises(NotFoundError, match="no lines of governance were in force"):
            keeper.snapshot(datetime(1990, 1, 1, tzinfo=UTC))

    def test_what_was_known_then(self, keeper, put, database):
        first = generation(keeper)
        start = keeper.snapshot().lines.generation.in_force_from
        with database.read() as connection:
            known_then = generations.clock(connection)
        second = put(moved(), start=start + timedelta(microseconds=10)).id  # decided later, for that time
        keeper.look()
        spot = start + timedelta(microseconds=20)
        assert generation(keeper, spot) == second
        assert generation(keeper, spot, known_at=known_then) == first
        assert generation(keeper, known_at=known_then) == first
        assert generation(keeper, spot) == second

    def test_only_a_few_of_the_past_are_kept(self, keeper, put):
        frame = town()
        starts = []
        for number in range(module._HISTORIC + 3):
            frame.loc[0, "name"] = str(number)
            starts.append(put(frame.copy()).in_force_from)
        keeper.look()
        found = [generation(keeper, start) for start in starts]
        assert found == sorted(set(found))
        assert len(keeper._past) <= module._HISTORIC

    def test_no_such_scheme(self, keeper):
        with pytest.raises(NotFoundError, match="governance"):
            keeper.snapshot(scheme="cleaning")

    def test_before_the_first_lines_it_says_how_to_bring_them(self, database):
        empty = Keeper(database)
        empty.look()
        with pytest.raises(NotFoundError, match="gridmap import grids"):
            empty.snapshot()


class TestFresh:
    def test_a_watched_keeper_answers_for_a_second_and_no_longer(self, by_itself, clock):
        by_itself.look()
        by_itself.database = Database(NOWHERE)
        clock.reading += module.STALE_SECONDS
        assert generation(by_itself)
        clock.reading += 0.001
        for ask in (by_itself.snapshot, by_itself.now, lambda: by_itself.snapshot(FAR)):
            with pytest.raises(UnavailableError):
                ask()

    def test_a_keeper_without_a_thread_looks_when_asked(self, keeper, put, clock):
        keeper.look()
        made = put(moved()).id
        clock.reading += module.LOOK_SECONDS + 0.001
        assert generation(keeper) == made

    def test_a_keeper_that_slept_looks_before_it_answers(self, by_itself, put, clock):
        by_itself.look()
        made = put(moved()).id
        clock.reading += 3600
        assert generation(by_itself) == made

    def test_connections_that_were_cut_are_made_anew(self, keeper, database, put):
        made = put(moved()).id
        with database.load() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        keeper.look()
        assert generation(keeper) == made

    def test_a_look_that_failed_halfway_is_taken_again(self, keeper, put, monkeypatch):
        made = put(moved()).id
        monkeypatch.setattr(
            module.generations, "frame", lambda *_, **__: (_ for _ in ()).throw(UnavailableError("gone"))
        )
        with pytest.raises(UnavailableError):
            keeper.look()
        monkeypatch.undo()
        keeper.look()
        assert generation(keeper) == made

    def test_one_who_hangs_in_a_look_does_not_hang_the_others(self, by_itself, clock, monkeypatch):
        by_itself.look()
        monkeypatch.setattr(module, "STALE_SECONDS", 0.01)
        clock.reading += 5
        with by_itself._lock, pytest.raises(UnavailableError, match="does not answer"):
            by_itself.snapshot()

    def test_a_thread_looks_by_itself_until_closed(self, keeper, monkeypatch):
        monkeypatch.setattr(module, "LOOK_SECONDS", 0.001)
        looked = threading.Event()
        keeper.watch(looked.set)
        assert looked.wait(10)
        keeper.close()
        assert not keeper._thread.is_alive()

    def test_the_thread_lives_through_an_outage(self, keeper, monkeypatch):
        monkeypatch.setattr(module, "LOOK_SECONDS", 0.001)
        good, failed, healed = keeper.database, threading.Event(), threading.Event()

        class Gone:
            def read(self):
                failed.set()
                raise UnavailableError("gone")

        keeper.database = Gone()
        keeper.watch(healed.set)
        assert failed.wait(10)
        healed.clear()
        keeper.database = good
        assert healed.wait(10)


class TestClock:
    def test_now_is_the_time_of_the_database(self, keeper, database):
        keeper.look()
        with database.read() as connection:
            told = generations.clock(connection)
        assert abs(keeper.now() - told) < timedelta(seconds=5)

    def test_a_slow_answer_does_not_turn_time_back(self, by_itself, clock):
        start = datetime(2026, 1, 1, tzinfo=UTC)
        by_itself._clock = (start, clock.reading)

        def slow():
            clock.reading += 0.1
            return start + timedelta(seconds=0.01)  # said early, heard late

        by_itself._set_clock(slow)
        by_itself._looked = clock.reading
        assert by_itself.now() == start + timedelta(seconds=0.1)

    def test_a_clock_that_was_set_is_followed(self, by_itself, clock):
        start = datetime(2026, 1, 1, tzinfo=UTC)
        by_itself._clock = (start, clock.reading)
        by_itself._looked = clock.reading
        for told in (start - timedelta(hours=1), start + timedelta(hours=1)):
            by_itself._set_clock(lambda told=told: told)
            assert by_itself.now() == told


def test_the_city_is_read_with_its_zone(keeper):
    card = keeper.snapshot().city
    assert (card.key, card.invented, card.zone, card.title.en) == ("own", False, "Asia/Shanghai", "Test city")


def test_chains_and_levels(keeper):
    lines = keeper.snapshot().lines
    names = {grid: each.name for grid, each in lines.grids.items()}
    chains = {names[leaf]: [names[grid] for grid in chain] for leaf, chain in lines.chains.items()}
    assert chains == {
        "A1a格": ["D格", "A格", "A1格", "A1a格"],
        "A1b格": ["D格", "A格", "A1格", "A1b格"],
        "A2格": ["D格", "A格", "A2格"],
        "B格": ["D格", "B格"],
    }
    assert lines.levels() == ["district", "subdistrict", "neighbourhood", "microgrid"]
    above = {
        names[int(leaf)]: names.get(int(up))
        for leaf, up in zip(lines.leaves, lines.above("neighbourhood"), strict=True)
    }
    assert above == {"A1a格": "A1格", "A1b格": "A1格", "A2格": "A2格", "B格": None}


def test_a_look_that_fails_is_not_the_last(keeper, monkeypatch):
    looks, again = [], threading.Event()

    def look():
        looks.append(1)
        if len(looks) == 1:
            raise ValueError("a row nobody expected")
        again.set()

    monkeypatch.setattr(module, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(keeper, "look", look)
    keeper.watch(lambda: None)
    assert again.wait(30)
