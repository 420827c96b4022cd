"""The private PostGIS: a PostgreSQL cluster of gridmap's own, in its data folder, on a unix socket.

`Cluster` is the embedded default when no database address is set. Any number of processes may start it at once; the
first makes and starts it, the others join. It goes on running for the others when a process ends, and only `stop`
ends it. After a kill -9, of it or of whoever started it, the next `start` brings it back.

Below the data folder::

    postgres/        belongs to the server's user, mode 0700
      data/          PostgreSQL's own
      run/           the socket (elsewhere where this path is too long for a socket)
      log/           a file a weekday, and start.log
      access/        who may connect
      lock           held while starting or stopping

Who may connect: the socket's folder is open to the server's user and root alone, and the server also asks the
kernel who is at the other end (``peer``) and lets in just these two. No password to keep, no port to guard.
"""

import fcntl
import hashlib
import os
import pwd
import re
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from gridmap.model.errors import SetupError, UnavailableError
from gridmap.store import _server_user as server_user
from gridmap.store._postgres_programs import Programs, find_programs
from gridmap.store._postmaster import Postmaster, read_pid, read_postmaster
from gridmap.store._server_settings import SETTINGS

OWNER = "gridmap"
EXTENSIONS = ("postgis", "pg_trgm", "btree_gist")

# sun_path is 108 bytes with its closing NUL; PostgreSQL appends this name
_SOCKET = "/.s.PGSQL.5432"
_LONGEST_SOCKET = 107
_UNQUOTABLE = frozenset('"$`\\')  # pg_ctl puts the path between double quotes before a shell
_RECOVERY_SECONDS = 300  # how long a living server may take to come up: it may have much to replay after a kill
_RETRY_SECONDS = 20.0  # how long to try again when it goes down at once: a killed one's backends take a moment to go
_STOP_SECONDS = 60
_LATCH = 0x67726964  # "grid": one key for the advisory lock around making a database


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """What is known of a cluster without starting it.

    Attributes
    ----------
    state
        ``absent`` (never made), ``stopped``, ``starting`` (also: recovering) or ``running``.
    pid
        The postmaster's process id while there is one.
    data_dir
        gridmap's data folder.
    socket_dir
        The folder of the unix socket.
    log_dir
        The folder of the server's log.
    user
        The operating system's user as whom the server runs.
    version
        The server's version, such as ``15.18``, while it answers.
    """

    state: str
    pid: int | None
    data_dir: Path
    socket_dir: Path
    log_dir: Path
    user: str
    version: str | None

    @property
    def running(self) -> bool:
        """True while the server answers."""
        return self.state == "running"


