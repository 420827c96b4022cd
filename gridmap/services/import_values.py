"""Reading the values of a column by the type that its layer declares, each fault told with its row."""

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridmap.model.layers import Field
from gridmap.services.import_report import Rejected, rejection

LONGEST_KEY: Final = 200
LONGEST_LINE: Final = 500
_LONGEST_TEXT: Final = 20_000
_LARGEST: Final = 10**15
"""Beyond this a double no longer holds every whole number."""
_YEARS: Final = (1900, 2200)
_TRUE, _FALSE = {"true", "t", "yes", "y", "1", "是"}, {"false", "f", "no", "n", "0", "否"}
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_TIME: Final = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[Tt\s]\s*(\d{1,2})[:时](\d{2})(?:[:分](\d{2})(?:[.,](\d{1,9}))?秒?)?分?\s*(Z|z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_SIMPLE_MENDS: Final = {
    "integer": "give a whole number",
    "number": "give a number",
    "boolean": "give yes or no",
    "time": "write 2026-03-01 08:00 or 2026-03-01T08:00:00+08:00",
}


def text_of(value: object) -> str:
    """Read a value as text; empty where nothing stands."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    # PostgreSQL takes neither NUL nor lone surrogates.
    return str(value).replace("\x00", "").encode("utf-8", "replace").decode().strip()


@dataclass
class Values:
    """Reads columns and takes down what is wrong with single rows.

    Attributes
    ----------
    zone
        In which a time without an offset is meant: the city's own.
    rejected
        What keeps rows out.
    local_times
        How many times were read in that zone.
    """

    zone: ZoneInfo
    rejected: list[Rejected] = field(default_factory=list)
    local_times: int = 0

    def texts(self, column: Any, length: int, name: str = "", most: int = LONGEST_LINE) -> NDArray[np.object_]:  # noqa: ANN401 - a column or None
        """Read a column as texts, empty where nothing stands or the text is too long."""
        read = np.full(length, "", dtype=object)
        if column is None:
            return read
        for row, value in enumerate(column):
            text = text_of(value)
            if len(text) > most:
                reason = f"is longer than {most} characters"
                self.rejected.append(rejection(row, name, text, reason, "shorten it", "too_long"))
                continue
            read[row] = text
        return read

    def read(self, column: Any, declared: Field) -> NDArray[np.object_]:  # noqa: ANN401 - a column
        """Read a column by its declared type; None where nothing stands or the value is rejected.

        Returns
        -------
        ndarray
            Of str, int, float, bool or datetime (UTC).
        """
        read = np.full(len(column), None, dtype=object)
        for row, value in enumerate(column):
            text = text_of(value)
            if not text:
                if declared.required:
                    self.rejected.append(rejection(row, declared.key, "", "is missing", "fill it in", "missing"))
                continue
            try:
                read[row] = self._value(value, text, declared)
            except ValueError as error:
                self.rejected.append(rejection(row, declared.key, text, str(error), _mend(declared), declared.type))
        return read

    def _value(self, value: object, text: str, declared: Field) -> object:
        if declared.type == "text":
            return _text(text, declared)
        if declared.type == "boolean":
            if text.lower() not in _TRUE | _FALSE:
                raise ValueError("is neither yes nor no")
            return text.lower() in _TRUE
        if declared.type == "time":
            return self._time(value, text)
        return _number(text, declared)

    def _time(self, value: object, text: str) -> datetime:
        try:
            instant = value.to_pydatetime(warn=False) if isinstance(value, pd.Timestamp) else _instant(value, text)
            if instant.tzinfo is None:
                # A time without an offset is the city's own: that is what a clerk's sheet means.
                self.local_times += 1
                instant = instant.replace(tzinfo=self.zone)
            instant = instant.astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValueError("is not a time") from None
        if not _YEARS[0] <= instant.year < _YEARS[1]:
            raise ValueError(f"lies outside the years {_YEARS[0]} to {_YEARS[1]}")
        return instant


def _instant(value: object, text: str) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    match = _TIME.fullmatch(text) if isinstance(value, str) else None
    if match is None:
        raise ValueError
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    fraction = int((match[7] or "0").ljust(6, "0")[:6])
    moment = datetime(year, month, day, hour, minute, second, fraction)  # noqa: DTZ001 - likewise
    if match[8] is None:
        return moment
    offset = "+00:00" if match[8] in "Zz" else match[8]
    return datetime.fromisoformat(moment.isoformat() + offset)


def _text(text: str, declared: Field) -> str:
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"is longer than {_LONGEST_TEXT} characters")
    if not declared.choices or text in declared.choices:
        return text
    titles = {title: key for key, both in declared.choices.items() for title in (both.zh, both.en.lower())}
    if text.lower() not in titles:
        raise ValueError("is not one of the choices")
    return titles[text.lower()]


def _number(text: str, declared: Field) -> float | int:
    if not _NUMBER.fullmatch(text):
        raise ValueError("is not a number")
    number = float(text)
    if declared.type == "integer" and not number.is_integer():
        raise ValueError("is not a whole number")
    if abs(number) > _LARGEST:
        raise ValueError("is too large")
    if declared.least is not None and number < declared.least:
        raise ValueError(f"is below {declared.least:g}")
    if declared.most is not None and number > declared.most:
        raise ValueError(f"is above {declared.most:g}")
    return int(number) if declared.type == "integer" else number


def _mend(declared: Field) -> str:
    if declared.choices:
        return "one of " + ", ".join(f"{key} ({both.zh})" for key, both in declared.choices.items())
    return _SIMPLE_MENDS.get(declared.type, "shorten it")
