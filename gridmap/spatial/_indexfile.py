"""A file of named arrays that is mapped into memory: versioned, checksummed, written whole or not at all.

Layout: 8 bytes of magic, 8 bytes length of the head, the head as JSON (version, and for each array its name, dtype,
shape, offset and XXH3 checksum), the head's own checksum, then the arrays, each at a multiple of 64 bytes.
Little-endian.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from gridmap.model.errors import InputError

_MAGIC = b"gridmapI"
_VERSION = 2
_ALIGN = 64
_LONGEST_HEAD = 1 << 20
_SEAL = 8  # bytes of the head's checksum


def write_arrays(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write arrays beside the file and move them over it when they are safely on disk."""
    entries, offset = [], 0
    for name, array in arrays.items():
        entries.append(
            {
                "name": name,
                "dtype": array.dtype.newbyteorder("<").str,
                "shape": array.shape,
                "offset": offset,
                "xxh3": _checksum(array),
            }
        )
        offset += -(-array.nbytes // _ALIGN) * _ALIGN
    head = json.dumps({"version": _VERSION, "arrays": entries}).encode()
    seal = xxhash.xxh3_64_digest(head)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
        try:
            file.write(_MAGIC + len(head).to_bytes(8, "little") + head + seal)
            file.write(b"\0" * (-file.tell() % _ALIGN))
            for array in arrays.values():
                file.write(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data)
                file.write(b"\0" * (-file.tell() % _ALIGN))
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Map the arrays of a file into memory, read-only, after checking all of them.

    Raises
    ------
    InputError
        Not such a file, another version, cut short, or damaged.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(16)
        length = int.from_bytes(start[8:], "little")
        if start[:8] != _MAGIC or length > min(_LONGEST_HEAD, size):
            raise InputError.of(path.name, "is not a saved ownership index", code="format")
        head, seal = file.read(length), file.read(_SEAL)
    if xxhash.xxh3_64_digest(head) != seal:
        raise InputError.of(path.name, "is damaged in its head", "save it anew", "damaged")
    told = json.loads(head)
    if told["version"] != _VERSION:
        raise InputError.of(path.name, f"is of version {told['version']}, not {_VERSION}", "save it anew", "version")
    base = -(-(16 + length + _SEAL) // _ALIGN) * _ALIGN
    arrays: dict[str, NDArray[Any]] = {}
    for entry in told["arrays"]:
        dtype, shape = np.dtype(entry["dtype"]), tuple(entry["shape"])
        count = int(np.prod(shape, dtype=np.int64))
        if base + entry["offset"] + count * dtype.itemsize > size:
            raise InputError.of(path.name, "is cut short", "save it anew", "damaged")
        array = np.memmap(path, dtype, "r", base + entry["offset"], shape) if count else np.empty(shape, dtype)
        if _checksum(array) != entry["xxh3"]:
            raise InputError.of(path.name, f"is damaged in {entry['name']}", "save it anew", "damaged")
        arrays[entry["name"]] = np.asarray(array)
    return arrays


def _checksum(array: NDArray[Any]) -> str:
    return xxhash.xxh3_64_hexdigest(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data if array.size else b"")
