"""Places: buildings, compounds, shops and whatever else stands in a grid; masks for personal data."""

import re
from typing import Final

KINDS: Final = ("building", "compound", "shop", "firm", "road", "component", "camera", "green", "water")
MOBILE_DIGITS: Final = 11
_DIGIT = re.compile(r"\d")


def mask_phone(phone: str | None) -> str | None:
    """Hide a telephone number but for what tells two apart, ``138****5678``.

    A mobile number keeps three digits in front and four behind; a shorter one only its last two, because it has
    too few to hide behind.
    """
    digits = "".join(_DIGIT.findall(phone or ""))
    if not digits:
        return None
    if len(digits) < MOBILE_DIGITS:
        return "*" * max(len(digits) - 2, 0) + digits[-2:]
    return f"{digits[:3]}****{digits[-4:]}"
