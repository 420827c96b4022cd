"""Reading instants: RFC 3339 with an offset, never without."""

from datetime import datetime

from gridmap.model.errors import InputError


def parse_instant(text: str, place: str) -> datetime:
    """Read ``2026-03-01T08:00:00+08:00``.

    Raises
    ------
    InputError
        Not such a time, or without an offset; `place` names the parameter.
    """
    mend = "write 2026-03-01T08:00:00+08:00"
    try:
        # A plus sign in an address bar arrives as a blank.
        instant = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text.strip())
    except ValueError:
        raise InputError.of(place, f"{text[:40]!r} is not a time", mend, "time") from None
    if instant.tzinfo is None:
        raise InputError.of(place, f"{text[:40]!r} has no offset from UTC", mend, "time")
    return instant
