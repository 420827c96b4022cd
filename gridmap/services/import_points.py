"""Importing places and incidents: every row checked against its layer, and named so that it is found again."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridmap.model.incidents import STATES
from gridmap.model.layers import Layer, categories
from gridmap.services.import_columns import BASIC, map_columns
from gridmap.services.import_report import ImportReport, Rejected, rejection
from gridmap.services.import_shapes import read_shapes
from gridmap.services.import_values import LONGEST_KEY, LONGEST_LINE, Values
from gridmap.spatial.files import FileContent
from gridmap.spatial.lattice import Geometries

Texts = NDArray[np.object_]

_CODE_DIGITS: Final = 4


def prepare(
    layer: Layer, content: FileContent, datum: str, stated: dict[str, str], zone: ZoneInfo, report: ImportReport
) -> gpd.GeoDataFrame:
    """Check every row of a file against its layer.

    Parameters
    ----------
    zone
        In which times without an offset are meant.
    report
        Takes the columns chosen, notes, and what keeps rows out.

    Returns
    -------
    GeoDataFrame
        The good rows, as `gridmap.store` merges them.

    Raises
    ------
    InputError
        A column is missing, or named that does not exist.
    """
    frame = content.frame
    has_shapes = isinstance(frame, gpd.GeoDataFrame)
    columns = [column for column in frame.columns if not (has_shapes and column == "geometry")]
    mapping = report.mapping = map_columns(layer, columns, stated, has_shapes=has_shapes)
    values = Values(
        zone,
        [rejection(row, "", "", fault.message, fault.mend, fault.code) for row, fault in content.row_faults.items()],
    )
    shapes = read_shapes(layer, content, mapping, datum, values.rejected)
    length = len(frame)
    fields = {
        name: values.read(frame[mapping[name]], declared) if name in mapping else np.full(length, None, dtype=object)
        for name, declared in layer.fields.items()
    }
    basic = {
        name: values.texts(
            frame[mapping[name]] if name in mapping else None,
            length,
            name,
            LONGEST_KEY if name == "key" else LONGEST_LINE,
        )
        for name in BASIC[layer.store]
    }
    if layer.store == "incident":
        _settle_incidents(fields, values.rejected, report)
    keys = _keys(layer, basic, fields, shapes, values.rejected, keyed="key" in mapping)
    if values.local_times:
        report.note("local_times", n=values.local_times, zone=zone.key)
    if "key" not in mapping:
        report.note("no_key")
    report.rejected = sorted(values.rejected, key=lambda each: (each.row, each.field))
    good = np.setdiff1d(np.arange(length), [each.row - 1 for each in values.rejected])
    made = _incidents if layer.store == "incident" else _places
    return made(keys, basic, fields, shapes).iloc[good].reset_index(drop=True)


def _settle_incidents(fields: dict[str, Texts], rejected: list[Rejected], report: ImportReport) -> None:
    """Fill what an incident has to have, and check what its fields say together."""
    known = categories()
    titles = {title: code for code, each in known.items() for title in (each.title.zh, each.title.en)}
    for row, told in enumerate(fields["category"]):
        if told is None:
            continue
        # A table that took the code for a number has lost its leading zero.
        code = titles.get(told) or (told.zfill(_CODE_DIGITS) if told.isascii() and told.isdigit() else told)
        fields["category"][row] = code
        if code not in known:
            mend = "give one of the codes in layers/categories"
            rejected.append(rejection(row, "category", told, "is not a known category", mend, "unknown_category"))
    missing = sum(state is None for state in fields["state"])
    if missing:
        report.note("no_state", n=missing, state=STATES[0])
    fields["state"] = np.array([state or STATES[0] for state in fields["state"]], dtype=object)
    for row, (start, end) in enumerate(zip(fields["reported_at"], fields["closed_at"], strict=True)):
        if start is not None and end is not None and end < start:
            reason = "is before it was reported"
            rejected.append(rejection(row, "closed_at", end.isoformat(), reason, "check both times", "order"))


def _keys(
    layer: Layer,
    basic: dict[str, Texts],
    fields: dict[str, Texts],
    shapes: Geometries,
    rejected: list[Rejected],
    *,
    keyed: bool,
) -> Sequence[str]:
    """Give each row its natural key: as stated, else by its content."""
    if not keyed:
        where = [wkb or "" for wkb in shapely.to_wkb(shapes, hex=True, byte_order=1)]
        if layer.store == "incident":
            return derived_keys(fields["category"], fields["reported_at"], basic["address"], where)
        return derived_keys(basic["name"], basic["address"], where)
    first: dict[str, int] = {}
    too_long = {each.row - 1 for each in rejected if each.field == "key"}
    for row, key in enumerate(basic["key"]):
        if row in too_long:
            continue
        if not key:
            rejected.append(rejection(row, "key", "", "is missing", "give each row its own", "missing"))
        elif key in first:
            reason = f"is that of row {first[key]} too"
            rejected.append(rejection(row, "key", key, reason, "give each row its own", "duplicate"))
        else:
            first[key] = row + 1
    return list(basic["key"])


def derived_keys(*parts: Sequence[object] | Texts) -> list[str]:
    """Name rows by their content; the second of two that are the same is number 2, and so on.

    The same file again gives the same names, so it adds nothing; two rows that are truly alike stay two.
    """
    seen: dict[str, int] = {}
    keys = []
    for row in zip(*parts, strict=True):
        digest = hashlib.blake2b("\x1f".join(map(str, row)).encode(), digest_size=12).hexdigest()
        seen[digest] = seen.get(digest, 0) + 1
        keys.append(f"h-{digest}" + (f"-{seen[digest]}" if seen[digest] > 1 else ""))
    return keys


def _places(
    keys: Sequence[str], basic: dict[str, Texts], fields: dict[str, Texts], shapes: Geometries
) -> gpd.GeoDataFrame:
    names = list(fields)
    rows: Any = zip(*fields.values(), strict=True) if names else ((),) * len(keys)
    table = {
        "key": keys,
        "name": basic["name"],
        "address": basic["address"],
        "parent": [parent or None for parent in basic["parent"]],
        "properties": [{n: v for n, v in zip(names, row, strict=True) if v is not None} for row in rows],
    }
    return gpd.GeoDataFrame(pd.DataFrame(table), geometry=shapes, crs=4326)


def _incidents(
    keys: Sequence[str], basic: dict[str, Texts], fields: dict[str, Texts], shapes: Geometries
) -> gpd.GeoDataFrame:
    table = pd.DataFrame({"key": keys, "address": basic["address"]})
    for name in ("category", "state", "description"):
        table[name] = pd.Series(fields[name], dtype="object")
    table["description"] = table["description"].fillna("")
    for name in ("reported_at", "closed_at"):
        table[name] = pd.to_datetime(pd.Series(fields[name], dtype="object"), utc=True)
    table["accuracy_m"] = pd.to_numeric(pd.Series(fields["accuracy_m"], dtype="object"))
    return gpd.GeoDataFrame(table, geometry=shapes, crs=4326)