def default_data_dir() -> Path:
    """Choose the data folder where no setting names one.

    Returns
    -------
    Path
        ``/var/lib/gridmap`` for root, else ``gridmap`` in the XDG data home.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/gridmap")
    home = os.environ.get("XDG_DATA_HOME", "")
    # the XDG rule: a relative path is to be ignored
    return (Path(home) if home.startswith("/") else Path.home() / ".local/share") / "gridmap"


class Cluster:
    """One private PostgreSQL with PostGIS.

    Parameters
    ----------
    data_dir
        gridmap's data folder; made when it is missing.
    settings
        Server settings that replace the built-in ones, such as ``{"shared_buffers": "1GB"}``; they count from the
        next start of the server.

    Raises
    ------
    SetupError
        The path holds a character that PostgreSQL's programs cannot quote.
    """

    def __init__(self, data_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        self.data_dir = Path(data_dir).absolute()
        if _UNQUOTABLE & set(str(self.data_dir)):
            raise SetupError(
                f"the path of the data folder holds one of {' '.join(sorted(_UNQUOTABLE))}: choose another"
            )
        self._home = self.data_dir / "postgres"
        self._data = self._home / "data"
        self._settings = {**SETTINGS, **(settings or {})}

    @property
    def socket_dir(self) -> Path:
        """The folder of the unix socket, short enough for the kernel."""
        near = self._home / "run"
        if len(os.fsencode(near)) + len(_SOCKET) <= _LONGEST_SOCKET:
            return near
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]
        return Path("/tmp") / f"gridmap-{digest}"  # noqa: S108 - its owner is checked before it is used

    def url(self, database: str) -> str:
        """Address of a database for SQLAlchemy with psycopg.

        Parameters
        ----------
        database
            Its name; it need not exist yet.
        """
        host = quote(str(self.socket_dir), safe="/")
        return f"postgresql+psycopg://{OWNER}@/{quote(database, safe='')}?host={host}"

    def start(self) -> None:
        """Start the server, or join the one that runs; make the cluster at the first call.

        Raises
        ------
        SetupError
            PostgreSQL or PostGIS is missing, or the data folder cannot be used; the text says how to mend it.
        UnavailableError
            The server did not come up; the text quotes its log.
        """
        user = server_user.choose(self._home)
        if self._answers():
            return
        programs = find_programs(self._roots(), self._made_by())
        server_user.make_folder(self.data_dir, self._home, user)
        with self._lock(user) as lock:
            self._initialise(programs, user, lock)
            self._write_access(user)
            self._bring_up(programs, user)

    def stop(self) -> None:
        """Stop the server for everyone; open transactions are rolled back. Does nothing when none runs.

        Raises
        ------
        UnavailableError
            The server was still there after a minute.
        """
        if not self._data.is_dir():
            return
        user = server_user.choose(self._home)
        with self._lock(user):
            if self._postmaster(user) is None:
                return
            programs = find_programs(self._roots(), self._made_by())
            for mode in ("fast", "immediate"):
                done = self._pg_ctl(programs, user, "stop", "-m", mode, "-w", "-t", str(_STOP_SECONDS))
                if done.returncode == 0 or self._postmaster(user) is None:
                    return
        raise UnavailableError(f"PostgreSQL in {self._data} did not stop; see {self._home / 'log'}")

    def status(self) -> ClusterStatus:
        """Say how the cluster is, changing nothing."""
        user = server_user.choose(self._home)
        version = self._answers()
        postmaster = self._postmaster(user)
        if version:
            state = "running"
        elif postmaster:
            state = "starting"
        else:
            state = "stopped" if self._data.is_dir() else "absent"
        return ClusterStatus(
            state=state,
            pid=postmaster.pid if postmaster else None,
            data_dir=self.data_dir,
            socket_dir=self.socket_dir,
            log_dir=self._home / "log",
            user=user.pw_name,
            version=version,
        )

    def ensure_database(self, name: str) -> None:
        """Make a database with the extensions gridmap needs, unless it is there.

        UTF-8 with the C.UTF-8 locale, whatever the machine's: under plain C pg_trgm would drop all Chinese.

        Parameters
        ----------
        name
            Lower-case letters, digits and underscores, at most 63.

        Raises
        ------
        ValueError
            Another kind of name.
        UnavailableError
            The server does not run.
        """
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name):
            raise ValueError(f"not a database name: {name!r}")
        with self._connect("postgres") as maintenance:
            maintenance.execute("SELECT pg_advisory_lock(%s)", [_LATCH])
            there = maintenance.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if there is None:
                maintenance.execute(
                    sql.SQL(
                        "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
                    ).format(sql.Identifier(name))
                )
            with self._connect(name) as database:
                for extension in EXTENSIONS:
                    # asking first: IF NOT EXISTS alone would send a notice each time
                    held = "SELECT 1 FROM pg_extension WHERE extname = %s"
                    if database.execute(held, [extension]).fetchone() is None:
                        database.execute(sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(extension)))

    def has_database(self, name: str) -> bool:
        """Tell whether a database is there.

        Raises
        ------
        UnavailableError
            The server does not run.
        """
        with self._connect("postgres") as maintenance:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            return maintenance.execute(query, [name]).fetchone() is not None

    def _connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        host = str(self.socket_dir)
        try:
            return psycopg.connect(host=host, user=OWNER, dbname=database, autocommit=True, connect_timeout=5)
        except psycopg.OperationalError as error:
            raise UnavailableError(f"the private PostgreSQL in {self._home} does not answer: start it first") from error

    def _answers(self) -> str | None:
        """Version of the server when it takes a connection now, else None."""
        try:
            if not (self.socket_dir / _SOCKET[1:]).exists():
                return None
            with self._connect("postgres") as connection:
                return str(connection.info.parameter_status("server_version")).split()[0]
        except (UnavailableError, PermissionError):
            return None

    def _roots(self) -> list[Path]:
        return [Path("/"), self.data_dir / "system", default_data_dir() / "system"]

    def _made_by(self) -> int | None:
        """Major version that made the data folder, None when there is none yet."""
        try:
            return int((self._data / "PG_VERSION").read_text(encoding="ascii"))
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise server_user.foreign(self._home) from error

    def _postmaster(self, user: pwd.struct_passwd) -> Postmaster | None:
        return read_postmaster(self._data, user.pw_uid)

    @contextmanager
    def _lock(self, user: pwd.struct_passwd) -> Iterator[int]:
        """Let one process at a time start or stop; the kernel drops the lock of one that dies."""
        handle = server_user.open_lock(self._home / "lock", user)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle
        finally:
            os.close(handle)

    def _initialise(self, programs: Programs, user: pwd.struct_passwd, lock: int) -> None:
        """Make the data folder, all or nothing: under another name first, so that a kill leaves no half of one.

        ``initdb`` outlives a killed caller. It inherits the lock, so that the next caller waits for its end.
        """
        if self._data.is_dir():
            return
        fresh = self._home / "data.new"
        self._run(user, "/bin/rm", "-rf", str(fresh), environment={})
        done = self._run(
            user,
            str(programs.bin / "initdb"),
            f"--pgdata={fresh}",
            f"--username={OWNER}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--auth=peer",
            "--data-checksums",
            environment=programs.environment,
            inherit=(lock,),
        )
        if done.returncode == 0:
            done = self._run(user, "/bin/mv", "-T", str(fresh), str(self._data), environment={})
        if done.returncode != 0:
            raise SetupError(f"cannot make a database cluster in {self._home}: {_last_line(done.stdout)}")

    def _write_access(self, user: pwd.struct_passwd) -> None:
        """Write who may connect, and make the folders the server expects."""
        hba = "local all all peer map=gridmap\n"
        names = dict.fromkeys([user.pw_name, "root"])
        ident = "".join(f'gridmap "{name}" {OWNER}\n' for name in names)
        # run by the server's user: root writes nothing into a folder that somebody else could fill with links
        script = (
            'umask 077 && mkdir -p "$1/log" "$1/access" "$2" && chmod 700 "$2" && test -O "$2" && test ! -L "$2"'
            ' && printf %s "$3" >"$1/access/hba.new" && mv -T "$1/access/hba.new" "$1/access/hba"'
            ' && printf %s "$4" >"$1/access/ident.new" && mv -T "$1/access/ident.new" "$1/access/ident"'
        )
        arguments = ["-c", script, "sh", str(self._home), str(self.socket_dir), hba, ident]
        done = self._run(user, "/bin/sh", *arguments, environment={})
        if done.returncode != 0:
            raise SetupError(
                f"{user.pw_name} cannot write to {self._home} or {self.socket_dir}: {_last_line(done.stdout)}"
            )

    def _bring_up(self, programs: Programs, user: pwd.struct_passwd) -> None:
        """Start the server and wait until it answers; try again while a killed one's leftovers go."""
        begun = time.monotonic()
        while not self._answers():
            postmaster = self._postmaster(user)
            if postmaster is None:
                self._sweep(user)
                log = str(self._home / "log/start.log")
                wait = ["-w", "-t", str(_RECOVERY_SECONDS)]
                self._pg_ctl(programs, user, "start", *wait, "-l", log, *self._options())
            elif postmaster.ready and not (self.socket_dir / _SOCKET[1:]).exists():
                # somebody swept the socket away, and nobody can reach the server again
                self._pg_ctl(programs, user, "stop", "-m", "fast", "-w", "-t", str(_STOP_SECONDS))
            patience = _RETRY_SECONDS if self._postmaster(user) is None else _RECOVERY_SECONDS
            if time.monotonic() - begun > patience and not self._answers():
                raise UnavailableError(f"PostgreSQL does not come up: {self._last_words(user)}")
            time.sleep(0.1)

    def _sweep(self, user: pwd.struct_passwd) -> None:
        """Remove a dead server's pid files when their number has gone to another process.

        PostgreSQL takes such a process of the same user for itself and refuses to start for as long as it lives.
        In all other cases it sweeps by itself, and more carefully. Called under the lock when no server lives here.
        """
        pid = read_pid(self._data / "postmaster.pid")
        if pid is not None and Path("/proc", str(pid)).exists():
            stale = [self._data / "postmaster.pid", self.socket_dir / f"{_SOCKET[1:]}.lock"]
            self._run(user, "/bin/rm", "-f", *map(str, stale), environment={})

    def _options(self) -> list[str]:
        settings = {
            **self._settings,
            "unix_socket_directories": str(self.socket_dir),
            "hba_file": str(self._home / "access/hba"),
            "ident_file": str(self._home / "access/ident"),
            "log_directory": str(self._home / "log"),
        }
        # pg_ctl hands this one string to a shell
        return ["-o", " ".join(f"-c {shlex.quote(f'{key}={value}')}" for key, value in settings.items())]

    def _pg_ctl(self, programs: Programs, user: pwd.struct_passwd, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(programs.bin / "pg_ctl"), *words, "-D", str(self._data)]
        return self._run(user, *command, environment=programs.environment)

    def _run(
        self,
        user: pwd.struct_passwd,
        *command: str,
        environment: Mapping[str, str],
        inherit: tuple[int, ...] = (),
    ) -> subprocess.CompletedProcess[str]:
        return server_user.run(user, list(command), environment, inherit)

    def _last_words(self, user: pwd.struct_passwd) -> str:
        """Return the last line of the server's log, or say where to look."""
        newest = 'cd "$1" && test -n "$(ls)" && tail -n 1 -- "$(ls -t | head -n 1)"'
        done = self._run(user, "/bin/sh", "-c", newest, "sh", str(self._home / "log"), environment={})
        return f"{_last_line(done.stdout)} (log: {self._home / 'log'})"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
