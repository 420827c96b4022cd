"""Owners of a file of locations: the same rows with owners added, read, answered and written in chunks at once.

Memory is bounded by the chunk, whatever the file's size. The output appears whole or not at all.
"""

import os
import tempfile
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gridmap.model.errors import NotFoundError
from gridmap.services import row_files
from gridmap.services.locate_table import defused, stated_datum
from gridmap.services.opening import OpenCity
from gridmap.spatial.owners import STATUSES, OwnerTable, count_statuses

_CORES = os.cpu_count() or 1
_AHEAD = _CORES + 2  # chunks in hand: one read, one for each core, one written

Progress = Callable[[int, int], None]
Counts = NDArray[np.int64]


def locate_file(
    city: OpenCity,
    source: str | Path,
    target: str | Path,
    *,
    datum: str,
    x: str = "lon",
    y: str = "lat",
    on_progress: Progress | None = None,
) -> dict[str, int]:
    """Add owners to a file of locations.

    Parameters
    ----------
    source, target
        ``.csv``, ``.csv.gz``, ``.parquet``, ``.arrow`` or ``.feather``; the formats need not be the same. CSV is read
        as UTF-8.
    x, y
        Columns of the coordinates.
    on_progress
        Told rows (Parquet), bytes (CSV) or batches (Arrow) done and in all.

    Returns
    -------
    dict
        Rows by status; ``unreadable`` where a coordinate is missing or not a number on earth: such rows keep their
        place in the output, with no owner.

    Raises
    ------
    InputError
        The datum or a column is missing; the file cannot be read; an unknown ending.
    NotFoundError
        There is no such file.
    """
    stated, source, target = stated_datum(datum), Path(source), Path(target)
    if not source.is_file():
        raise NotFoundError(f"there is no file {source}")
    row_files.refuse_ending(target)
    owners = city.keeper.snapshot().lines.owners
    if row_files.is_csv(target):
        owners = defused(owners)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as scratch:
        written = Path(scratch.name)
        try:
            counts = _add_owners(
                owners, source, target, written, datum=stated, columns=(x, y), tell=on_progress or _nobody
            )
            os.fsync(scratch.fileno())
            written.chmod(0o644)
            written.replace(target)
        except BaseException:
            with suppress(FileNotFoundError):
                written.unlink()
            raise
    return {status: int(rows) for status, rows in zip(STATUSES, counts, strict=True) if rows}


def _nobody(_done: int, _total: int) -> None:
    """Tell nobody."""


def _add_owners(
    owners: OwnerTable,
    source: Path,
    target: Path,
    scratch: Path,
    *,
    datum: str,
    columns: tuple[str, str],
    tell: Progress,
) -> Counts:
    """Read here, answer on all cores and write on a thread of its own, in order; give the rows of each status.

    A chunk that is written is told of, and only then is a further one read: so no more than a few are in memory.
    """
    counts = np.zeros(len(STATUSES), np.int64)
    added = {"status", *owners.told}
    with (
        row_files.writer(target, scratch, added) as write,
        ThreadPoolExecutor(_CORES) as workers,
        ThreadPoolExecutor(1) as scribe,
    ):

        def put(answer: Future[pa.RecordBatch]) -> Counts:
            write(answer.result())
            return count_statuses(answer.result())

        in_hand: deque[tuple[Future[Counts], int, int]] = deque()

        def settle() -> None:
            putting, done, total = in_hand.popleft()
            np.add(counts, putting.result(), out=counts)
            tell(done, total)

        for chunk, done, total in row_files.chunks(source):
            answer = workers.submit(owners.add_to, chunk, datum, *columns, source.name)
            in_hand.append((scribe.submit(put, answer), done, total))
            if len(in_hand) > _AHEAD:
                settle()
        while in_hand:
            settle()
    return counts
