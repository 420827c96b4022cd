"""What must hold of the rows of a database, each as a query for what breaks it."""

from sqlalchemy import Connection, text

_MOST = 20

_QUERIES = {
    "each scheme with lines has one pointer to its newest generation": """
        SELECT 'scheme ' || s.key FROM scheme s
        WHERE EXISTS (SELECT 1 FROM generation g WHERE g.scheme_id = s.id)
        AND (SELECT p.generation_id FROM pointer p WHERE p.scheme_id = s.id)
            IS DISTINCT FROM (
                SELECT max(g.id) FROM generation g WHERE g.scheme_id = s.id
                AND NOT EXISTS (SELECT 1 FROM plan p WHERE p.generation_id = g.id AND p.state = 'cancelled')
            )
    """,
    "one generation at a time is in force": """
        SELECT 'validities ' || a.id || ' and ' || b.id FROM generation_validity a
        JOIN generation_validity b ON a.id < b.id AND a.scheme_id = b.scheme_id
        AND a.in_force && b.in_force AND a.recorded && b.recorded
    """,
    "every generation is whole": """
        SELECT 'generation ' || g.id FROM generation g
        WHERE g.grids <> (SELECT count(*) FROM generation_grid m WHERE m.generation_id = g.id)
    """,
    "every outline is valid and on the lattice": """
        SELECT 'outline ' || id FROM grid_shape
        WHERE NOT ST_IsValid(geom)
        OR EXISTS (
            SELECT 1 FROM ST_DumpPoints(geom) AS d
            WHERE abs(ST_X(d.geom) * 1e7 - round(ST_X(d.geom) * 1e7)) > 1e-5
            OR abs(ST_Y(d.geom) * 1e7 - round(ST_Y(d.geom) * 1e7)) > 1e-5
        )
    """,
    "a code is one grid's": """
        SELECT 'code ' || code FROM generation_grid WHERE code IS NOT NULL
        GROUP BY scheme_id, code HAVING count(DISTINCT grid_id) > 1
    """,
    "a parent is on a level above": """
        SELECT 'grid ' || m.grid_id || ' of generation ' || m.generation_id FROM generation_grid m
        JOIN generation_grid up ON (up.generation_id, up.grid_id) = (m.generation_id, m.parent_id)
        JOIN level l ON (l.scheme_id, l.key) = (m.scheme_id, m.level)
        JOIN level above ON (above.scheme_id, above.key) = (up.scheme_id, up.level)
        WHERE above.rank >= l.rank
    """,
    "an exclusive post has one holder at a time": """
        SELECT 'assignments ' || a.id || ' and ' || b.id FROM assignment a
        JOIN assignment b ON a.id < b.id AND a.post_id = b.post_id AND a.during && b.during
        WHERE a.exclusive
    """,
    "a plan's edits follow each other on one base": """
        SELECT 'edit ' || e.number || ' of plan ' || e.plan_id FROM plan_edit e
        JOIN plan_edit before ON (before.plan_id, before.number) = (e.plan_id, e.prev)
        WHERE before.base_id <> e.base_id
        UNION ALL
        SELECT 'plan ' || p.id FROM plan p JOIN plan_edit e ON (e.plan_id, e.number) = (p.id, p.head)
        WHERE e.base_id <> p.base_id
    """,
    "what a change of lines did to incidents is whole": """
        SELECT 'generation ' || d.generation_id FROM generation_changeover d
        WHERE d.incidents <> (SELECT count(*) FROM incident_changeover c WHERE c.generation_id = d.generation_id)
        UNION ALL
        SELECT 'changeover ' || c.id FROM incident_changeover c
        WHERE c.generation_id NOT IN (SELECT generation_id FROM generation_changeover)
    """,
    "an incident moves between grids of its lines": """
        SELECT 'changeover ' || c.id FROM incident_changeover c
        WHERE c.to_grid_id = c.from_grid_id
        OR (c.to_grid_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM generation_grid m WHERE (m.generation_id, m.grid_id) = (c.generation_id, c.to_grid_id)
        ))
    """,
    "only what was asked is answered": """
        SELECT 'answer ' || a.id || ' to changeover ' || c.id FROM incident_changeover_answer a
        JOIN incident_changeover c ON c.id = a.changeover_id
        WHERE c.rule <> 'ask' OR (a.answer = 'move' AND c.to_grid_id IS NULL)
    """,
    "places and incidents have a shape that can be drawn": """
        SELECT 'place ' || id FROM place WHERE ST_IsEmpty(geom) OR NOT ST_IsValid(geom)
        UNION ALL SELECT 'incident ' || id FROM incident WHERE ST_IsEmpty(geom)
    """,
}


def run(connection: Connection) -> dict[str, list[str]]:
    """Run every query; give by invariant what breaks it, the first few of each."""
    return {
        name: [str(row[0]) for row in connection.execute(text(f"{query} LIMIT {_MOST}"))]
        for name, query in _QUERIES.items()
    }
