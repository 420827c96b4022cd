"""Edits as they are asked for: read strictly, carried out on a draft, and kept so that they can be asked for again."""

from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Any, Literal, cast

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from gridmap.model.errors import Fault, InputError
from gridmap.services.plan_codes import codes_under
from gridmap.spatial import edits
from gridmap.spatial.datums import parse_datum, to_wgs84
from gridmap.spatial.drafts import Changes, Draft

_MOST_POINTS = 10_000
_MOST_GRIDS = 5_000
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Degrees = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
Point = tuple[Degrees, Degrees]
Line = Annotated[list[Point], Field(min_length=2, max_length=_MOST_POINTS)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Code = Annotated[str, Field(min_length=1, max_length=40)]
Key = Annotated[str, Field(min_length=1, max_length=40)]


class _Edit(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="after")
    @classmethod
    def _writable(cls, value: object) -> object:
        texts = value if isinstance(value, list) else [value]
        for text in texts:
            if isinstance(text, str) and any(ord(char) < ord(" ") or "\ud800" <= char <= "\udfff" for char in text):
                raise ValueError("has characters that cannot be written")
        return value


class _Drawn(_Edit):
    """What has coordinates says what they are: it is never guessed."""

    datum: Key

    @field_validator("datum")
    @classmethod
    def _known(cls, datum: str) -> str:
        try:
            return parse_datum(datum)
        except InputError as error:
            raise ValueError(error.faults[0].message) from None


class Split(_Drawn):
    """Split a grid by a line, or divide it into children on `level`."""

    kind: Literal["split"]
    grid: Id
    line: Line
    names: list[Name] = Field(default_factory=list, max_length=100)
    level: Key | None = None
    cut_children: bool = False


class Merge(_Edit):
    """Merge neighbours; the first stays."""

    kind: Literal["merge"]
    grids: Annotated[list[Id], Field(min_length=2, max_length=_MOST_GRIDS)]
    name: Name | None = None


class Reshape(_Drawn):
    """Give the border of two grids a new course."""

    kind: Literal["reshape"]
    grids: Annotated[list[Id], Field(min_length=2, max_length=2)]
    line: Line


class Step(_Edit):
    """From where to where a vertex moves."""

    start: Point
    end: Point


class Move(_Drawn):
    """Move vertices of borders."""

    kind: Literal["move"]
    steps: Annotated[list[Step], Field(min_length=1, max_length=1000)]


class Draw(_Drawn):
    """Draw a grid that takes its ground from those of its level."""

    kind: Literal["draw"]
    level: Key
    polygon: Annotated[list[Line], Field(min_length=1, max_length=100)]
    name: Name
    parent: Id | None = None
    cut_children: bool = False


class Assign(_Edit):
    """Give grids to another parent."""

    kind: Literal["assign"]
    grids: Annotated[list[Id], Field(min_length=1, max_length=_MOST_GRIDS)]
    parent: Id


class Create(_Edit):
    """Create a grid without ground."""

    kind: Literal["create"]
    level: Key
    name: Name
    parent: Id | None = None


class Retire(_Edit):
    """Take a grid out; its children go to the one above."""

    kind: Literal["retire"]
    grid: Id


class Rename(_Edit):
    """Give a grid another name."""

    kind: Literal["rename"]
    grid: Id
    name: Name


class Recode(_Edit):
    """Give a grid another code, or with `under` all below a grid codes by the fifteen-digit rule."""

    kind: Literal["recode"]
    grid: Id | None = None
    code: Code | None = None
    under: Id | None = None


Edit = Annotated[
    Split | Merge | Reshape | Move | Draw | Assign | Create | Retire | Rename | Recode, Field(discriminator="kind")
]
_READER: TypeAdapter[Any] = TypeAdapter(Edit)
KINDS = ("split", "merge", "reshape", "move", "draw", "assign", "create", "retire", "rename", "recode")


def read_edit(raw: object) -> Edit:
    """Read an edit.

    Raises
    ------
    InputError
        Every fault of it.
    """
    if isinstance(raw, _Edit):
        return cast("Edit", raw)
    try:
        found: Edit = _READER.validate_python(raw)
    except ValidationError as error:
        faults = [
            Fault(
                ".".join(str(part) for part in each["loc"] if part not in KINDS) or "edit",
                str(each["msg"]).removeprefix("Value error, ")[:200],
                code=str(each["type"]),
            )
            for each in error.errors(include_input=False, include_url=False)[:20]
        ]
        raise InputError(faults, "the edit") from None
    return found


class Ids(Iterator[int]):
    """Permanent ids for what an edit makes: those that it was given before come first; all that were taken are kept."""

    def __init__(self, before: list[int], fresh: Iterator[int]) -> None:
        self._all = chain(before, fresh)
        self.taken: list[int] = []

    def __next__(self) -> int:
        taken = next(self._all)
        self.taken.append(taken)
        return taken


def carry_out(draft: Draft, edit: Edit, ids: Ids, taken_codes: dict[str, int]) -> Changes:
    """Carry an edit out on a draft.

    Parameters
    ----------
    taken_codes
        Codes that were ever given, with the grids that had them.

    Raises
    ------
    InputError
        Why it cannot be done.
    NotFoundError
        A grid or level that there is not.
    """
    if isinstance(edit, _Drawn):
        return _drawn(draft, edit, ids)
    match edit:
        case Merge():
            changes = edits.merge(draft, edit.grids, name=edit.name)
        case Assign():
            changes = edits.assign(draft, edit.grids, edit.parent)
        case Create():
            changes = edits.create(draft, edit.level, edit.name, ids, parent=edit.parent)
        case Retire():
            changes = edits.retire(draft, edit.grid)
        case Rename():
            changes = edits.rename(draft, {edit.grid: edit.name})
        case Recode(grid=int() as grid, under=None):
            changes = edits.recode(draft, {grid: edit.code})
        case Recode(grid=None, under=int() as root):
            changes = edits.recode(draft, codes_under(draft, root, taken_codes))
        case _:
            raise InputError.of("grid, under", "give one of the two", code="recode")
    return changes


def _drawn(draft: Draft, edit: _Drawn, ids: Ids) -> Changes:
    if isinstance(edit, Split):
        return edits.split(
            draft,
            edit.grid,
            _degrees(edit.line, edit.datum),
            ids,
            names=edit.names,
            level=edit.level,
            cut_children=edit.cut_children,
        )
    if isinstance(edit, Reshape):
        return edits.reshape(draft, edit.grids, _degrees(edit.line, edit.datum))
    if isinstance(edit, Move):
        starts = _degrees([step.start for step in edit.steps], edit.datum)
        ends = _degrees([step.end for step in edit.steps], edit.datum)
        return edits.move(draft, list(zip(starts, ends, strict=True)))
    if not isinstance(edit, Draw):
        raise TypeError(type(edit).__name__)
    return edits.draw(
        draft,
        edit.level,
        [_degrees(ring, edit.datum) for ring in edit.polygon],
        ids,
        name=edit.name,
        parent=edit.parent,
        cut_children=edit.cut_children,
    )


def _degrees(line: list[Point], datum: str) -> list[tuple[float, float]]:
    points = np.array(line, np.float64)
    lon, lat = to_wgs84(points[:, 0], points[:, 1], datum)
    return list(zip(lon.tolist(), lat.tolist(), strict=True))
