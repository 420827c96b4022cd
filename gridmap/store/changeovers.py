"""Changeovers in the store: which generations came into force, and what that did to incidents that were open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from gridmap.model.changeovers import Answer, Answered, Changeover
from gridmap.model.errors import NotFoundError

# The key of the advisory lock under which changes are settled and answers given.
_SETTLING = 0x73657474

# A generation decides from the later of two instants: that from which it was to decide, and that at which it was known.
_CAME = """
    SELECT generation_id, greatest(min(lower(in_force)), min(lower(recorded))) AS at
    FROM generation_validity GROUP BY generation_id
"""
_DUE = text(f"""
    SELECT came.generation_id, s.key AS scheme, came.at FROM ({_CAME}) came
    JOIN generation g ON g.id = came.generation_id JOIN scheme s ON s.id = g.scheme_id
    WHERE came.at <= greatest(clock_timestamp(), CAST(:now AS timestamptz))
    AND NOT EXISTS (SELECT 1 FROM generation_changeover d WHERE d.generation_id = came.generation_id)
    AND EXISTS (
        SELECT 1 FROM generation_validity v
        WHERE v.generation_id = came.generation_id AND v.in_force @> came.at AND v.recorded @> came.at
    )
    ORDER BY came.at, came.generation_id LIMIT 1
""")  # noqa: S608 - our own text
_ROWS = f"""
    SELECT c.id, c.incident_id, c.generation_id, came.at, c.from_grid_id, c.to_grid_id, c.rule, c.recorded_at,
           NOT EXISTS (
               SELECT 1 FROM generation_grid m WHERE (m.generation_id, m.grid_id) = (c.generation_id, c.from_grid_id)
           ) AS retired,
           NOT EXISTS (
               SELECT 1 FROM incident_changeover later JOIN generation lg ON lg.id = later.generation_id
               WHERE later.incident_id = c.incident_id AND later.id > c.id AND lg.scheme_id = g.scheme_id
           ) AS last,
           s.key AS scheme, i.state = 'closed' AS closed
    FROM incident_changeover c
    JOIN incident i ON i.id = c.incident_id
    JOIN generation g ON g.id = c.generation_id JOIN scheme s ON s.id = g.scheme_id
    JOIN ({_CAME}) came ON came.generation_id = c.generation_id
"""  # noqa: S608 - our own text
_OPEN = """
    SELECT i.id, ST_X(i.geom), ST_Y(i.geom), coalesce(held.grid, -1) FROM incident i
    LEFT JOIN (
        SELECT DISTINCT ON (c.incident_id) c.incident_id,
               CASE WHEN c.to_grid_id IS NOT NULL AND (c.rule = 'move' OR c.rule = 'ask' AND a.answer = 'move')
                    THEN c.to_grid_id ELSE c.from_grid_id END AS grid
        FROM incident_changeover c
        JOIN generation g ON g.id = c.generation_id JOIN scheme s ON s.id = g.scheme_id
        LEFT JOIN (
            SELECT DISTINCT ON (changeover_id) changeover_id, answer FROM incident_changeover_answer
            ORDER BY changeover_id, id DESC
        ) a ON a.changeover_id = c.id
        WHERE s.key = :scheme ORDER BY c.incident_id, c.id DESC
    ) held ON held.incident_id = i.id
    WHERE i.reported_at < :at AND (i.state <> 'closed' OR i.closed_at > :at) ORDER BY i.id
"""
_RECORD = text("""
    INSERT INTO incident_changeover (incident_id, generation_id, from_grid_id, to_grid_id, rule)
    SELECT r.incident, :generation, r.from_grid, nullif(r.to_grid, -1), CASE WHEN r.moves THEN 'move' ELSE :rule END
    FROM unnest(CAST(:incidents AS bigint[]), CAST(:before AS bigint[]), CAST(:after AS bigint[]),
                CAST(:moves AS boolean[])) AS r (incident, from_grid, to_grid, moves)
    ORDER BY r.incident
""")
_LOOKED = text("INSERT INTO generation_changeover (generation_id, incidents) VALUES (:generation, :incidents)")
_NEW_ANSWER = text("""
    INSERT INTO incident_changeover_answer (changeover_id, answer, actor, note)
    VALUES (:changeover, :answer, :actor, :note)
