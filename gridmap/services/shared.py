"""Parts that many answers have in common: made once, and written once."""

from typing import Any, Literal, NamedTuple

import orjson

Way = Literal[0, 1]
DATA: Way = 0
JSON: Way = 1


class Shared(NamedTuple):
    """A part of answers in both ways of telling it, to be taken by ``[DATA]`` or ``[JSON]``.

    Attributes
    ----------
    data
        Plain data, to be read, not to be changed.
    json
        The same, written.
    """

    data: Any
    json: orjson.Fragment

    @classmethod
    def of(cls, data: Any) -> "Shared":  # noqa: ANN401 - whatever orjson can write
        """Write a part."""
        return cls(data, orjson.Fragment(orjson.dumps(data)))
