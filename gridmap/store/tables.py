"""The tables as SQLAlchemy sees them; the migrations make them, with their checks and triggers.

A test compares the two, so that neither can drift from the other.
"""

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import INT4RANGE, JSONB, TIMESTAMP, TSTZRANGE
from sqlalchemy.types import TypeEngine

metadata = MetaData()
_NOW = func.now()
_TIME = TIMESTAMP(timezone=True)


def _id(kind: type[TypeEngine[int]] = BigInteger) -> Column[int]:
    return Column("id", kind, Identity(always=True), primary_key=True)


def _geom(kind: str, name: str = "geom") -> Column[object]:
    return Column(name, Geometry(kind, 4326, spatial_index=False), nullable=False)


def _text(name: str, default: str | None = None) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=None if default is None else text(f"'{default}'::text"))


city = Table(
    "city",
    metadata,
    Column("single", Boolean, primary_key=True, server_default=text("true")),
    _text("key"),
    Column("title", JSONB, nullable=False),
    Column("invented", Boolean, nullable=False),
    _text("zone"),
)

scheme = Table(
    "scheme",
    metadata,
    _id(SmallInteger),
    Column("key", Text, nullable=False, unique=True),
    Column("title", JSONB, nullable=False),
)

level = Table(
    "level",
    metadata,
    Column("scheme_id", ForeignKey("scheme.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("rank", SmallInteger, nullable=False),
    Column("title", JSONB, nullable=False),
    UniqueConstraint("scheme_id", "rank"),
)

grid = Table(
    "grid",
    metadata,
    _id(),
    Column("scheme_id", SmallInteger, nullable=False),
    _text("level"),
    _text("key"),
    Column("created_at", _TIME, nullable=False, server_default=_NOW),
    ForeignKeyConstraint(["scheme_id", "level"], ["level.scheme_id", "level.key"]),
    UniqueConstraint("scheme_id", "level", "key"),
    UniqueConstraint("id", "scheme_id", "level"),
)

grid_code = Table(
    "grid_code",
    metadata,
    Column("scheme_id", ForeignKey("scheme.id"), primary_key=True),
    Column("code", Text, primary_key=True),
    Column("grid_id", ForeignKey("grid.id"), nullable=False),
    UniqueConstraint("scheme_id", "code", "grid_id"),
)

grid_shape = Table(
    "grid_shape",
    metadata,
    _id(),
    Column("grid_id", ForeignKey("grid.id"), nullable=False),
    _geom("MULTIPOLYGON"),
    Column("area_m2", Double, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("grid_id", "hash"),
    UniqueConstraint("id", "grid_id"),
    Index("grid_shape_geom", "geom", postgresql_using="gist"),
)

generation = Table(
    "generation",
    metadata,
    _id(),
    Column("scheme_id", ForeignKey("scheme.id"), nullable=False),
    Column("base_id", ForeignKey("generation.id")),
    _text("origin"),
    _text("note", ""),
    _geom("MULTIPOLYGON", "extent"),
    Column("grids", Integer, nullable=False),
    Column("published_at", _TIME, nullable=False, server_default=_NOW),
    UniqueConstraint("id", "scheme_id"),
)

generation_grid = Table(
    "generation_grid",
    metadata,
    Column("generation_id", BigInteger, primary_key=True),
    Column("grid_id", BigInteger, primary_key=True),
    Column("scheme_id", SmallInteger, nullable=False),
    _text("level"),
    Column("shape_id", BigInteger, nullable=False),
    Column("parent_id", BigInteger),
    Column("code", Text),
    _text("name"),
    ForeignKeyConstraint(["generation_id", "scheme_id"], ["generation.id", "generation.scheme_id"]),
    ForeignKeyConstraint(["grid_id", "scheme_id", "level"], ["grid.id", "grid.scheme_id", "grid.level"]),
    ForeignKeyConstraint(["shape_id", "grid_id"], ["grid_shape.id", "grid_shape.grid_id"]),
    ForeignKeyConstraint(
        ["scheme_id", "code", "grid_id"], ["grid_code.scheme_id", "grid_code.code", "grid_code.grid_id"]
    ),
    ForeignKeyConstraint(
        ["generation_id", "parent_id"],
        ["generation_grid.generation_id", "generation_grid.grid_id"],
        deferrable=True,
        initially="DEFERRED",
    ),
    UniqueConstraint("generation_id", "code"),
    Index("generation_grid_level", "generation_id", "level"),
)

generation_gap = Table(
    "generation_gap",
    metadata,
    Column("generation_id", ForeignKey("generation.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    _geom("MULTIPOLYGON"),
    Column("area_m2", Double, nullable=False),
)

generation_validity = Table(
    "generation_validity",
    metadata,
    _id(),
    Column("scheme_id", SmallInteger, nullable=False),
    Column("generation_id", BigInteger, nullable=False),
    Column("in_force", TSTZRANGE, nullable=False),
    Column("recorded", TSTZRANGE, nullable=False, server_default=func.tstzrange(_NOW, text("NULL"))),
    ForeignKeyConstraint(["generation_id", "scheme_id"], ["generation.id", "generation.scheme_id"]),
)

pointer = Table(
    "pointer",
    metadata,
    Column("scheme_id", ForeignKey("scheme.id"), primary_key=True),
    Column("generation_id", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("moved_at", _TIME, nullable=False, server_default=_NOW),
    ForeignKeyConstraint(["generation_id", "scheme_id"], ["generation.id", "generation.scheme_id"]),
)

change = Table(
    "change",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
)

gap_sighting = Table(
    "gap_sighting",
    metadata,
    _id(),
    Column("generation_id", ForeignKey("generation.id"), nullable=False),
    _geom("POINT"),
    Column("nearest_grid_id", ForeignKey("grid.id")),
    Column("distance_m", Double, nullable=False),
    Column("first_seen", _TIME, nullable=False, server_default=_NOW),
    Column("last_seen", _TIME, nullable=False, server_default=_NOW),
    Column("times", BigInteger, nullable=False, server_default=text("1")),
    Index(
        "gap_sighting_spot",
        "generation_id",
        literal_column("st_x(geom)"),
        literal_column("st_y(geom)"),
        unique=True,
    ),
)

import_run = Table(
    "import_run",
    metadata,
    _id(),
    _text("layer"),
    _text("file_name"),
    Column("file_hash", LargeBinary, nullable=False),
    Column("options", JSONB, nullable=False),
    Column("report", JSONB, nullable=False),
    Column("finished_at", _TIME, nullable=False, server_default=_NOW),
    Index("import_run_file", "layer", "file_hash"),
)

place = Table(
    "place",
    metadata,
    _id(),
    _text("kind"),
    _text("key"),
    _text("name", ""),
    _text("address", ""),
    Column("parent_id", ForeignKey("place.id")),
    _geom("GEOMETRY"),
    Column("properties", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    _text("search", ""),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("kind", "key"),
    Index("place_geom", "geom", postgresql_using="gist"),
    Index("place_search", "search", postgresql_using="gin", postgresql_ops={"search": "gin_trgm_ops"}),
    Index("place_parent", "parent_id"),
)

address = Table(
    "address",
    metadata,
    _id(),
    Column("place_id", ForeignKey("place.id", ondelete="CASCADE"), nullable=False),
    _text("text"),
    _text("road", ""),
    _text("lane", ""),
    _text("number", ""),
    _text("floor", ""),
    UniqueConstraint("place_id", "text"),
    Index("address_text", "text", postgresql_using="gin", postgresql_ops={"text": "gin_trgm_ops"}),
    Index("address_parts", "road", "lane", "number"),
)

post = Table(
    "post",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    _text("kind"),
    Column("rank", SmallInteger, nullable=False),
    _text("subject_kind"),
    Column("grid_id", ForeignKey("grid.id")),
    Column("place_id", ForeignKey("place.id")),
    Column("floors", INT4RANGE),
    Column("title", JSONB, nullable=False),
    Column("exclusive", Boolean, nullable=False, server_default=text("true")),
    UniqueConstraint("id", "exclusive"),
    Index("post_grid", "grid_id"),
    Index("post_place", "place_id"),
)

holder = Table(
    "holder",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    _text("kind"),
    _text("name"),
)

holder_contact = Table(
    "holder_contact",
    metadata,
    Column("holder_id", ForeignKey("holder.id", ondelete="CASCADE"), primary_key=True),
    _text("phone"),
)

assignment = Table(
    "assignment",
    metadata,
    _id(),
    Column("post_id", BigInteger, nullable=False),
    Column("exclusive", Boolean, nullable=False),
    Column("holder_id", ForeignKey("holder.id"), nullable=False),
    Column("during", TSTZRANGE, nullable=False),
    ForeignKeyConstraint(["post_id", "exclusive"], ["post.id", "post.exclusive"]),
)

absence = Table(
    "absence",
    metadata,
    _id(),
    Column("holder_id", ForeignKey("holder.id"), nullable=False),
    Column("during", TSTZRANGE, nullable=False),
    _text("reason", ""),
)

category = Table(
    "category",
    metadata,
    Column("code", Text, primary_key=True),
    _text("side"),
    Column("class_title", JSONB, nullable=False),
    Column("title", JSONB, nullable=False),
    _text("function"),
)

incident = Table(
    "incident",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    Column("category", ForeignKey("category.code")),
    Column("reported_at", _TIME, nullable=False),
    _text("state"),
    Column("closed_at", _TIME),
    Column("accuracy_m", Double),
    _text("description", ""),
    _text("address", ""),
    _geom("POINT"),
    Column("hash", LargeBinary, nullable=False),
    Index("incident_geom", "geom", postgresql_using="gist"),
    Index("incident_time", "reported_at"),
)

plan = Table(
    "plan",
    metadata,
    _id(),
    Column("scheme_id", ForeignKey("scheme.id"), nullable=False),
    Column("base_id", BigInteger, nullable=False),
    _text("title"),
    _text("note", ""),
    _text("state", "draft"),
    _text("author"),
    Column("head", Integer),
    Column("edits", Integer, nullable=False, server_default=text("0")),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    Column("in_force_from", _TIME),
    Column("generation_id", BigInteger, unique=True),
    Column("created_at", _TIME, nullable=False, server_default=_NOW),
    Column("changed_at", _TIME, nullable=False, server_default=_NOW),
    ForeignKeyConstraint(["base_id", "scheme_id"], ["generation.id", "generation.scheme_id"]),
    ForeignKeyConstraint(["generation_id", "scheme_id"], ["generation.id", "generation.scheme_id"]),
    ForeignKeyConstraint(
        ["id", "head"],
        ["plan_edit.plan_id", "plan_edit.number"],
        name="plan_head",
        deferrable=True,
        initially="DEFERRED",
        use_alter=True,
    ),
    Index("plan_state", "scheme_id", "state"),
)

plan_edit = Table(
    "plan_edit",
    metadata,
    Column("plan_id", ForeignKey("plan.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("prev", Integer),
    Column("base_id", ForeignKey("generation.id"), nullable=False),
    _text("kind"),
    Column("given", JSONB, nullable=False),
    _text("author"),
    Column("made_at", _TIME, nullable=False, server_default=_NOW),
    ForeignKeyConstraint(["plan_id", "prev"], ["plan_edit.plan_id", "plan_edit.number"]),
)

plan_grid = Table(
    "plan_grid",
    metadata,
    Column("plan_id", BigInteger, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("grid_id", BigInteger, primary_key=True),
    Column("retired", Boolean, nullable=False, server_default=text("false")),
    Column("level", Text),
    Column("parent_id", BigInteger),
    Column("code", Text),
    Column("name", Text),
    Column("geom", Geometry("MULTIPOLYGON", 4326, spatial_index=False)),
    ForeignKeyConstraint(["plan_id", "number"], ["plan_edit.plan_id", "plan_edit.number"]),
)

plan_step = Table(
    "plan_step",
    metadata,
    _id(),
    Column("plan_id", ForeignKey("plan.id"), nullable=False),
    _text("action"),
    _text("actor"),
    Column("at", _TIME, nullable=False, server_default=_NOW),
    _text("note", ""),
    Column("data", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Index("plan_step_plan", "plan_id", "id"),
)

request = Table(
    "request",
    metadata,
    Column("actor", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
    Column("answer", JSONB, nullable=False),
    Column("made_at", _TIME, nullable=False, server_default=_NOW),
)

incident_changeover = Table(
    "incident_changeover",
    metadata,
    _id(),
    Column("incident_id", ForeignKey("incident.id"), nullable=False),
    Column("generation_id", ForeignKey("generation.id"), nullable=False),
    Column("from_grid_id", ForeignKey("grid.id"), nullable=False),
    Column("to_grid_id", ForeignKey("grid.id")),
    _text("rule"),
    Column("recorded_at", _TIME, nullable=False, server_default=_NOW),
    UniqueConstraint("incident_id", "generation_id"),
)

incident_changeover_answer = Table(
    "incident_changeover_answer",
    metadata,
    _id(),
    Column("changeover_id", ForeignKey("incident_changeover.id"), nullable=False),
    _text("answer"),
    _text("actor"),
    _text("note", ""),
    Column("answered_at", _TIME, nullable=False, server_default=_NOW),
)

generation_changeover = Table(
    "generation_changeover",
    metadata,
    Column("generation_id", ForeignKey("generation.id"), primary_key=True, autoincrement=False),
    Column("incidents", Integer, nullable=False),
    Column("settled_at", _TIME, nullable=False, server_default=_NOW),
)
