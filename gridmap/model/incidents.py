"""Incidents: what was reported, where and when; the states of a case's life."""

from typing import Final

STATES: Final = ("reported", "accepted", "registered", "dispatched", "handled", "verified", "closed")
OPEN_STATES: Final = STATES[:-1]
