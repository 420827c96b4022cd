"""Every invariant finds what breaks it: the guards are taken off, a breach is planted, and it is named."""

import pytest
from sqlalchemy import text

from gridmap.services.changeovers import Changeovers
from gridmap.services.checking import check, schema_revision
from gridmap.services.generations import publish
from gridmap.services.snapshot import Keeper
from gridmap.store import invariants, schema
from tests.services.squares import coded, moved, town
from tests.services.staff import staff

CODES = {"A1a": "310199001001001", "A1b": "310199001001002"}
OFF = "SET session_replication_role = replica"  # triggers and foreign keys rest


@pytest.fixture
def filled(database):
    base = publish(database, "governance", coded(town(), **CODES), base=None, origin="import", note="").id
    with database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO incident (key, reported_at, state, geom, hash) VALUES ('open', '2026-01-01', 'dispatched',"
                " ST_SetSRID(ST_MakePoint(121.40125, 31.2005), 4326), decode(repeat('0', 32), 'hex'))"
            )
        )
    publish(database, "governance", coded(moved(), **CODES), base=base, origin="import", note="")
    Changeovers(database, Keeper(database)).settle()
    with database.read() as connection:
        grids = dict(connection.execute(text("SELECT key, id FROM grid")).all())
    staff(database, grids, grids)
    with database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO place (kind, key, geom, hash) VALUES"
                " ('building', 'b', ST_MakeEnvelope(121.4, 31.2, 121.401, 31.201, 4326),"
                " decode(repeat('0', 32), 'hex'))"
            )
        )
    return database


BREACHES = {
    "each scheme with lines has one pointer to its newest generation": [
        "UPDATE pointer SET generation_id = generation_id - 1",
    ],
    "one generation at a time is in force": [
        "ALTER TABLE generation_validity DROP CONSTRAINT one_in_force",
        (
            "INSERT INTO generation_validity (scheme_id, generation_id, in_force)"
            " SELECT scheme_id, min(id), tstzrange('2020-01-01', NULL) FROM generation GROUP BY 1"
        ),
    ],
    "every generation is whole": ["DELETE FROM generation_grid WHERE level = 'microgrid' AND name = 'A1a格'"],
    "every outline is valid and on the lattice": [
        "UPDATE grid_shape SET geom = ST_Translate(geom, 3e-8, 0) WHERE id = 1",
    ],
    "a code is one grid's": [
        "UPDATE generation_grid SET code = NULL WHERE generation_id = 2",
        "UPDATE generation_grid SET code = '310199001001001' WHERE generation_id = 2 AND name = 'B格'",
    ],
    "a parent is on a level above": [
        (
            "UPDATE generation_grid SET parent_id = (SELECT id FROM grid WHERE key = 'A2')"
            " WHERE name = 'A1格' AND generation_id = 2"
        ),
    ],
    "an exclusive post has one holder at a time": [
        "ALTER TABLE assignment DROP CONSTRAINT one_holder_at_a_time",
        (
            "INSERT INTO assignment (post_id, exclusive, holder_id, during)"
            " SELECT post_id, true, (SELECT max(id) FROM holder), during FROM assignment ORDER BY id LIMIT 1"
        ),
    ],
    "a plan's edits follow each other on one base": [
        "INSERT INTO plan (scheme_id, base_id, title, author, head) SELECT scheme_id, 1, 't', 'a', 2 FROM pointer",
        (
            "INSERT INTO plan_edit (plan_id, number, prev, base_id, kind, given, author) VALUES"
            " (1, 1, NULL, 2, 'rename', '{}', 'a'), (1, 2, 1, 1, 'rename', '{}', 'a')"
        ),
    ],
    "what a change of lines did to incidents is whole": ["UPDATE generation_changeover SET incidents = incidents + 1"],
    "an incident moves between grids of its lines": ["UPDATE incident_changeover SET to_grid_id = from_grid_id"],
    "only what was asked is answered": [
        "INSERT INTO incident_changeover_answer (changeover_id, answer, actor) VALUES (1, 'move', '王工')",
    ],
    "places and incidents have a shape that can be drawn": [
        "UPDATE place SET geom = ST_GeomFromText('POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))', 4326)",
    ],
    "the lines of governance tile and nest": [
        (
            "UPDATE grid_shape SET geom = ST_Multi(ST_MakeEnvelope(121.402, 31.2, 121.4035, 31.202, 4326))"
            " WHERE grid_id = (SELECT id FROM grid WHERE key = 'B')"
        ),
    ],
    "the schema is the newest": ["UPDATE alembic_version SET version_num = '0000'"],
}


def found(database):
    return {finding.invariant: finding.breaches for finding in check(database)}


def test_a_clean_database_has_no_breach(filled, demo):
    for one in (filled, demo.database):
        assert {name: breaches for name, breaches in found(one).items() if breaches} == {}
        assert all(finding.holds for finding in check(one))


def test_every_invariant_has_its_breach_here(filled):
    assert set(found(filled)) == set(BREACHES)
    assert set(invariants._QUERIES) < set(BREACHES)


@pytest.mark.parametrize("invariant", BREACHES)
def test_a_breach_is_found_and_nothing_else_is_blamed_for_want_of_it(filled, invariant):
    with filled.load() as connection:
        connection.execute(text(OFF))
        for statement in BREACHES[invariant]:
            connection.execute(text(statement))
        connection.execute(text("SET session_replication_role = DEFAULT"))
    breaches = found(filled)[invariant]
    assert breaches
    assert all(breach.strip() for breach in breaches)


def test_an_empty_city_holds(database):
    assert all(finding.holds for finding in check(database))
    assert schema_revision(database) == schema.latest()
