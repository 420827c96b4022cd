"""As whom the private server runs, and how work is done in that user's name.

PostgreSQL refuses to run as root. Root therefore hands it to an ordinary user, who owns the server's folder;
anybody else runs it in their own name. Root never writes into that folder itself, since its owner could have put
links there.
"""

import os
import pwd
import subprocess
from collections.abc import Mapping
from pathlib import Path

from gridmap.model.errors import SetupError

_CANDIDATES = ("postgres", "nobody")


def choose(home: Path) -> pwd.struct_passwd:
    """Choose the server's user.

    Parameters
    ----------
    home
        The server's folder, which need not exist.

    Returns
    -------
    pwd.struct_passwd
        The caller, unless the caller is root: then the owner of the folder, or of the data folder above it, or the
        ``postgres`` of the system's packages.

    Raises
    ------
    SetupError
        The folder belongs to somebody else, or no ordinary user can be had.
    """
    owner = next((p.stat().st_uid for p in (home, home.parent) if p.exists() and p.stat().st_uid != 0), None)
    caller = os.geteuid()
    if caller != 0:
        if home.exists() and home.stat().st_uid != caller:
            raise foreign(home)
        return _account(caller)
    if owner is not None:
        return _account(owner)
    for name in _CANDIDATES:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SetupError("PostgreSQL cannot run as root and there is no ordinary user: useradd --system postgres")


def foreign(home: Path) -> SetupError:
    """Make the error for a folder that somebody else owns."""
    return SetupError(
        f"{home} belongs to another user: run as that user or root, or set GRIDMAP_DATA_DIR to a folder of your own"
    )


def make_folder(data_dir: Path, home: Path, user: pwd.struct_passwd) -> None:
    """Make the data folder and the server's folder in it, the latter owned by the server's user, mode 0700.

    Raises
    ------
    SetupError
        It cannot be made, or the server's user cannot get at it.
    """
    try:
        data_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
        if not home.exists():
            home.mkdir(mode=0o700, exist_ok=True)
            if os.geteuid() == 0:
                os.chown(home, user.pw_uid, user.pw_gid, follow_symlinks=False)
    except OSError as error:
        raise SetupError(
            f"cannot make the data folder {home}: {error.strerror};"
            " set GRIDMAP_DATA_DIR to a folder that you can write to"
        ) from error
    if run(user, ["/bin/sh", "-c", 'cd "$1" && test -w .', "sh", str(home)], {}).returncode != 0:
        raise SetupError(
            f"the user {user.pw_name}, as whom PostgreSQL runs, cannot get into {home}:"
            " set GRIDMAP_DATA_DIR to a folder outside private homes, such as /var/lib/gridmap"
        )


def open_lock(path: Path, user: pwd.struct_passwd) -> int:
    """Open the lock file, making it for the server's user when it is missing; return the file handle."""
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        handle = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, flags)
    except PermissionError as error:
        raise foreign(path.parent) from error
    if os.geteuid() == 0:
        os.fchown(handle, user.pw_uid, user.pw_gid)
    return handle


def run(
    user: pwd.struct_passwd,
    command: list[str],
    environment: Mapping[str, str],
    inherit: tuple[int, ...] = (),
) -> subprocess.CompletedProcess[str]:
    """Run a command in the name of the server's user, with nothing of the caller's environment.

    Parameters
    ----------
    user, command, environment
        As whom, what, and with which variables.
    inherit
        Handles of open files that the command keeps open.

    Returns
    -------
    subprocess.CompletedProcess
        ``stdout`` holds what it said on both streams.
    """
    clean = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/", **environment}
    as_root = os.geteuid() == 0
    return subprocess.run(  # noqa: S603 - fixed programs, no shell around them
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd="/",
        env=clean,
        user=user.pw_uid if as_root else None,
        group=user.pw_gid if as_root else None,
        extra_groups=[] if as_root else None,
        umask=0o077,
        pass_fds=inherit,
    )


def _account(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise SetupError(
            f"the user number {uid} has no name, and PostgreSQL wants one: add it to /etc/passwd"
        ) from None
