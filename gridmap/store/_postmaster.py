"""What the pid file of a PostgreSQL server says, and whether that server lives.

A pid file alone proves nothing: after a kill -9 it stays behind, and its number may since have gone to any other
process. It counts only when a PostgreSQL process of the right user works in that very folder.
"""

import os
from dataclasses import dataclass
from pathlib import Path

_STATUS_LINE = 7  # counted from 0; see LOCK_FILE_LINE_PM_STATUS in PostgreSQL's miscadmin.h
_PROCESS_NAMES = frozenset({"postgres", "postmaster"})


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A living server.

    Attributes
    ----------
    pid
        Its process number; that of a backend when the postmaster itself is dead and a backend lives on.
    ready
        True when it says that it takes connections.
    """

    pid: int
    ready: bool


def read_postmaster(data: Path, uid: int) -> Postmaster | None:
    """Find the server of a data folder.

    Parameters
    ----------
    data
        PostgreSQL's data folder.
    uid
        Number of the user as whom the server would run.

    Returns
    -------
    Postmaster or None
        None when no process of that server lives, whatever files it left.
    """
    pid = read_pid(data / "postmaster.pid")
    if pid is not None and _works_in(pid, data, uid):
        return Postmaster(pid, ready=_status(data) == "ready")
    # backends outlive a killed postmaster by a moment; two servers on one folder would ruin it
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _works_in(int(entry.name), data, uid):
            return Postmaster(int(entry.name), ready=False)
    return None


def read_pid(path: Path) -> int | None:
    """Read the process number at the head of a pid file; None when there is none."""
    lines = _lines(path)
    return int(lines[0]) if lines and lines[0].strip().isdigit() else None


def _status(data: Path) -> str:
    lines = _lines(data / "postmaster.pid")
    return lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else ""


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _works_in(pid: int, data: Path, uid: int) -> bool:
    """Tell whether a process is a PostgreSQL process of this folder."""
    process = Path("/proc") / str(pid)
    try:
        if process.stat().st_uid != uid:
            return False
        if (process / "comm").read_text(encoding="utf-8", errors="replace").strip() not in _PROCESS_NAMES:
            return False
    except OSError:
        return False
    try:
        return os.path.samestat((process / "cwd").stat(), data.stat())
    except PermissionError:
        # root without the right to look into others' processes, as in some containers: the postmaster is known by
        # its command line
        return str(data).encode() in _command_line(process)
    except OSError:
        return False


def _command_line(process: Path) -> list[bytes]:
    try:
        return (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
