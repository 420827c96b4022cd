"""Parse GeoJSON, GeoPackage and Shapefile. Runs in the throw-away process only.

GeoJSON and GeoPackage are read without GDAL: with JSON and SQLite there is no driver that content could choose.
GDAL reads shapefiles, every other driver switched off.
"""

import codecs
import os
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
import shapely

from gridmap.model.errors import InputError
from gridmap.spatial._parsed import GEOMETRY, Limits, Parsed, Request, codec_of, decode, not_text, too_large

_FLAT_KINDS = {"Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"}
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)
_SHAPEFILE_MAGIC = b"\x00\x00\x27\x0a"
_SQLITE_MAGIC = b"SQLite format 3\x00"
OTHER_DRIVERS = (
    "MEM,PCIDSK,PDS4,VICAR,PDF,MBTiles,EEDA,EEDAI,OGCAPI,GDALG,MapInfo File,LVBAG,S57,DGN,OGR_VRT,VRT,CSV,GML,GPX,"
    "LIBKML,KML,GeoJSON,GeoJSONSeq,ESRIJSON,TopoJSON,OGR_GMT,GPKG,SQLite,WAsP,OpenFileGDB,DXF,FlatGeobuf,GeoRSS,VFK,PGDUMP,"
    "OSM,GPSBabel,OGR_PDS,WFS,OAPIF,EDIGEO,Idrisi,ODS,XLSX,XLS,Elasticsearch,Carto,AmigoCloud,SXF,Selafin,JML,"
    "PLSCENES,CSW,VDV,MVT,NGW,MapML,GTFS,PMTiles,JSONFG,MiraMonVector,ADBC,AVCBin,AVCE00,AIVector,HTTP,PostgreSQL,"
    "MySQL,ODBC,MSSQLSpatial,Parquet,Arrow,NAS,GMLAS,CAD,netCDF,HDF5,PGeo,DODS,Memory,OGR_OGDI,WMS,WCS,WMTS,TileDB"
)


def parse_geojson(request: Request) -> Parsed:
    """Parse a FeatureCollection, a Feature or a bare geometry."""
    text, encoding = decode((request.folder / "input.json").read_bytes(), request.encoding)
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if re.search("depth|recursion", str(error)):
            raise InputError.of("file", "is nested too deep", code="too_complex") from error
        where = f"line {error.lineno}, column {error.colno}"
        raise InputError.of(where, "is not JSON", "export it again", "unreadable") from error
    del text
    features = _features(document)
    if len(features) > request.limits.rows:
        raise too_large(f"has more than {request.limits.rows:,} rows")
    parsed = Parsed(encoding=encoding, crs=_declared_crs(document))
    _add_properties(parsed, features, request.limits)
    _add_json_geometries(parsed, features, request.limits)
    return parsed


def parse_geopackage(request: Request) -> Parsed:
    """Parse the one feature layer of a GeoPackage, or the one that was named."""
    path = request.folder / "input.gpkg"
    if path.open("rb").read(len(_SQLITE_MAGIC)) != _SQLITE_MAGIC:
        raise InputError.of("file", "is not a GeoPackage", code="unreadable")
    base = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
    base.execute("PRAGMA trusted_schema = OFF")
    base.execute("PRAGMA cell_size_check = ON")
    base.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    base.set_authorizer(_only_reading)
    try:
        return _read_layer(base, request)
    except sqlite3.DatabaseError as error:
        raise InputError.of("file", "is a damaged or unusual GeoPackage", "export it again", "unreadable") from error
    finally:
        base.close()


def parse_shapefile(request: Request) -> Parsed:
    """Parse a shapefile; only the .shp is needed."""
    path = request.folder / "input.shp"
    if path.open("rb").read(len(_SHAPEFILE_MAGIC)) != _SHAPEFILE_MAGIC:
        raise InputError.of("file", "is not a shapefile", code="unreadable")
    os.environ.update(OGR_SKIP=OTHER_DRIVERS, SHAPE_RESTORE_SHX="YES", PROJ_NETWORK="OFF", GDAL_NUM_THREADS="1")
    from pyogrio import errors, raw  # noqa: PLC0415 - the drivers are registered on import, by what stands above

    try:
        # Latin-1 hands every byte through, so that the encoding is ours to decide.
        meta, _, wkb, values = raw.read(
            str(path), encoding="ISO-8859-1", max_features=request.limits.rows + 1, datetime_as_string=True
        )
    except (errors.DataSourceError, errors.DataLayerError, errors.FeatureError) as error:
        raise InputError.of("file", "is a damaged shapefile", "export it again", "unreadable") from error
    if len(wkb) > request.limits.rows:
        raise too_large(f"has more than {request.limits.rows:,} rows")
    parsed = Parsed(crs=meta["crs"])
    missing = [suffix for suffix in (".shx", ".dbf", ".prj") if not _came_with(request, suffix)]
    if missing:
        parsed.notes.append(f"came without {', '.join(missing)}")
    _add_attributes(parsed, meta["fields"].tolist(), values, request)
    parsed.add_geometries(wkb.tolist(), request.limits)
    return parsed


