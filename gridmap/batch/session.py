"""A Spark session for one job: what it needs is looked for first, it is quiet, and it keeps to this machine if local.

Spark is given an environment of its own: its Python workers are this Python, so that they find gridmap; with a local
master all of it listens on the loopback address only, with a secret; and what Java says goes to a file.
"""

import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from gridmap.model.errors import InputError, SetupError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OLDEST_SPARK, OLDEST_JAVA = 4, 17

# Told nothing, each executor's Java takes the machine for its own, and they collect garbage in each other's way.
_CLUSTER = re.compile(r"local-cluster\[\d+,(\d+),")
_MASTER = re.compile(r"local(\[.+\])?|local-cluster\[.+\]|yarn|(spark|k8s)://.+")
_NAMING = re.compile(r"\[[A-Z_.0-9]+\]|[\w.$]*(Error|Exception)\b")
_LOOPBACK = "127.0.0.1"
_ROWS_A_BATCH = 1 << 16  # of Arrow, between Java and Python
_QUIET: dict[str, bool | float | int | str | None] = {
    "spark.app.name": "gridmap",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
_LOCAL: dict[str, bool | float | int | str | None] = {
    "spark.driver.host": _LOOPBACK,
    "spark.driver.bindAddress": _LOOPBACK,
    "spark.authenticate": "true",
    # tasks of some seconds, so that all cores end at about the same time and progress is seen
    "spark.sql.files.maxPartitionBytes": "32m",
}
_JOB: dict[str, bool | float | int | str | None] = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(_ROWS_A_BATCH),
    # "Status" of the rows is not "status" of ours
    "spark.sql.caseSensitive": "true",
    # what a task wrote is moved to its place when all are done, not before
    "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "1",
}


def refuse_setup() -> None:
    """Refuse to begin without pyspark and a Java that are new enough.

    Raises
    ------
    SetupError
        One of them is missing or too old; the text says how to get it.
    """
    mend = f'pip install "gridmap[spark]" brings pyspark {OLDEST_SPARK} or newer'
    try:
        found = version("pyspark")
    except PackageNotFoundError:
        raise SetupError(f"--engine spark needs pyspark, which is not installed: {mend}") from None
    if int(found.partition(".")[0]) < OLDEST_SPARK:
        raise SetupError(f"--engine spark needs pyspark {OLDEST_SPARK} or newer, and {found} is installed: {mend}")
    mend = f"install Java {OLDEST_JAVA} or newer (Debian: openjdk-{OLDEST_JAVA}-jre-headless), or let JAVA_HOME name it"
    java = _java()
    if java is None:
        raise SetupError(f"--engine spark needs Java, which was not found: {mend}")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603 - ours
    number = re.search(r'version "(?:1\.)?(\d+)', said)
    if number is None or int(number[1]) < OLDEST_JAVA:
        told = f"is {number[1]}" if number else "does not say its version"
        raise SetupError(f"--engine spark needs Java {OLDEST_JAVA} or newer, and {java} {told}: {mend}")


def _java() -> str | None:
    home = os.environ.get("JAVA_HOME")
    if home:
        return shutil.which("java", path=Path(home) / "bin")
    return shutil.which("java")


def is_local(master: str) -> bool:
    """Tell whether a master is this machine: ``local``, ``local[4]``, ``local-cluster[2,1,1024]``."""
    return master.startswith("local")


@contextmanager
def session(master: str, folder: Path) -> Iterator["SparkSession"]:
    """Open Spark, and stop it at the end.

    Parameters
    ----------
    master
        As Spark names it: ``local[*]``, ``local-cluster[2,1,1024]``, ``spark://…``, ``yarn``, ``k8s://…``.
    folder
        For its scratch files; what Java says is in ``spark.log`` there.

    Raises
    ------
    InputError
        There is no such kind of master.
    SetupError
        pyspark or Java is missing or too old, or Spark does not start.
    """
    if not _MASTER.fullmatch(master):
        known = "local[*], local[2], spark://…, yarn or k8s://…"
        raise InputError.of("--master", f"“{master[:40]}” is no master of Spark", f"give {known}", "unknown")
    refuse_setup()
    from py4j.protocol import Py4JError  # noqa: PLC0415 - an extra, and slow to load
    from pyspark.errors import PySparkException  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

    conf = _QUIET | _JOB
    environment = {"PYSPARK_PYTHON": os.environ.get("PYSPARK_PYTHON", sys.executable)}
    if is_local(master):
        conf |= _LOCAL | {"spark.authenticate.secret": secrets.token_hex(32), "spark.local.dir": str(folder)}
        if cores := _CLUSTER.match(master):
            options = f"-XX:ActiveProcessorCount={cores[1]} -XX:+UseSerialGC"
            conf |= {"spark.executor.extraJavaOptions": options}
        environment = {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": _LOOPBACK}
    log = folder / "spark.log"
    with _environment(environment):
        try:
            with _errors_into(log):
                one = SparkSession.builder.master(master).config(map=conf).getOrCreate()
        except (PySparkException, Py4JError) as error:
            said = log.read_text(encoding="utf-8", errors="replace").splitlines()
            why = next((line for line in said if line.startswith("Error: ")), reason(error))
            raise SetupError(f"Spark does not start with master {master}: {why[:300]}") from error
        try:
            yield one
        finally:
            home, job = os.environ.get("SPARK_HOME"), one.sparkContext.applicationId
            one.stop()
            if home and master.startswith("local-cluster"):
                shutil.rmtree(Path(home) / "work" / job, ignore_errors=True)  # where its executors kept their files


def reason(error: Exception) -> str:
    """Give the line of what Spark says of a failure that names it, the first one by default."""
    lines = [line.strip(": ") for line in str(error).splitlines() if line.strip(": ")]
    naming = [line for line in lines if _NAMING.match(line)]
    return (naming or lines or [type(error).__name__])[0][:300]


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _errors_into(log: Path) -> Iterator[None]:
    """Send the standard error of the programs that are started into a file: Java's too, for as long as it lives."""
    with ExitStack() as stack:
        file = stack.enter_context(log.open("ab"))
        ours = os.dup(2)
        stack.callback(os.close, ours)
        os.dup2(file.fileno(), 2)
        stack.callback(os.dup2, ours, 2)
        yield
