from datetime import UTC, datetime

import pytest

from gridmap.model.errors import ConflictError
from gridmap.model.plans import STATES, TRANSITIONS, Finding, Plan
from gridmap.model.words import Text

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def plan(state):
    return Plan(7, "governance", 1, "图", "", state, "li", None, 1, None, None, NOW, NOW)


@pytest.mark.parametrize("action", TRANSITIONS)
@pytest.mark.parametrize("state", STATES)
def test_an_action_leads_on_only_from_its_states(state, action):
    allowed, after = TRANSITIONS[action]
    if state in allowed:
        assert plan(state).after(action) == after
    else:
        with pytest.raises(ConflictError, match=f"plan 7 is {state}; {action} needs one that is"):
            plan(state).after(action)


def test_nothing_leads_out_of_what_is_over():
    assert not [action for action, (allowed, _) in TRANSITIONS.items() if {"withdrawn", "cancelled"} & allowed]
    assert [action for action, (allowed, _) in TRANSITIONS.items() if "published" in allowed] == ["cancel"]


def test_a_finding_has_a_key_and_tells_all():
    found = Finding("gap", "error", (1, 2, 3, 4, 5), ("甲",), 121.4, 31.2, Text("缝", "gap"), {"area_m2": 1.0})
    assert found.key == "gap:1-2-3-4@121.40000,31.20000"
    assert Finding("empty", "error", (1,), (), None, None, Text("空", "empty")).key == "empty:1"
    told = found.to_dict()
    assert told["message"] == {"zh": "缝", "en": "gap"}
    assert (told["grids"], told["inherited"], told["figures"]) == ([1, 2, 3, 4, 5], False, {"area_m2": 1.0})
