"""Plans in the store: what is on record stays, what is changed names the version that it was read at."""

import pytest
import shapely
from sqlalchemy import text

from gridmap.model.errors import ConflictError, InputError, NotFoundError
from gridmap.services.generations import publish
from gridmap.spatial.drafts import DraftGrid
from gridmap.store import generations
from gridmap.store import plans as store
from tests.services.squares import box, town

SQUARE = shapely.MultiPolygon([box(0, 0, 1, 1)])


@pytest.fixture
def plan(database):
    base = publish(database, "governance", town(), base=None, origin="import", note="").id
    with database.write() as connection:
        owner = generations.scheme_id(connection, "governance")
        return store.add(connection, owner, base, "甲", "", "王工")


def edit(database, number, prev=None, made=None, **given):
    with database.write() as connection:
        plan = store.get(connection, number, lock=True)
        made = {9: DraftGrid(9, "block", 1, None, "新", SQUARE), 3: None} if made is None else made
        told = store.add_edit(connection, plan, prev, "draw", given, "王工", made)
        store.save(connection, store.get(connection, number), head=told)
        return told


def test_edits_and_what_they_made_come_back(database, plan):
    assert [edit(database, plan, a=1), edit(database, plan, prev=1, made={9: None})] == [1, 2]
    with database.read() as connection:
        edits, changes = store.edits(connection, plan), store.changes(connection, plan)
        assert [(e.number, e.prev, e.given) for e in edits.values()] == [(1, None, {"a": 1}), (2, 1, {})]
        assert changes[1][9].outline.equals_exact(SQUARE, 0.0)
        assert (changes[1][3], changes[2]) == (None, {9: None})
        assert list(store.changes(connection, plan, after=1)) == [2]
        found = store.get(connection, plan)
    assert (found.head, found.drawers) == (2, ("王工",))


def test_a_change_names_what_it_was_made_on(database, plan):
    with database.read() as connection:
        read = store.get(connection, plan)
    with database.write() as connection:
        store.save(connection, read, title="乙")
    with pytest.raises(ConflictError, match="was changed meanwhile"), database.write() as connection:
        store.save(connection, read, title="丙")
    with pytest.raises(AssertionError), database.write() as connection:
        store.save(connection, read, author="丙")
    with pytest.raises(NotFoundError), database.read() as connection:
        store.get(connection, 999)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM plan",
        "UPDATE plan SET title = 'x'",
        "UPDATE plan SET author = 'x', version = version + 1",
        "UPDATE plan_edit SET kind = 'x'",
        "DELETE FROM plan_edit",
        "UPDATE plan_grid SET name = 'x'",
        "TRUNCATE plan_step",
        "UPDATE plan_step SET actor = 'x'",
    ],
)
def test_what_is_on_record_stays(database, plan, statement):
    edit(database, plan)
    with database.write() as connection:
        store.note(connection, plan, "open", "王工")
    with pytest.raises(ConflictError), database.write() as connection:
        connection.execute(text(statement))


def test_what_has_ended_is_not_taken_up_again(database, plan):
    with database.write() as connection:
        store.save(connection, store.get(connection, plan), state="withdrawn")
    with pytest.raises(ConflictError), database.write() as connection:
        store.save(connection, store.get(connection, plan), state="draft")


@pytest.mark.parametrize(
    "outline",
    [
        shapely.MultiPolygon(),
        shapely.MultiPolygon([shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])]),
    ],
)
def test_an_outline_that_is_none_does_not_get_in(database, plan, outline):
    with pytest.raises(InputError):
        edit(database, plan, made={9: DraftGrid(9, "block", 1, None, "新", outline)})


def test_ids_are_given_once(database, plan):
    with database.write() as connection:
        ids = store.new_ids(connection)
        first = [next(ids) for _ in range(3)]
    with database.write() as connection:
        second = next(store.new_ids(connection))
    assert len({*first, second}) == 4
    assert second > max(first) > 7


def test_a_request_is_remembered_with_what_was_asked(database, plan):
    with database.write() as connection:
        assert store.answered(connection, "王工", "k", {"a": 1}) is None
        store.remember(connection, "王工", "k", {"a": 1}, {"told": True})
    with database.write() as connection:
        assert store.answered(connection, "王工", "k", {"a": 1}) == {"told": True}
        assert store.answered(connection, "李工", "k", {"a": 1}) is None
        with pytest.raises(ConflictError, match="another request's"):
            store.answered(connection, "王工", "k", {"a": 2})


def test_steps_in_order(database, plan):
    with database.write() as connection:
        store.note(connection, plan, "open", "王工")
        store.note(connection, plan, "submit", "王工", "请审", {"x": 1})
    with database.read() as connection:
        assert [(s.action, s.note, s.data) for s in store.steps(connection, plan)] == [
            ("open", "", {}),
            ("submit", "请审", {"x": 1}),
        ]
        assert [p.id for p in store.listing(connection, "governance", ["draft"])] == [plan]
        assert store.listing(connection, None, ["published"]) == []