def _features(document: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        features = document["features"]
    elif kind == "Feature":
        features = [document]
    elif kind in _FLAT_KINDS:
        features = [{"geometry": document}]
    else:
        raise InputError.of("file", "is not GeoJSON: no FeatureCollection, Feature or geometry", code="unreadable")
    return [feature if isinstance(feature, dict) else {"geometry": {"type": "nothing"}} for feature in features]


def _declared_crs(document: dict[str, Any]) -> str | None:
    declared = document.get("crs")
    properties = declared.get("properties") if isinstance(declared, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    return name[:200] if isinstance(name, str) else None


def _add_properties(parsed: Parsed, features: list[dict[str, Any]], limits: Limits) -> None:
    found = [feature.get("properties") for feature in features]
    rows: list[dict[str, Any]] = [row if isinstance(row, dict) else {} for row in found]
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row))
        if len(names) > limits.columns:
            raise too_large(f"has more than {limits.columns} columns")
    parsed.check_names(list(names), limits)
    if "id" not in names and any("id" in feature for feature in features):
        parsed.add_values("id", [feature.get("id") for feature in features])
    for name in names:
        parsed.add_values(_free_name(name, names, parsed), [row.get(name) for row in rows])


def _add_json_geometries(parsed: Parsed, features: list[dict[str, Any]], limits: Limits) -> None:
    texts: list[str | None] = []
    for row, feature in enumerate(features):
        geometry = feature.get("geometry")
        kind = geometry.get("type") if isinstance(geometry, dict) else None
        if geometry is None or kind in _FLAT_KINDS:
            texts.append(None if geometry is None else orjson.dumps(geometry).decode())
            continue
        texts.append(None)
        what = "a GeometryCollection" if kind == "GeometryCollection" else "something else"
        parsed.fault(row, f"has {what} instead of points, lines or polygons", "unreadable_geometry")
    shapes = shapely.from_geojson(np.array(texts, dtype=object), on_invalid="ignore")
    if int(shapely.get_num_coordinates(shapes).sum()) > limits.vertices:
        raise too_large(f"has more than {limits.vertices:,} vertices")
    parsed.add_shapes(shapes, [text is not None for text in texts])


def _only_reading(action: int, *_: Any) -> int:  # noqa: ANN401 - SQLite's arguments
    allowed = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_PRAGMA}
    return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY


def _read_layer(base: sqlite3.Connection, request: Request) -> Parsed:
    layer, geometry_column, crs = _choose_layer(base, request.layer)
    quoted = '"' + layer.replace('"', '""') + '"'
    stored = base.execute("SELECT type, sql FROM sqlite_master WHERE name = ?", [layer]).fetchone()
    if stored is None or stored[0] != "table" or not re.match(r"\s*CREATE\s+TABLE\b", stored[1] or "", re.IGNORECASE):
        # A view or a virtual table would run what the file's author wrote.
        raise InputError.of("file", f"layer “{layer}” is not a plain table", "export it again", "unreadable")
    info = base.execute(f"PRAGMA table_info({quoted})").fetchall()
    names = [name for _, name, _, _, _, key in info if not key or name == geometry_column]
    parsed = Parsed(encoding="utf-8", crs=crs)
    parsed.check_names(names, request.limits)
    wanted = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    rows = base.execute(f"SELECT {wanted} FROM {quoted}").fetchmany(request.limits.rows + 1)  # noqa: S608 - quoted
    if len(rows) > request.limits.rows:
        raise too_large(f"has more than {request.limits.rows:,} rows")
    for position, name in enumerate(names):
        values = [row[position] for row in rows]
        if name == geometry_column:
            parsed.add_geometries(list(_without_header(values, parsed)), request.limits)
        else:
            parsed.add_values(_free_name(name, dict.fromkeys(names), parsed), values)
    return parsed


