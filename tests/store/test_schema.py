"""The schema: up, down and up again; the same as the tables say; with the constraints that must hold."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from geoalchemy2 import alembic_helpers
from sqlalchemy import text

from gridmap.model.errors import ConflictError, InputError
from gridmap.store import schema, tables
from gridmap.store.database import Database

SQUARE = "ST_Multi(ST_MakeEnvelope(121.4, 31.2, 121.5, 31.3, 4326))"


@pytest.fixture
def empty(fresh_database):
    one = Database(fresh_database())
    yield one
    one.close()


def names(database):
    query = """
        SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_depend d ON d.objid = c.oid AND d.deptype = 'e'
        WHERE n.nspname = 'public' AND relkind IN ('r', 'S') AND d.objid IS NULL
    """
    with database.read() as connection:
        return {row[0] for row in connection.execute(text(query))}


def functions(database):
    query = """
        SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        LEFT JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e' WHERE n.nspname = 'public' AND d.objid IS NULL
    """
    with database.read() as connection:
        return {row[0] for row in connection.execute(text(query))}


def test_up_down_and_up_again(empty):
    schema.migrate(empty.import_engine)
    made = names(empty), functions(empty)
    assert {table.name for table in tables.metadata.tables.values()} <= made[0]
    assert schema.current(empty.lookup_engine) == schema.latest()
    schema.migrate(empty.import_engine, "base")
    assert names(empty) == {"alembic_version"}
    assert functions(empty) == set()
    schema.migrate(empty.import_engine)
    assert (names(empty), functions(empty)) == made


def test_migrations_and_tables_say_the_same(database):
    with database.import_engine.connect() as connection:
        options = {"include_object": alembic_helpers.include_object, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, tables.metadata) == []


def test_layer_files_are_in_the_database(database):
    with database.read() as connection:
        levels = connection.execute(text("SELECT key FROM level ORDER BY rank")).scalars().all()
        categories = connection.scalar(text("SELECT count(*) FROM category"))
    assert levels == ["district", "subdistrict", "block", "neighbourhood", "microgrid"]
    assert categories >= 30


GRID = "INSERT INTO grid (scheme_id, level, key) SELECT id, 'microgrid', :key FROM scheme RETURNING id"
GENERATION = f"""
    INSERT INTO generation (scheme_id, origin, extent, grids) SELECT id, 'import', {SQUARE}, 1 FROM scheme RETURNING id
"""
VALIDITY = """
    INSERT INTO generation_validity (scheme_id, generation_id, in_force)
    SELECT scheme_id, id, CAST(:range AS tstzrange) FROM generation WHERE id = :id
