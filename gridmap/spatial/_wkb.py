"""Look through well-known binary before GEOS does: nested collections overflow its stack."""

from struct import error as _StructError  # noqa: N812 - struct names it so
from struct import unpack_from

_POINT, _LINE, _POLYGON, _COLLECTION = 1, 2, 3, 7
_MULTI = {4: _POINT, 5: _LINE, 6: _POLYGON}
_Z, _M, _SRID = 0x80000000, 0x40000000, 0x20000000
_ISO_STEP = 1000


class Limited(Exception):  # noqa: N818 - it is no error of the file, but a limit of ours
    """More vertices than allowed."""


def scan_wkb(blob: bytes, most: int) -> int:
    """Walk through a geometry without building it.

    Parameters
    ----------
    blob
        Well-known binary, ISO or extended.
    most
        How many vertices it may have.

    Returns
    -------
    int
        How many it has.

    Raises
    ------
    Limited
        When it has more than `most`.
    ValueError
        When it is cut off, of a kind that is not read here, or a collection within a collection; the message is
        meant for people.
    """
    try:
        kind, order, dims, at = _head(blob, 0)
        if kind in _MULTI:
            return _scan_multi(blob, at, order, _MULTI[kind], most)
        if kind == _COLLECTION:
            raise ValueError("a GeometryCollection is not read here: give its parts as rows")
        return _scan_simple(blob, at, order, dims, kind, most)[0]
    except (IndexError, OverflowError, _StructError) as error:
        raise ValueError("its geometry is cut off") from error


def _scan_multi(blob: bytes, at: int, order: str, part: int, most: int) -> int:
    (count,) = unpack_from(order + "I", blob, at)
    at += 4
    total = 0
    for _ in range(count):
        kind, part_order, dims, at = _head(blob, at)
        if kind != part:
            raise ValueError("its geometry holds a part of the wrong kind")
        vertices, at = _scan_simple(blob, at, part_order, dims, kind, most - total)
        total += vertices
    return total


def _scan_simple(blob: bytes, at: int, order: str, dims: int, kind: int, most: int) -> tuple[int, int]:
    if kind == _POINT:
        return _counted(1, at + 8 * dims, blob, most)
    rings = 1
    if kind == _POLYGON:
        (rings,) = unpack_from(order + "I", blob, at)
        at += 4
    elif kind != _LINE:
        raise ValueError("its geometry is of a kind not read here: points, lines and polygons are")
    total = 0
    for _ in range(rings):
        (count,) = unpack_from(order + "I", blob, at)
        total, at = _counted(total + count, at + 4 + 8 * dims * count, blob, most)
    return total, at


def _counted(total: int, at: int, blob: bytes, most: int) -> tuple[int, int]:
    if at > len(blob):
        raise ValueError("its geometry is cut off")
    if total > most:
        raise Limited
    return total, at


def _head(blob: bytes, at: int) -> tuple[int, str, int, int]:
    """Read kind, byte order, numbers a vertex and where the body begins."""
    order = "<" if blob[at] else ">"
    (code,) = unpack_from(order + "I", blob, at + 1)
    at += 5
    flags = code & (_Z | _M | _SRID)
    if flags & _SRID:
        at += 4
    iso, kind = divmod(code & ~(_Z | _M | _SRID), _ISO_STEP)
    dims = 2 + bool(flags & _Z) + bool(flags & _M) + (0, 1, 1, 2)[iso]
    return kind, order, dims, at
