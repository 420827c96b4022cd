"""The error tree, and faults: what is wrong, where, and how to mend it.

GridmapError
├── InputError(ValueError)         what came in is wrong; carries every fault at once
│   └── CoverageError              a set of grids has gaps, overlaps or invalid outlines
├── NotFoundError(LookupError)     the thing that was named does not exist
│   └── GoneError                  it existed, and is no more; the text says what came in its stead
├── ForbiddenError(PermissionError)  somebody else has to do this
├── ConflictError(RuntimeError)    it changed meanwhile; read again and repeat
├── UnavailableError(RuntimeError) a part needed for the answer is not there now; try again later
└── SetupError(RuntimeError)       this machine lacks something; the text says how to mend it

Below the web only these are raised on purpose. `gridmap.api.problems` alone turns them into responses and
`gridmap.cli` alone into exit codes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an input.

    Attributes
    ----------
    place
        Where: a parameter, a field, ``row 17, column lon``, a coordinate pair.
    message
        What is wrong, in a sentence that a clerk understands.
    mend
        What to do about it; empty where the message already says so.
    code
        A stable short name that programs can test, such as ``out_of_range``.
    """

    place: str
    message: str
    mend: str = ""
    code: str = "invalid"

    def __str__(self) -> str:
        """Place, message and mend in one line."""
        text = f"{self.place}: {self.message}" if self.place else self.message
        return f"{text} ({self.mend})" if self.mend else text


class GridmapError(Exception):
    """Whatever gridmap raises on purpose."""


class InputError(GridmapError, ValueError):
    """An input is wrong; every fault found in it is listed.

    Parameters
    ----------
    faults
        All faults, in the order of the input; at least one.
    title
        What was being read, such as ``shops.csv`` or ``the question``.
    """

    def __init__(self, faults: list[Fault], title: str = "") -> None:
        if not faults:
            raise AssertionError("an InputError names at least one fault")
        self.faults = faults
        self.title = title
        lines = [str(fault) for fault in faults]
        super().__init__("\n".join([f"{title}:", *lines] if title else lines))

    @classmethod
    def of(cls, place: str, message: str, mend: str = "", code: str = "invalid") -> Self:
        """Make an error of one fault."""
        return cls([Fault(place, message, mend, code)])


class CoverageError(InputError):
    """A set of grids is not a clean coverage, and repair was not asked for."""


class NotFoundError(GridmapError, LookupError):
    """The thing that was named does not exist."""


class GoneError(NotFoundError):
    """The thing that was named existed, and is no more.

    Parameters
    ----------
    message
        Since when, and what came in its stead.
    details
        The same for programs.
    """

    def __init__(self, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.details = dict(details or {})


class ForbiddenError(GridmapError, PermissionError):
    """Whoever asks may not do this; the text says who may."""


class ConflictError(GridmapError, RuntimeError):
    """Something changed between reading and writing; read again and repeat.

    Parameters
    ----------
    message
        What changed.
    details
        The same for programs, such as the grids in conflict.
    """

    def __init__(self, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.details = dict(details or {})


class UnavailableError(GridmapError, RuntimeError):
    """A part needed for the answer is not there now; the same request may work later."""


class SetupError(GridmapError, RuntimeError):
    """The machine lacks something; the text says what, and how to mend it."""
