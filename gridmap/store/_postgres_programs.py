"""Where the programs of PostgreSQL are, and what they need to run.

They come from the system's packages, or, where nobody may install packages, from the same packages unpacked under
``<data folder>/system`` by ``make setup``.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from gridmap.model.errors import SetupError

OLDEST = 15
_PROGRAMS = ("initdb", "pg_ctl", "postgres")
_MEND = "run `make setup`, or as root: apt-get install postgresql-15-postgis-3 (PostgreSQL 15 or newer)"


@dataclass(frozen=True, slots=True)
class Programs:
    """One installed PostgreSQL with PostGIS.

    Attributes
    ----------
    bin
        The folder with ``postgres``, ``initdb`` and ``pg_ctl``.
    major
        The major version, such as 15.
    environment
        What must be added to the environment for unpacked packages; empty for installed ones.
    """

    bin: Path
    major: int
    environment: dict[str, str] = field(default_factory=dict)


def find_programs(roots: list[Path], major: int | None = None) -> Programs:
    """Find PostgreSQL with PostGIS.

    Parameters
    ----------
    roots
        Folders that hold a ``usr/lib/postgresql``, in order of preference; ``/`` is the system.
    major
        The version that an existing data folder needs; None takes the newest.

    Returns
    -------
    Programs
        The newest fitting version of the first root that has one.

    Raises
    ------
    SetupError
        There is none; the text says how to mend it.
    """
    without_postgis: list[int] = []
    seen: set[int] = set()
    for root in roots:
        for version, folder in _versions(root):
            if not all(os.access(folder / "bin" / name, os.X_OK) for name in _PROGRAMS):
                continue
            if not _has_postgis(root, version):
                without_postgis.append(version)
                continue
            seen.add(version)
            if major in (None, version):
                return Programs(folder / "bin", version, _environment(root))
    if major is not None and seen:
        have = ", ".join(map(str, sorted(seen)))
        raise SetupError(
            f"the data folder was made by PostgreSQL {major}, but this machine has {have}: as root,"
            f" apt-get install postgresql-{major}-postgis-3; or back up under {major} and restore into a new folder"
        )
    if without_postgis:
        newest = max(without_postgis)
        raise SetupError(
            f"PostgreSQL {newest} is here without PostGIS:"
            f" run `make setup`, or as root: apt-get install postgresql-{newest}-postgis-3"
        )
    raise SetupError(f"PostgreSQL with PostGIS is missing: {_MEND}")


def _versions(root: Path) -> list[tuple[int, Path]]:
    """List the versions below one root that are new enough, newest first."""
    folder = root / "usr/lib/postgresql"
    if not folder.is_dir():
        return []
    found = [(int(p.name), p) for p in folder.iterdir() if re.fullmatch(r"\d+", p.name)]
    return sorted((pair for pair in found if pair[0] >= OLDEST), reverse=True)


def _has_postgis(root: Path, major: int) -> bool:
    """Tell whether the extension's control file stands where the server looks for it."""
    return (root / f"usr/share/postgresql/{major}/extension/postgis.control").exists()


def _environment(root: Path) -> dict[str, str]:
    """Say where unpacked programs find their libraries and PROJ its tables."""
    if root == Path("/"):
        return {}
    libraries = [p for p in sorted((root / "usr/lib").glob("*-linux-gnu*")) if p.is_dir()]
    # Debian keeps BLAS and LAPACK, which GDAL wants, one folder deeper and links them in an install script
    deeper = [p / name for p in libraries for name in ("blas", "lapack") if (p / name).is_dir()]
    plain = [root / "usr/lib", *sorted((root / "lib").glob("*-linux-gnu*"))]
    return {
        "LD_LIBRARY_PATH": ":".join(map(str, [*libraries, *deeper, *plain])),
        "PROJ_LIB": str(root / "usr/share/proj"),
        "PROJ_DATA": str(root / "usr/share/proj"),
        "GDAL_DATA": str(root / "usr/share/gdal"),
    }