""")


@dataclass(frozen=True, slots=True)
class Due:
    """A generation that came into force and was not looked at yet."""

    generation: int
    scheme: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OpenIncidents:
    """Incidents that were open at an instant.

    Attributes
    ----------
    lon, lat
        WGS84 degrees.
    held_by
        The grid that an earlier change left responsible; -1 where none did.
    """

    ids: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    held_by: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Moves:
    """What a change means for open incidents: one row each; `moves` where a grid that is no more has to let go."""

    incidents: NDArray[np.int64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    moves: NDArray[np.bool_]


def lock(connection: Connection, *, wait: bool = True) -> bool:
    """Let nobody else settle or answer until the transaction ends; tell whether that was possible."""
    if not wait:
        return bool(connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _SETTLING}))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SETTLING})
    return True


def due(connection: Connection, now: datetime) -> Due | None:
    """Find the first generation that came into force and was not looked at yet."""
    row = connection.execute(_DUE, {"now": now}).one_or_none()
    return None if row is None else Due(row.generation_id, row.scheme, row.at)


def open_at(connection: Connection, scheme: str, at: datetime) -> OpenIncidents:
    """Read the incidents that were open at an instant: reported before it, and not closed by then."""
    rows = connection.execute(text(_OPEN), {"scheme": scheme, "at": at}).all()
    found = np.array([tuple(row)[1:3] for row in rows], np.float64).reshape(-1, 2)
    return OpenIncidents(
        np.array([row[0] for row in rows], np.int64),
        np.ascontiguousarray(found[:, 0]),
        np.ascontiguousarray(found[:, 1]),
        np.array([row[3] for row in rows], np.int64),
    )


def record(connection: Connection, generation: int, rule: str, moves: Moves) -> None:
    """Write what a generation did to open incidents, and that it was looked at."""
    if len(moves.incidents):
        connection.execute(
            _RECORD,
            {
                "generation": generation,
                "rule": rule,
                "incidents": moves.incidents.tolist(),
                "before": moves.before.tolist(),
                "after": moves.after.tolist(),
                "moves": moves.moves.tolist(),
            },
        )
    connection.execute(_LOOKED, {"generation": generation, "incidents": len(moves.incidents)})


def answer(connection: Connection, changeover: int, given: Answered, actor: str, note: str) -> None:
    """Put an answer on record."""
    values = {"changeover": changeover, "answer": given, "actor": actor, "note": note}
    connection.execute(_NEW_ANSWER, values)


def get(connection: Connection, changeover: int) -> tuple[Changeover, bool]:
    """Read a changeover, and whether its incident is closed.

    Raises
    ------
    NotFoundError
        There is no such changeover.
    """
    row = connection.execute(text(f"{_ROWS} WHERE c.id = :id"), {"id": changeover}).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no changeover {changeover}")
    return _with_answers(connection, [row])[0], bool(row.closed)


def listing(
    connection: Connection,
    scheme: str,
    generation: int | None = None,
    *,
    only_open: bool = False,
    limit: int | None = None,
    after: int | None = None,
) -> list[Changeover]:
    """List changeovers in the order of their ids.

    Parameters
    ----------
    only_open
        Those that wait for an answer: asked, not answered, of incidents that are open and that no later change touched.
    after
        The id of the last one of the page before.
    """
    query = f"""
        SELECT * FROM ({_ROWS}
            WHERE s.key = :scheme AND (CAST(:generation AS bigint) IS NULL OR c.generation_id = :generation)
            AND (CAST(:after AS bigint) IS NULL OR c.id > :after)
            AND (NOT :only_open OR (
                c.rule = 'ask' AND c.to_grid_id IS NOT NULL AND i.state <> 'closed'
                AND c.id NOT IN (SELECT changeover_id FROM incident_changeover_answer)
            ))
        ) told WHERE NOT :only_open OR last ORDER BY id LIMIT :limit
    """  # noqa: S608 - our own text; what was asked travels as parameters
    values = {"scheme": scheme, "generation": generation, "only_open": only_open, "after": after, "limit": limit}
    return _with_answers(connection, connection.execute(text(query), values).all())


def of_incidents(
    connection: Connection, scheme: str, incidents: Sequence[int], at: datetime | None = None
) -> dict[int, list[Changeover]]:
    """Read the changeovers of incidents until an instant, now by default, in their order, with the answers of then."""
    query = f"""
        {_ROWS} WHERE s.key = :scheme AND c.incident_id = ANY(:incidents)
        AND (CAST(:at AS timestamptz) IS NULL OR came.at <= :at) ORDER BY c.id
    """
    rows = connection.execute(text(query), {"scheme": scheme, "incidents": list(incidents), "at": at}).all()
    found: dict[int, list[Changeover]] = {}
    for each in _with_answers(connection, rows, at):
        found.setdefault(each.incident, []).append(each)
    return found


def _with_answers(connection: Connection, rows: Sequence[Any], at: datetime | None = None) -> list[Changeover]:
    query = """
        SELECT changeover_id, answer, actor, note, answered_at FROM incident_changeover_answer
        WHERE changeover_id = ANY(:ids) AND (CAST(:at AS timestamptz) IS NULL OR answered_at <= :at) ORDER BY id
    """
    told: dict[int, list[Answer]] = {}
    if asked := [row.id for row in rows if row.rule == "ask"]:
        for each in connection.execute(text(query), {"ids": asked, "at": at}):
            one = Answer(each.answer, each.actor, each.note, each.answered_at)
            told.setdefault(each.changeover_id, []).append(one)
    return [
        Changeover(
            id=row.id,
            incident=row.incident_id,
            generation=row.generation_id,
            scheme=row.scheme,
            at=row.at,
            from_grid=row.from_grid_id,
            to_grid=row.to_grid_id,
            rule=row.rule,
            retired=row.retired,
            recorded_at=row.recorded_at,
            answers=tuple(told.get(row.id, ())),
            last=row.last,
        )
        for row in rows
    ]
