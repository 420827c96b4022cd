"""Owners of locations on Spark: the index goes to each machine once, and batches of Arrow pass by it."""

import re
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from gridmap.batch.session import is_local, reason, session
from gridmap.model.errors import InputError, NotFoundError, UnavailableError
from gridmap.spatial.datums import parse_datum
from gridmap.spatial.owners import STATUSES, OwnerTable, plain_texts, refuse_columns

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

Progress = Callable[[int, int], None]

_LOOK_SECONDS = 0.25


def add_owners(
    owners: OwnerTable,
    source: str,
    target: str,
    *,
    datum: str,
    x: str,
    y: str,
    master: str,
    on_progress: Progress | None = None,
) -> dict[str, int]:
    """Add owners to Parquet; see `gridmap.services.locate_spark.locate_on_spark`.

    The table of owners is saved once; Spark brings its files to each executor, whose Python workers map them into
    memory. Spark commits the target when all of it is written: ``_SUCCESS`` in it says so.
    """
    stated = parse_datum(datum)
    if is_local(master):
        source, target = (path if "://" in path else str(Path(path).absolute()) for path in (source, target))
    with tempfile.TemporaryDirectory(prefix="gridmap-spark-") as scratch, session(master, Path(scratch)) as spark:
        rows = _read(spark, source)
        schema = _schema_after(owners, rows.schema, x, y, source)
        for file in owners.save(Path(scratch)):
            spark.sparkContext.addFile(str(file))
        with warnings.catch_warnings():
            # pyspark warns of a pandas that is too new for it; no pandas is used here
            warnings.simplefilter("ignore", FutureWarning)
            owned = rows.mapInArrow(_answering(stated, x, y), schema)
        _write(spark, owned, source, target, on_progress)
        counted = {
            row["status"]: int(row["count"])
            for row in spark.read.parquet(_literal(target)).groupBy("status").count().collect()
        }
    return {status: counted[status] for status in STATUSES if status in counted}


def _answering(datum: str, x: str, y: str) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Make the function that Spark calls with the batches of a partition, in a Python worker."""

    def answer(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import SparkFiles  # noqa: PLC0415 - here it is

        owners = _loaded(SparkFiles.getRootDirectory())
        for batch in batches:
            yield plain_texts(owners.add_to(batch, datum, x, y))

    return answer


@lru_cache(maxsize=1)
def _loaded(folder: str) -> OwnerTable:
    """Load the table once for all partitions that a worker answers."""
    return OwnerTable.load(Path(folder))


def _read(spark: "SparkSession", source: str) -> "DataFrame":
    from py4j.protocol import Py4JError  # noqa: PLC0415 - an extra
    from pyspark.errors import PySparkException  # noqa: PLC0415

    try:
        return spark.read.parquet(_literal(source))
    except (PySparkException, Py4JError) as error:
        if _condition(error) == "PATH_NOT_FOUND":
            raise NotFoundError(f"there is no file or folder {source}") from error
        raise _unreadable(error, source) from error


def _schema_after(owners: OwnerTable, schema: "StructType", x: str, y: str, source: str) -> "StructType":
    from pyspark.sql.pandas.types import to_arrow_schema  # noqa: PLC0415 - an extra
    from pyspark.sql.types import LongType, StringType, StructField, StructType  # noqa: PLC0415

    refuse_columns(to_arrow_schema(schema), x, y, source)
    added = [StructField("status", StringType())]
    added += [
        StructField(name, LongType() if pa.types.is_integer(column.type) else StringType())
        for name, column in owners.told.items()
    ]
    names = {field.name for field in added}
    return StructType([field for field in schema if field.name not in names] + added)


def _write(spark: "SparkSession", owned: "DataFrame", source: str, target: str, tell: Progress | None) -> None:
    """Write the answers, telling how far that is; what a failure left behind on this machine is removed."""
    from py4j.protocol import Py4JError  # noqa: PLC0415 - an extra
    from pyspark.errors import PySparkException  # noqa: PLC0415

    here = Path(target)
    was_there = here.exists()
    try:
        with ThreadPoolExecutor(1) as waiter:
            writing = waiter.submit(owned.write.mode("errorifexists").parquet, target)
            while not wait([writing], _LOOK_SECONDS).done:
                done, total = _tasks(spark)
                if tell and total:
                    tell(done, total)
            writing.result()
    except BaseException as error:
        if is_local(str(spark.sparkContext.master)) and not was_there:
            shutil.rmtree(here, ignore_errors=True)
        if not isinstance(error, PySparkException | Py4JError):
            raise
        if _condition(error) == "PATH_ALREADY_EXISTS":
            mend = "name another folder, or remove it"
            raise InputError.of(target, "is there already", mend, "exists") from error
        if "FAILED_READ_FILE" in str(error):
            raise _unreadable(error, source) from error
        raise UnavailableError(f"Spark gave up: {reason(error)}") from error
    if tell:
        tell(1, 1)


def _literal(path: str) -> str:
    """Keep signs in the name of a file here from being taken for a pattern; an address may be one."""
    return path if "://" in path else re.sub(r"([\[\]{}*?,\\])", r"\\\1", path)


def _condition(error: Exception) -> str:
    """Give Spark's own name of a failure; empty where it has none."""
    return str(getattr(error, "getCondition", str)() or "")


def _unreadable(error: Exception, source: str) -> InputError:
    return InputError.of(source, f"cannot be read: {reason(error)}", "--engine spark reads Parquet", "format")


def _tasks(spark: "SparkSession") -> tuple[int, int]:
    """Count the tasks of the stages at work: those done, and all."""
    tracker = spark.sparkContext.statusTracker()
    stages = [stage for number in tracker.getActiveStageIds() if (stage := tracker.getStageInfo(number)) is not None]
    return sum(stage.numCompletedTasks for stage in stages), sum(stage.numTasks for stage in stages)