"""


def run(connection, query, **values):
    result = connection.execute(text(query), values)
    return result.scalar() if result.returns_rows else None


class TestConstraints:
    @pytest.mark.parametrize(
        "wkt",
        [
            "MULTIPOLYGON EMPTY",
            "MULTIPOLYGON(((0 0, 1 1, 1 0, 0 1, 0 0)))",
            "MULTIPOLYGON(((0 0, 181 0, 181 1, 0 0)))",
            "MULTIPOLYGON(((0 0, NaN 0, 1 1, 0 0)))",
        ],
    )
    def test_outlines_that_are_none_are_refused(self, database, wkt):
        with pytest.raises(InputError), database.write() as connection:
            grid = run(connection, GRID, key="a")
            run(
                connection,
                "INSERT INTO grid_shape (grid_id, geom, area_m2, hash)"
                " VALUES (:grid, ST_GeomFromText(:wkt, 4326), 1, decode(repeat('00', 16), 'hex'))",
                grid=grid,
                wkt=wkt,
            )

    @pytest.mark.parametrize(
        "span", ["empty", "(,)", "[2026-01-01,2026-02-01]", "(2026-01-01,2026-02-01)", "(,2026-01-01)"]
    )
    def test_ranges_are_half_open_and_never_empty(self, database, span):
        with pytest.raises(InputError), database.write() as connection:
            run(connection, VALIDITY, id=run(connection, GENERATION), range=span)

    def test_one_generation_at_a_time(self, database):
        with pytest.raises(ConflictError), database.write() as connection:
            run(connection, VALIDITY, id=run(connection, GENERATION), range="[2026-01-01,)")
            run(connection, VALIDITY, id=run(connection, GENERATION), range="[2026-03-01,2026-04-01)")

    def test_ranges_that_touch_do_not_overlap(self, database):
        with database.write() as connection:
            run(connection, VALIDITY, id=run(connection, GENERATION), range="[2026-01-01,2026-03-01)")
            run(connection, VALIDITY, id=run(connection, GENERATION), range="[2026-03-01,)")
            assert run(connection, "SELECT count(*) FROM generation_validity") == 2

    def test_an_exclusive_post_has_one_holder(self, database):
        post = """
            INSERT INTO post (key, kind, rank, subject_kind, grid_id, title)
            VALUES ('p', 'chief', 1, 'grid', :grid, '{"zh": "", "en": ""}') RETURNING id
        """
        holder = "INSERT INTO holder (key, kind, name) VALUES (:key, 'person', '甲') RETURNING id"
        assign = """
            INSERT INTO assignment (post_id, exclusive, holder_id, during)
            VALUES (:post, true, :holder, CAST(:range AS tstzrange))
        """
        with pytest.raises(ConflictError), database.write() as connection:
            office = run(connection, post, grid=run(connection, GRID, key="a"))
            first, second = (run(connection, holder, key=key) for key in "ab")
            run(connection, assign, post=office, holder=first, range="[2026-01-01,2026-02-01)")
            run(connection, assign, post=office, holder=second, range="[2026-02-01,)")
            run(connection, assign, post=office, holder=first, range="[2026-03-01,2026-03-02)")


class TestImmutable:
    @pytest.fixture
    def published(self, database):
        with database.write() as connection:
            grid = run(connection, GRID, key="a")
            run(
                connection,
                f"INSERT INTO grid_shape (grid_id, geom, area_m2, hash)"
                f" VALUES (:grid, {SQUARE}, 1, decode(repeat('00', 16), 'hex'))",
                grid=grid,
            )
            run(connection, "INSERT INTO grid_code SELECT scheme_id, '310199001001000', id FROM grid")
            generation = run(connection, GENERATION)
            run(
                connection,
                "INSERT INTO generation_grid (generation_id, grid_id, scheme_id, level, shape_id, name)"
                " SELECT :generation, g.id, g.scheme_id, g.level, s.id, '甲'"
                " FROM grid g JOIN grid_shape s ON s.grid_id = g.id",
                generation=generation,
            )
            run(connection, VALIDITY, id=generation, range="[2026-01-01,)")
            run(connection, "INSERT INTO pointer SELECT scheme_id, id, 1 FROM generation")
        return database

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE grid_shape SET area_m2 = 2",
            "DELETE FROM grid_shape",
            "TRUNCATE grid_shape CASCADE",
            "UPDATE generation SET note = 'x'",
            "DELETE FROM generation",
            "UPDATE generation_grid SET name = 'x'",
            "DELETE FROM generation_grid",
            "UPDATE grid_code SET code = 'x'",
            "UPDATE grid SET key = 'x'",
            "DELETE FROM generation_validity",
            "UPDATE generation_validity SET in_force = '[2020-01-01,)'",
            "UPDATE generation_validity SET recorded = tstzrange('2020-01-01', '2020-02-01')",
            "DELETE FROM pointer",
            "UPDATE pointer SET version = version + 2",
            "UPDATE pointer SET version = version - 1",
        ],
    )
    def test_what_is_published_stays(self, published, change):
        with pytest.raises(ConflictError), published.write() as connection:
            run(connection, change)

    def test_nothing_joins_a_published_generation(self, published):
        with pytest.raises(ConflictError), published.write() as connection:
            run(connection, GRID, key="b")
            run(
                connection,
                "INSERT INTO grid_shape (grid_id, geom, area_m2, hash)"
                f" SELECT id, {SQUARE}, 1, decode(repeat('00', 16), 'hex') FROM grid WHERE key = 'b'",
            )
            run(
                connection,
                "INSERT INTO generation_grid (generation_id, grid_id, scheme_id, level, shape_id, name)"
                " SELECT (SELECT max(id) FROM generation), g.id, g.scheme_id, g.level, s.id, '乙'"
                " FROM grid g JOIN grid_shape s ON s.grid_id = g.id WHERE g.key = 'b'",
            )

    def test_the_end_of_belief_can_be_set_once(self, published):
        close = "UPDATE generation_validity SET recorded = tstzrange(lower(recorded), clock_timestamp())"
        with published.write() as connection:
            run(connection, close)
        with pytest.raises(ConflictError), published.write() as connection:
            run(connection, close)

    def test_a_lookup_cannot_write(self, published):
        with pytest.raises(Exception, match="read-only"), published.read() as connection:
            run(connection, GRID, key="c")


def test_changes_are_counted_for_snapshots(database):
    count = "SELECT version FROM change WHERE topic = 'posts'"
    with database.write() as connection:
        before = run(connection, count)
        run(connection, "INSERT INTO holder (key, kind, name) VALUES ('h', 'person', '甲')")
        assert run(connection, count) == before + 1
