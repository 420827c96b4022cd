"""The throw-away process that parses one upload: ``python -m gridmap.spatial._parse``, a request on its stdin.

It limits itself before it looks at anything, writes ``out.arrow`` and ``answer.json`` into the folder of the
request, and ends. Whatever goes wrong in here, the process that asked goes on.
"""

import contextlib
import json
import os
import resource
import sys
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

_SIDECARS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_MOST_MEMBERS = 10_000
_CHUNK = 1 << 20


def main() -> None:
    """Read the request, parse, and answer."""
    asked = json.load(sys.stdin)
    _limit(asked["limits"])
    folder = Path(asked["folder"])
    answer = _answer(asked, folder)
    (folder / "answer.json").write_text(json.dumps(answer), encoding="utf-8")


def _limit(limits: dict[str, int]) -> None:
    """Bound memory, time and output; no core files."""
    os.environ.update(
        OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", ARROW_DEFAULT_MEMORY_POOL="system", MALLOC_ARENA_MAX="2"
    )
    for kind, amount in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, 2 * limits["unpacked_bytes"]),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        # A limit set from outside may be lower already; then it holds.
        with contextlib.suppress(ValueError):
            resource.setrlimit(kind, (amount, amount))


def _answer(asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    from gridmap.model.errors import InputError  # noqa: PLC0415 - nothing is loaded before the limits hold

    try:
        return _parse(asked, folder)
    except InputError as error:
        return {"faults": [asdict(fault) for fault in error.faults]}
    except (MemoryError, SystemError):
        # A library in C that gets no memory may come back empty-handed, which Python calls a SystemError.
        return _refusal("takes more memory than is allowed", "too_large")
    except RecursionError:
        return _refusal("is nested too deep", "too_complex")
    except Exception as error:  # noqa: BLE001 - whatever a hostile file brings about is the file's fault
        if "bad_alloc" in str(error) or "File too large" in str(error):
            return _refusal("takes more memory than is allowed", "too_large")
        return _refusal(f"cannot be read ({type(error).__name__})", "unreadable")


def _refusal(message: str, code: str) -> dict[str, Any]:
    return {"faults": [{"place": "file", "message": message, "mend": "", "code": code}]}


def _parse(asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    import pyarrow as pa  # noqa: PLC0415 - as above, all of them

    from gridmap.spatial import _parse_shapes, _parse_tables  # noqa: PLC0415
    from gridmap.spatial._parsed import Limits, Request  # noqa: PLC0415

    request = Request(folder, asked["suffix"], asked["encoding"], asked["layer"], Limits(**asked["limits"]))
    if request.suffix == ".zip":
        _unpack(request)
    if request.suffix in {".zip", ".shp"}:
        for suffix in _SIDECARS:
            if (folder / f"input{suffix}").exists():
                (folder / f"came{suffix}").touch()
    readers = {
        ".json": _parse_shapes.parse_geojson,
        ".gpkg": _parse_shapes.parse_geopackage,
        ".shp": _parse_shapes.parse_shapefile,
        ".zip": _parse_shapes.parse_shapefile,
        ".parquet": _parse_tables.parse_parquet,
    }
    parsed = readers.get(request.suffix, _parse_tables.parse_csv)(request)
    table = pa.table(parsed.columns)
    with pa.OSFile(str(folder / "out.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return {
        "encoding": parsed.encoding,
        "crs": parsed.crs,
        "notes": parsed.notes,
        "row_faults": {row: asdict(fault) for row, fault in sorted(parsed.row_faults.items())},
    }


def _unpack(request: Any) -> None:  # noqa: ANN401 - a Request, whose module is loaded later
    """Unpack the one shapefile of a zip, counting the bytes that come out rather than those promised."""
    from gridmap.model.errors import InputError  # noqa: PLC0415
    from gridmap.spatial._parsed import too_large  # noqa: PLC0415

    left = request.limits.unpacked_bytes
    try:
        with zipfile.ZipFile(request.folder / "input.zip") as archive:
            for suffix, member in _members(archive).items():
                with archive.open(member) as source, (request.folder / f"input{suffix}").open("wb") as target:
                    while chunk := source.read(_CHUNK):
                        left -= len(chunk)
                        if left < 0:
                            raise too_large("unpacks to more than is allowed")
                        target.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        message = "is not a zip file, a damaged one, or one with a password"
        raise InputError.of("file", message, "pack it again", "unreadable") from error


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    from gridmap.model.errors import InputError  # noqa: PLC0415
    from gridmap.spatial._parsed import too_large  # noqa: PLC0415

    infos = [info for info in archive.infolist() if "__MACOSX" not in info.filename and not info.is_dir()]
    if len(infos) > _MOST_MEMBERS:
        raise too_large("holds too many files")
    by_path = {info.filename.lower(): info for info in infos}
    stems = [path.removesuffix(".shp") for path in by_path if path.endswith(".shp")]
    if len(stems) != 1:
        raise InputError.of("file", f"holds {len(stems)} shapefiles", "pack exactly one", "unreadable")
    return {suffix: by_path[stems[0] + suffix] for suffix in _SIDECARS if stems[0] + suffix in by_path}


if __name__ == "__main__":
    main()
