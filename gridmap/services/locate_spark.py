"""Owners of more locations than one machine should hold: Parquet in, a folder of Parquet out, on Spark."""

from collections.abc import Callable

from gridmap.batch.locate import add_owners
from gridmap.services.locate_table import stated_datum
from gridmap.services.opening import OpenCity

EVERY_CORE = "local[*]"
"""The master that is this machine with all its cores."""


def locate_on_spark(
    city: OpenCity,
    source: str,
    target: str,
    *,
    datum: str,
    x: str = "lon",
    y: str = "lat",
    master: str = EVERY_CORE,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Add owners to a Parquet file, or a folder of them: the same columns as `gridmap.services.locate_file` adds.

    Parameters
    ----------
    source, target
        Paths, or addresses that Spark knows, such as ``hdfs://…``. The target becomes a folder.
    x, y
        Columns of the coordinates.
    master
        As Spark names it.
    on_progress
        Told tasks done and in all.

    Returns
    -------
    dict
        Rows by status.

    Raises
    ------
    InputError
        The datum or a column is missing; the source cannot be read; the target is there already.
    NotFoundError
        There is no such source.
    SetupError
        pyspark or Java is missing or too old, or Spark does not start.
    UnavailableError
        Spark gave up.
    """
    stated = stated_datum(datum)
    owners = city.keeper.snapshot().lines.owners
    return add_owners(owners, source, target, datum=stated, x=x, y=y, master=master, on_progress=on_progress)
