"""What all requests about plans have in common: they are carried out whole, once, and told in one form."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from gridmap.model.errors import ConflictError, Fault, ForbiddenError, InputError
from gridmap.model.plans import ACTIONS_BY_OTHERS, Action, Finding, Plan
from gridmap.services.opening import OpenCity
from gridmap.services.plan_checks import counts
from gridmap.spatial.drafts import Draft
from gridmap.store import plans as store
from gridmap.store.database import Connection

Answer = dict[str, Any]
LONGEST_NAME = 80
_LONGEST_NOTE, _LONGEST_KEY, _LISTED = 2000, 200, 20


def carried_out(
    city: OpenCity,
    actor: str,
    key: str | None,
    body: object,
    work: Callable[[Connection], Answer],
    *,
    load: bool = False,
) -> Answer:
    """Do some work in one transaction; a request with a key that was carried out before is answered as then.

    Parameters
    ----------
    actor
        Who asks.
    body
        What is asked for; the same key with another body is refused.
    load
        Whether it may take longer than a short write.

    Raises
    ------
    InputError
        Nobody says who asks.
    ConflictError
        The key was another request's.
    """
    text(actor, "actor", LONGEST_NAME)
    if key is not None:
        text(key, "idempotency key", _LONGEST_KEY)
    with city.database.load() if load else city.database.write() as connection:
        if key is None:
            return work(connection)
        if (before := store.answered(connection, actor, key, body)) is not None:
            return before
        answer = work(connection)
        store.remember(connection, actor, key, body, answer)
        return answer


def act(
    city: OpenCity,
    number: int,
    actor: str,
    action: Action,
    note: str,
    check: Callable[[Connection, Plan], dict[str, Any]] | None = None,
    data: dict[str, Any] | None = None,
) -> Answer:
    """Lead a plan to its next state, after a check that may refuse and say what else is to be saved."""
    said = note_text(note)

    def work(connection: Connection) -> Answer:
        plan = store.get(connection, number, lock=True)
        state = plan.after(action)
        if action in ACTIONS_BY_OTHERS and actor in {plan.author, *plan.drawers}:
            raise ForbiddenError(f"{actor} drew plan {number}: somebody else has to {action} it")
        more = check(connection, plan) if check else {}
        store.save(connection, plan, state=state, **more)
        store.note(connection, number, action, actor, said, data)
        return told(store.get(connection, number))

    return carried_out(city, actor, None, {}, work)


def told(plan: Plan) -> Answer:
    """Give a plan as answers carry it."""
    return {**asdict(plan), "drawers": list(plan.drawers)}


def state(city: OpenCity, connection: Connection, plan: Plan, draft: Draft) -> Answer:
    """Give a plan with what the checks say of it."""
    found = city.planning.findings(connection, plan, draft)
    own = [each.to_dict() for each in found if not each.inherited]
    return {"plan": told(plan), "counts": counts(found), "findings": own}


def refuse_errors(found: Iterable[Finding]) -> None:
    """Refuse to go on with a plan that has errors of its own."""
    errors = [each for each in found if each.severity == "error" and not each.inherited]
    faults = [
        Fault("" if each.lon is None else f"{each.lon:.7f}, {each.lat:.7f}", each.message.en, code=each.kind)
        for each in errors
    ]
    if faults:
        raise InputError(faults[:_LISTED], f"{len(faults)} errors in the plan")


def refuse_not_drawable(plan: Plan) -> None:
    """Refuse to draw in a plan that is no draft."""
    if plan.state != "draft":
        raise ConflictError(f"plan {plan.id} is {plan.state} and no longer drawn in; have it sent back first")


def text(said: str, place: str, longest: int) -> str:
    """Read a text that must be there.

    Raises
    ------
    InputError
        It is empty, too long, or has characters that cannot be written.
    """
    wanted = said.strip()
    if not wanted:
        raise InputError.of(place, "is empty", "say it", "missing")
    _refuse_unwritable(wanted, place, longest)
    return wanted


def note_text(said: str) -> str:
    """Read a text that may be empty."""
    wanted = said.strip()
    _refuse_unwritable(wanted, "note", _LONGEST_NOTE)
    return wanted


def _refuse_unwritable(said: str, place: str, longest: int) -> None:
    if len(said) > longest:
        raise InputError.of(place, f"has more than {longest} characters", "shorten it", "too_long")
    if any((ord(char) < ord(" ") and char not in "\n\t") or "\ud800" <= char <= "\udfff" for char in said):
        raise InputError.of(place, "has characters that cannot be written", code="unwritable")
