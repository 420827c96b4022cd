"""Plans in the store: their edits with what each made of the grids, their steps, and requests carried out before."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import shapely
from sqlalchemy import Connection, text

from gridmap.model.errors import ConflictError, NotFoundError
from gridmap.model.plans import Action, Plan, PlanEdit, PlanStep
from gridmap.spatial.drafts import Changes, DraftGrid

_COLUMNS = """
    p.id, s.key AS scheme, p.base_id, p.title, p.note, p.state, p.author, p.head, p.version, p.in_force_from,
    p.generation_id, p.created_at, p.changed_at,
    ARRAY(SELECT DISTINCT e.author FROM plan_edit e WHERE e.plan_id = p.id ORDER BY 1) AS drawers
"""
_CHANGEABLE = frozenset({"base_id", "title", "note", "state", "head", "in_force_from", "generation_id"})


def _plan(row: Any) -> Plan:  # noqa: ANN401 - a row of the query above
    return Plan(
        id=row.id,
        scheme=row.scheme,
        base=row.base_id,
        title=row.title,
        note=row.note,
        state=row.state,
        author=row.author,
        head=row.head,
        version=row.version,
        in_force_from=row.in_force_from,
        generation=row.generation_id,
        created_at=row.created_at,
        changed_at=row.changed_at,
        drawers=tuple(row.drawers),
    )


def add(connection: Connection, scheme: int, base: int, title: str, note: str, author: str) -> int:
    """Open a plan; give its id."""
    query = """
        INSERT INTO plan (scheme_id, base_id, title, note, author) VALUES (:scheme, :base, :title, :note, :author)
        RETURNING id
    """
    values = {"scheme": scheme, "base": base, "title": title, "note": note, "author": author}
    return int(connection.execute(text(query), values).scalar_one())


def get(connection: Connection, plan: int, *, lock: bool = False) -> Plan:
    """Read a plan; with `lock` nobody else changes it until the transaction ends.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    query = f"SELECT {_COLUMNS} FROM plan p JOIN scheme s ON s.id = p.scheme_id WHERE p.id = :id"  # noqa: S608 - ours
    row = connection.execute(text(query + (" FOR UPDATE OF p" if lock else "")), {"id": plan}).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no plan {plan}")
    return _plan(row)


def listing(connection: Connection, scheme: str | None, states: Sequence[str] | None) -> list[Plan]:
    """List plans, the one changed last first."""
    query = f"""
        SELECT {_COLUMNS} FROM plan p JOIN scheme s ON s.id = p.scheme_id
        WHERE (CAST(:scheme AS text) IS NULL OR s.key = :scheme)
        AND (CAST(:states AS text[]) IS NULL OR p.state = ANY(:states))
        ORDER BY p.changed_at DESC, p.id DESC LIMIT 1000
    """  # noqa: S608 - ours
    values = {"scheme": scheme, "states": None if states is None else list(states)}
    return [_plan(row) for row in connection.execute(text(query), values)]


def save(connection: Connection, plan: Plan, **values: Any) -> None:  # noqa: ANN401 - values of columns
    """Change columns of a plan as it was read.

    Raises
    ------
    ConflictError
        It was changed meanwhile.
    """
    if strange := values.keys() - _CHANGEABLE:
        raise AssertionError(f"columns {strange} of a plan are not changed")
    assignments = "".join(f"{name} = :{name}, " for name in values)
    query = f"""
        UPDATE plan SET {assignments} version = version + 1, changed_at = clock_timestamp()
        WHERE id = :id AND version = :version
    """  # noqa: S608 - names of the list above
    if not connection.execute(text(query), {**values, "id": plan.id, "version": plan.version}).rowcount:
        raise ConflictError(f"plan {plan.id} was changed meanwhile; read it again and repeat")


def note(
    connection: Connection, plan: int, action: Action, actor: str, said: str = "", data: dict[str, Any] | None = None
) -> None:
    """Put a step on record."""
    query = """
        INSERT INTO plan_step (plan_id, action, actor, at, note, data)
        VALUES (:plan, :action, :actor, clock_timestamp(), :note, CAST(:data AS jsonb))
    """
    packed = orjson.dumps(data or {}).decode()
    connection.execute(text(query), {"plan": plan, "action": action, "actor": actor, "note": said, "data": packed})


def steps(connection: Connection, plan: int) -> list[PlanStep]:
    """List what was done to a plan, the first first."""
    query = "SELECT action, actor, at, note, data FROM plan_step WHERE plan_id = :plan ORDER BY id"
    rows = connection.execute(text(query), {"plan": plan})
    return [PlanStep(row.action, row.actor, row.at, row.note, row.data) for row in rows]


