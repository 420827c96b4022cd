"""People for the town of squares; their telephone numbers must never be seen whole."""

import pandas as pd

from gridmap.store import posts

SINCE = pd.Timestamp("2020-01-01", tz="UTC")
PHONE = "13800001234"
MASKED = "138****1234"


def staff(database, subjects, held, absences=()):
    """Write a chief of each subject.

    Parameters
    ----------
    subjects
        Id by name; ``building:…`` for a building, else a grid.
    held
        Names of the subjects whose post somebody holds, ``chief of <name>``.
    absences
        (name, start, end, reason).
    """
    ever = {"start": SINCE, "end": pd.NaT}
    rows = [
        {
            "key": f"post-{name}",
            "kind": "chief",
            "rank": 1,
            "subject_kind": "building" if name.startswith("building:") else "grid",
            "subject": subject,
            "title_zh": f"{name}长",
            "title_en": f"chief of {name}",
            "exclusive": True,
        }
        for name, subject in subjects.items()
    ]
    people = [{"key": f"p-{name}", "kind": "person", "name": f"人{name}", "phone": PHONE} for name in held]
    given = [{"post": f"post-{name}", "holder": f"p-{name}", **ever} for name in held]
    away = [{"holder": f"p-{n}", "start": start, "end": end, "reason": reason} for n, start, end, reason in absences]
    with database.write() as connection:
        posts.write(
            connection,
            pd.DataFrame(rows),
            pd.DataFrame(people, columns=["key", "kind", "name", "phone"]),
            pd.DataFrame(given, columns=["post", "holder", "start", "end"]),
            pd.DataFrame(away, columns=["holder", "start", "end", "reason"]),
        )
