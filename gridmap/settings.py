"""Settings, from the environment (``GRIDMAP_…``) or from keywords; read by app, city, cli and migrations only."""

from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gridmap.model.errors import Fault, InputError


class Settings(BaseSettings):
    """What can be set.

    Attributes
    ----------
    database_url
        An existing PostgreSQL with PostGIS, ``postgresql://user@host/name``; without it the private cluster is used.
    data_dir
        Where the private cluster lives.
    city
        ``demo`` or ``own``; without it your own city if it holds anything, else the demo.
    host, port, workers
        Where to serve; loopback unless told otherwise.
    language
        ``zh`` or ``en`` for commands; pages follow the reader.
    user
        Who gives the commands, where it is not the one who is logged in.
    zone
        The city's time zone.

    Raises
    ------
    InputError
        Every setting that cannot be read, by the name that it has in the environment.
    """

    model_config = SettingsConfigDict(env_prefix="GRIDMAP_", extra="forbid")

    database_url: str | None = None
    data_dir: Path | None = None
    city: Literal["demo", "own"] | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    language: Literal["zh", "en"] | None = None
    user: str | None = None
    zone: str = "Asia/Shanghai"

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (LookupError, OSError, ValueError):
            raise ValueError("is no time zone: write one such as Asia/Shanghai") from None
        return zone

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - whatever a setting may be
        try:
            super().__init__(**values)
        except ValidationError as error:
            faults = [
                Fault(
                    f"GRIDMAP_{'_'.join(map(str, each['loc'])).upper()}",
                    each["msg"].removeprefix("Value error, "),
                    code=each["type"],
                )
                for each in error.errors(include_input=False)
            ]
            raise InputError(faults, "settings") from None