def edits(connection: Connection, plan: int) -> dict[int, PlanEdit]:
    """Read all edits of a plan by number, those undone among them."""
    query = """
        SELECT number, prev, base_id, kind, given, author, made_at FROM plan_edit
        WHERE plan_id = :plan ORDER BY number
    """
    return {
        row.number: PlanEdit(row.number, row.prev, row.base_id, row.kind, row.given, row.author, row.made_at)
        for row in connection.execute(text(query), {"plan": plan})
    }


def changes(connection: Connection, plan: int, after: int | None = None) -> dict[int, Changes]:
    """Read what edits made of the grids, by the edits' numbers; of those after one where it is given."""
    query = """
        SELECT number, grid_id, retired, level, parent_id, code, name, ST_AsBinary(geom) AS wkb FROM plan_grid
        WHERE plan_id = :plan AND number > :after ORDER BY number, grid_id
    """
    found: dict[int, Changes] = {}
    for row in connection.execute(text(query), {"plan": plan, "after": after or 0}):
        outline = None if row.wkb is None else shapely.from_wkb(row.wkb)
        grid = DraftGrid(row.grid_id, row.level, row.parent_id, row.code, row.name, outline)
        found.setdefault(row.number, {})[row.grid_id] = None if row.retired else grid
    return found


def add_edit(
    connection: Connection, plan: Plan, prev: int | None, kind: str, given: dict[str, Any], author: str, made: Changes
) -> int:
    """Put an edit of a plan on record; give its number. The plan has to be locked."""
    number = int(
        connection.execute(
            text("UPDATE plan SET edits = edits + 1, version = version + 1 WHERE id = :id RETURNING edits"),
            {"id": plan.id},
        ).scalar_one()
    )
    query = """
        INSERT INTO plan_edit (plan_id, number, prev, base_id, kind, given, author)
        VALUES (:plan, :number, :prev, :base, :kind, CAST(:given AS jsonb), :author)
    """
    values = {"plan": plan.id, "number": number, "prev": prev, "base": plan.base, "kind": kind, "author": author}
    connection.execute(text(query), {**values, "given": orjson.dumps(given).decode()})
    rows = [_row(plan.id, number, grid, after) for grid, after in sorted(made.items())]
    if rows:
        connection.execute(
            text("""
                INSERT INTO plan_grid (plan_id, number, grid_id, retired, level, parent_id, code, name, geom)
                VALUES (:plan, :number, :grid, :retired, :level, :parent, :code, :name,
                        ST_GeomFromWKB(CAST(:wkb AS bytea), 4326))
            """),
            rows,
        )
    return number


def _row(plan: int, number: int, grid: int, after: DraftGrid | None) -> dict[str, Any]:
    return {
        "plan": plan,
        "number": number,
        "grid": grid,
        "retired": after is None,
        "level": after and after.level,
        "parent": after and after.parent,
        "code": after and after.code,
        "name": after and after.name,
        "wkb": None if after is None or after.outline is None else shapely.to_wkb(after.outline, byte_order=1),
    }


def new_ids(connection: Connection) -> Iterator[int]:
    """Give permanent ids that no grid has had, one after the other."""
    query = text("SELECT nextval(pg_get_serial_sequence('grid', 'id'))")
    while True:
        yield int(connection.execute(query).scalar_one())


def request_hash(body: object) -> bytes:
    """Tell requests apart by what they ask for: 16 bytes."""
    return hashlib.blake2b(orjson.dumps(body, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


def answered(connection: Connection, actor: str, key: str, body: object) -> dict[str, Any] | None:
    """Find the answer to a request that was carried out before; None where it was not.

    Two requests with the same key at once take turns.

    Raises
    ------
    ConflictError
        The key was another request's.
    """
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
    connection.execute(lock, {"key": f"{actor}\n{key}"})
    query = "SELECT hash, answer FROM request WHERE actor = :actor AND key = :key"
    row = connection.execute(text(query), {"actor": actor, "key": key}).one_or_none()
    if row is None:
        return None
    if bytes(row.hash) != request_hash(body):
        raise ConflictError("this idempotency key was another request's; give each request its own")
    answer: dict[str, Any] = row.answer
    return answer


def remember(connection: Connection, actor: str, key: str, body: object, answer: dict[str, Any]) -> None:
    """Keep the answer to a request that is carried out in this transaction."""
    query = "INSERT INTO request (actor, key, hash, answer) VALUES (:actor, :key, :hash, CAST(:answer AS jsonb))"
    packed = orjson.dumps(answer).decode()
    connection.execute(text(query), {"actor": actor, "key": key, "hash": request_hash(body), "answer": packed})
