"""The life of a plan: opened, submitted, looked at by somebody else, published for a date; or taken back."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from gridmap.model.errors import Fault, InputError, NotFoundError, UnavailableError
from gridmap.model.layers import schemes
from gridmap.model.plans import STATES, Plan
from gridmap.services.opening import OpenCity
from gridmap.services.plan_conflicts import conflicts
from gridmap.services.plan_requests import Answer, act, carried_out, note_text, refuse_errors, state, text, told
from gridmap.services.publishing import publish_draft
from gridmap.store import generations, redrawing
from gridmap.store import plans as store
from gridmap.store.database import Connection

_LONGEST_TITLE, _LONGEST_NOTE = 200, 2000
_LISTED = 20


def listing(city: OpenCity, scheme: str | None = None, states: Sequence[str] | None = None) -> list[Answer]:
    """List plans, the one changed last first.

    Raises
    ------
    InputError
        A state that there is not.
    """
    if strange := sorted(set(states or ()) - set(STATES)):
        raise InputError.of("state", f"{strange[0][:40]!r} is not known", f"there are {', '.join(STATES)}", "unknown")
    with city.database.read() as connection:
        return [told(plan) for plan in store.listing(connection, scheme, states)]


def one(city: OpenCity, number: int) -> Answer:
    """Give a plan with its edits, steps, and what the checks say."""
    city.planning.facts.renew()
    with city.database.read() as connection:
        plan = store.get(connection, number)
        draft = city.planning.draft(connection, plan)
        edits = store.edits(connection, number).values()
        head = generations.head(connection, plan.scheme)
        return {
            **state(city, connection, plan, draft),
            "newest": head,
            "edits": [
                {"number": e.number, "prev": e.prev, "kind": e.kind, "author": e.author, "made_at": e.made_at}
                for e in edits
                if e.base == plan.base
            ],
            "steps": [
                {"action": s.action, "actor": s.actor, "at": s.at, "note": s.note, "data": s.data}
                for s in store.steps(connection, number)
            ],
        }


def open_plan(city: OpenCity, scheme: str, title: str, actor: str, *, note: str = "", key: str | None = None) -> Answer:
    """Open a plan on the generation published last.

    Raises
    ------
    InputError
        It has no title, or nobody says who opens it.
    NotFoundError
        There is no such scheme, or it has no lines yet.
    """
    said = text(title, "title", _LONGEST_TITLE)
    if scheme not in schemes():
        raise NotFoundError(f"there is no scheme {scheme!r}; there are {', '.join(schemes())}")
    body = {"do": "open", "scheme": scheme, "title": said, "note": note}

    def work(connection: Connection) -> Answer:
        base = generations.head(connection, scheme)
        if base is None:
            raise NotFoundError(f"{scheme} has no lines yet; `gridmap import grids` brings the first")
        owner = generations.scheme_id(connection, scheme)
        made = store.add(connection, owner, base, said, note_text(note), actor)
        store.note(connection, made, "open", actor, note_text(note))
        return told(store.get(connection, made))

    return carried_out(city, actor, key, body, work)


def submit(city: OpenCity, number: int, actor: str, *, note: str = "", in_force_from: datetime | None = None) -> Answer:
    """Hand a plan in for review, with the instant from which it shall decide.

    Raises
    ------
    InputError
        It has errors, each named with its place; or changes nothing.
    """

    def check(connection: Connection, plan: Plan) -> dict[str, Any]:
        draft = city.planning.draft(connection, plan)
        if not draft.changed:
            raise InputError.of("plan", "changes nothing", "draw something first", "nothing")
        refuse_errors(city.planning.findings(connection, plan, draft))
        return {"in_force_from": in_force_from}

    return act(city, number, actor, "submit", note, check)


def approve(
    city: OpenCity, number: int, actor: str, *, note: str = "", words: Mapping[str, str] | None = None
) -> Answer:
    """Approve a plan that somebody else drew, with a word on each of its warnings.

    Raises
    ------
    ForbiddenError
        The plan is one's own.
    InputError
        Warnings without a word; each is named.
    """
    said = dict(words or {})

    def check(connection: Connection, plan: Plan) -> dict[str, Any]:
        found = city.planning.findings(connection, plan, city.planning.draft(connection, plan))
        refuse_errors(found)
        warnings = [each for each in found if each.severity == "warning" and not each.inherited]
        faults = [
            Fault(each.key, each.message.en, "say why this may be", "no_word")
            for each in warnings
            if not said.get(each.key, "").strip()
        ]
        if faults:
            raise InputError(faults[:_LISTED], f"{len(faults)} warnings without a word")
        return {}

    return act(city, number, actor, "approve", note, check, {"words": said})


def send_back(city: OpenCity, number: int, actor: str, *, note: str) -> Answer:
    """Give a plan back to its author, saying why.

    Raises
    ------
    InputError
        Nothing is said.
    """
    text(note, "note", _LONGEST_NOTE)
    return act(city, number, actor, "send_back", note)


def withdraw(city: OpenCity, number: int, actor: str, *, note: str = "") -> Answer:
    """End a plan that was not published; it stays on record."""
    return act(city, number, actor, "withdraw", note)


def publish(
    city: OpenCity,
    number: int,
    actor: str,
    *,
    note: str = "",
    in_force_from: datetime | None = None,
    key: str | None = None,
) -> Answer:
    """Publish an approved plan for an instant: the one given, else that it was submitted for, else at once.

    Raises
    ------
    ConflictError
        Another plan was published meanwhile; the grids in conflict are named. `rebase` goes on from there.
    """
    said = note_text(note)
    body = {"do": "publish", "plan": number, "note": said, "from": in_force_from and in_force_from.isoformat()}

    def work(connection: Connection) -> Answer:
        plan = store.get(connection, number, lock=True)
        state = plan.after("publish")
        draft = city.planning.draft(connection, plan)
        if generations.head(connection, plan.scheme) != plan.base:
            raise conflicts(city, connection, plan, draft)
        refuse_errors(city.planning.findings(connection, plan, draft))
        start = in_force_from or plan.in_force_from
        made = publish_draft(connection, plan, draft, start)
        store.save(connection, plan, state=state, generation_id=made, in_force_from=start)
        store.note(connection, number, "publish", actor, said, {"generation": made})
        return told(store.get(connection, number))

    return _seen(city, carried_out(city, actor, key, body, work, load=True))


def cancel(city: OpenCity, number: int, actor: str, *, note: str = "") -> Answer:
    """Take a publication back before its lines decide.

    Raises
    ------
    ConflictError
        They decide already, or another plan was published on them.
    """

    def work(connection: Connection) -> Answer:
        plan = store.get(connection, number, lock=True)
        state = plan.after("cancel")
        redrawing.cancel(connection, plan.scheme, plan.generation or 0, plan.base)
        store.save(connection, plan, state=state)
        store.note(connection, number, "cancel", actor, note_text(note), {"generation": plan.generation})
        return told(store.get(connection, number))

    return _seen(city, carried_out(city, actor, None, {}, work, load=True))


def _seen(city: OpenCity, told: Answer) -> Answer:
    """Let whoever changed the lines here find them changed with the next question; the other workers look anyway."""
    with suppress(UnavailableError):
        city.keeper.look()
    return told