def _choose_layer(base: sqlite3.Connection, wanted: str | None) -> tuple[str, str, str | None]:
    found = base.execute(
        "SELECT c.table_name, g.column_name, g.srs_id FROM gpkg_contents c JOIN gpkg_geometry_columns g"
        " ON g.table_name = c.table_name WHERE c.data_type = 'features'"
    ).fetchall()
    chosen = [row for row in found if wanted in (None, row[0])]
    if len(chosen) != 1:
        names = ", ".join(row[0] for row in found) or "none"
        raise InputError.of("layer", f"the layers of the file are: {names}", "name one of them", "layer")
    layer, column, srs = chosen[0]
    known = base.execute(
        "SELECT organization, organization_coordsys_id FROM gpkg_spatial_ref_sys WHERE srs_id = ?", [srs]
    ).fetchone()
    return layer, column, f"{known[0].upper()}:{known[1]}" if known and srs > 0 else None


def _without_header(blobs: list[Any], parsed: Parsed) -> Iterator[bytes | None]:
    """Take the GeoPackage's header off each geometry."""
    for row, blob in enumerate(blobs):
        if blob is None:
            yield None
            continue
        envelope = (blob[3] >> 1) & 7 if isinstance(blob, bytes) and blob[:2] == b"GP" and len(blob) > 8 else 7  # noqa: PLR2004
        if envelope >= len(_ENVELOPE_BYTES):
            parsed.fault(row, "its geometry is not as GeoPackage has it", "unreadable_geometry")
            yield None
            continue
        yield blob[8 + _ENVELOPE_BYTES[envelope] :]


def _came_with(request: Request, suffix: str) -> bool:
    # GDAL has made an index of its own by now; what came is told by the marks that the unpacking left.
    return (request.folder / f"came{suffix}").exists()


def _add_attributes(parsed: Parsed, names: list[str], values: list[Any], request: Request) -> None:
    columns = [column.tolist() for column in values]
    texts = [name.encode("latin-1") for name in names]
    for column in columns:
        texts += [value.encode("latin-1") for value in column if isinstance(value, str)]
    longest = max(map(len, texts), default=0)
    codec = _shapefile_codec(texts, longest, request)
    if any(name for name in texts):
        parsed.encoding = codec
    decoded = [_decode_cut(name.encode("latin-1"), codec) for name in names]
    parsed.check_names(decoded, request.limits)
    for name, column in zip(decoded, columns, strict=True):
        plain = [_decode_cut(v.encode("latin-1"), codec) if isinstance(v, str) else _number(v) for v in column]
        parsed.add_values(_free_name(name, dict.fromkeys(decoded), parsed), plain)


def _shapefile_codec(texts: list[bytes], longest: int, request: Request) -> str:
    """Take the encoding stated, else that of the .cpg, else UTF-8 if all text is, else GB18030."""
    stated = request.encoding
    page = request.folder / "input.cpg"
    if stated is None and page.exists():
        told = page.read_bytes()[:40].decode("ascii", "replace").strip()
        stated = {"65001": "utf-8", "936": "gbk", "54936": "gb18030"}.get(told, told)
    for codec in [codec_of(stated)] if stated else ["utf-8", "gb18030"]:
        try:
            for text in texts:
                # A field cuts its text by bytes, in the middle of a letter too: only full ones may end so.
                _decode_cut(text, codec) if len(text) == longest else text.decode(codec)
        except UnicodeDecodeError:
            continue
        return codec
    raise not_text(stated)


def _decode_cut(text: bytes, codec: str) -> str:

    return codecs.getincrementaldecoder(codec)().decode(text, final=False)


def _number(value: Any) -> Any:  # noqa: ANN401
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 - NaN stands for nothing


def _free_name(name: str, names: dict[str, None], parsed: Parsed) -> str:
    """Keep a column from taking the geometry's name."""
    if name != GEOMETRY:
        return name
    free = next(f"{GEOMETRY}_{k}" for k in range(1, 1000) if f"{GEOMETRY}_{k}" not in names)
    parsed.notes.append(f"column “{name}” is now “{free}”")
    return free
