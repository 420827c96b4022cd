"""Layers and schemes as TOML files: what a layer holds, how it looks, what its popup says, who sees it.

A layer is added by one file in ``layers/``; no code knows its fields by name unless it must. `load_layers`,
`load_schemes` and `load_categories` are the only readers.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from gridmap.model.categories import Category
from gridmap.model.errors import Fault, InputError, NotFoundError
from gridmap.model.schemes import OPEN_INCIDENTS, Level, Scheme
from gridmap.model.words import Text

T = TypeVar("T")
Store = Literal["grid", "place", "incident"]
FieldType = Literal["text", "integer", "number", "boolean", "time"]
GEOMETRIES = frozenset({"Point", "LineString", "MultiLineString", "Polygon", "MultiPolygon"})
AUDIENCES = frozenset({"everyone", "staff"})
NO_UNIT = Text("", "")


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute of a layer.

    Attributes
    ----------
    type
        text, integer, number, boolean or time.
    unit
        What a figure counts, said in both languages; empty for texts.
    least, most
        Bounds of a figure, both included; None where there is none.
    required
        Whether a row without it is rejected.
    measure
        Whether `gridmap join` and the choropleth may sum it.
    choices
        The allowed texts with their titles; empty where any text will do.
    """

    key: str
    title: Text
    type: FieldType
    unit: Text = NO_UNIT
    least: float | None = None
    most: float | None = None
    required: bool = False
    measure: bool = False
    choices: dict[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: where its rows are kept, what they hold and how they are shown."""

    key: str
    title: Text
    store: Store
    kind: str
    geometry: frozenset[str]
    natural_key: str
    source: Text
    visible_to: str
    fields: dict[str, Field]
    style: dict[str, Any]
    popup_heading: str
    popup_rows: tuple[str, ...]

    def measures(self) -> dict[str, Field]:
        """Return the fields that can be summed over a grid."""
        return {key: f for key, f in self.fields.items() if f.measure}


@cache
def layers_folder() -> Path:
    """Find the folder of layer files: in the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    for folder in (package / "layers", package.parent / "layers"):
        if (folder / "schemes").is_dir():
            return folder
    raise NotFoundError(f"the layer files are missing: looked for layers/ in {package} and beside it")


def load_layers(folder: Path | None = None) -> dict[str, Layer]:
    """Read every ``layers/*.toml``.

    Raises
    ------
    InputError
        Every fault of every file, each with its file and entry.
    """
    return _load_all(folder or layers_folder(), _layer)


def load_schemes(folder: Path | None = None) -> dict[str, Scheme]:
    """Read every ``layers/schemes/*.toml``.

    Raises
    ------
    InputError
        Every fault of every file.
    """
    return _load_all((folder or layers_folder()) / "schemes", _scheme)


def load_categories(folder: Path | None = None) -> dict[str, Category]:
    """Read every ``layers/categories/*.toml`` into categories by code.

    Raises
    ------
    InputError
        Every fault of every file, a code given twice among them.
    """
    lists = _load_all((folder or layers_folder()) / "categories", _categories)
    found: dict[str, Category] = {}
    faults = []
    for name, categories in lists.items():
        for category in categories:
            if category.code in found:
                faults.append(Fault(name, f"category {category.code} is given twice", code="duplicate"))
            found[category.code] = category
    if faults:
        raise InputError(faults, "categories")
    return dict(sorted(found.items()))


def layer(key: str) -> Layer:
    """Find one layer by its key.

    Raises
    ------
    NotFoundError
        There is no such layer; the message lists those there are.
    """
    known = _layers()
    if key not in known:
        raise NotFoundError(f"there is no layer {key!r}; there are {', '.join(known)}")
    return known[key]


@cache
def _layers() -> dict[str, Layer]:
    return load_layers()


@cache
def schemes() -> dict[str, Scheme]:
    """Return the schemes of the layer files, read once."""
    return load_schemes()


@cache
def categories() -> dict[str, Category]:
    """Return the categories of the layer files by code, read once."""
    return load_categories()


def _load_all(folder: Path, build: Callable[[str, dict[str, Any]], T]) -> dict[str, T]:
    found: dict[str, T] = {}
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            found[path.stem] = build(path.stem, tomllib.loads(path.read_text(encoding="utf-8")))
        except tomllib.TOMLDecodeError as error:
            faults.append(Fault(path.name, f"not TOML: {error}"))
        except (KeyError, TypeError, ValueError) as error:
            what = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
            faults.append(Fault(path.name, what))
    if faults:
        raise InputError(faults, str(folder))
    return found


def _field(key: str, raw: dict[str, Any]) -> Field:
    if raw["type"] not in {"text", "integer", "number", "boolean", "time"}:
        raise ValueError(f"field {key}: type {raw['type']!r} is not text, integer, number, boolean or time")
    if raw.get("measure") and raw["type"] not in {"integer", "number"}:
        raise ValueError(f"field {key}: only figures can be a measure")
    return Field(
        key=key,
        title=Text.of(raw["title"]),
        type=raw["type"],
        unit=Text.of(raw.get("unit", "")),
        least=raw.get("least"),
        most=raw.get("most"),
        required=raw.get("required", False),
        measure=raw.get("measure", False),
        choices={k: Text.of(v) for k, v in raw.get("choices", {}).items()},
    )


def _layer(name: str, raw: dict[str, Any]) -> Layer:
    if raw["store"] not in {"grid", "place", "incident"}:
        raise ValueError(f"store {raw['store']!r} is not grid, place or incident")
    if strange := set(raw["geometry"]) - GEOMETRIES:
        raise ValueError(f"geometry {sorted(strange)} is not of {sorted(GEOMETRIES)}")
    if raw["visible_to"] not in AUDIENCES:
        raise ValueError(f"visible_to {raw['visible_to']!r} is not of {sorted(AUDIENCES)}")
    fields = {key: _field(key, value) for key, value in raw.get("fields", {}).items()}
    known = {"name", "address", "key", *fields}
    popup = raw.get("popup", {"heading": "name", "rows": []})
    if strange := {popup["heading"], *popup["rows"]} - known:
        raise ValueError(f"the popup names fields that the layer lacks: {sorted(strange)}")
    return Layer(
        key=name,
        title=Text.of(raw["title"]),
        store=raw["store"],
        kind=raw["kind"],
        geometry=frozenset(raw["geometry"]),
        natural_key=raw["natural_key"],
        source=Text.of(raw["source"]),
        visible_to=raw["visible_to"],
        fields=fields,
        style=raw.get("style", {}),
        popup_heading=popup["heading"],
        popup_rows=tuple(popup["rows"]),
    )


def _scheme(name: str, raw: dict[str, Any]) -> Scheme:
    levels = tuple(
        Level(level["key"], Text.of(level["title"]), rank, level["line_px"], level.get("dashed", False))
        for rank, level in enumerate(raw["levels"], start=1)
    )
    if len({level.key for level in levels}) != len(levels):
        raise ValueError("a level is given twice")
    changeover = raw.get("changeover", {})
    if strange := sorted(set(changeover) - {"open_incidents"}):
        raise ValueError(f"changeover: {strange[0]!r} is not known; there is open_incidents")
    rule = changeover.get("open_incidents", "stay")
    if rule not in OPEN_INCIDENTS:
        raise ValueError(f"changeover: open_incidents {rule!r} is not of {', '.join(OPEN_INCIDENTS)}")
    return Scheme(name, Text.of(raw["title"]), levels, tuple(raw["functions"]), rule)


def _categories(_name: str, raw: dict[str, Any]) -> list[Category]:
    return [
        Category(
            code=item["code"],
            side=item["side"],
            class_title=Text(item["class_zh"], item["class_en"]),
            title=Text(item["name_zh"], item["name_en"]),
            function=item["function"],
        )
        for item in raw["category"]
    ]
