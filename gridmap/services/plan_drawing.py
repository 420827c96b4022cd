"""Drawing in a plan: edit by edit, undone and redone, and once more on newer lines."""

from collections.abc import Callable, Mapping
from typing import Any

from gridmap.model.errors import ConflictError, Fault, InputError, NotFoundError
from gridmap.model.plans import Action, Plan, PlanEdit
from gridmap.services.drafts import path
from gridmap.services.opening import OpenCity
from gridmap.services.plan_edits import Edit, Ids, carry_out, read_edit
from gridmap.services.plan_requests import Answer, carried_out, refuse_not_drawable, state
from gridmap.spatial.drafts import Changes, Draft, DraftGrid
from gridmap.store import generations
from gridmap.store import plans as store
from gridmap.store.database import Connection

FROM_FILE = "file"
"""The kind of an edit that was worked out from an edited file."""

Drawn = tuple[Answer, Plan, Draft]
"""What is answered, with the plan and its draft as they are then."""

_LISTED = 20


def edit_plan(
    city: OpenCity,
    number: int,
    raw: object,
    actor: str,
    *,
    after: int | None = None,
    follow: bool = False,
    key: str | None = None,
) -> Answer:
    """Carry an edit out and put it on record, with what it made of the grids and what the checks say.

    Parameters
    ----------
    raw
        The edit, as the public contract has it.
    after
        Number of the edit that the author saw last; None for none.
    follow
        Take whatever edit is the last one instead.

    Raises
    ------
    InputError
        Why it cannot be done.
    ConflictError
        The plan is no draft, or got another edit meanwhile.
    """
    edit = read_edit(raw)
    body = {"do": "edit", "plan": number, "after": after, "edit": edit.model_dump(mode="json")}

    def work(connection: Connection) -> Drawn:
        plan = store.get(connection, number, lock=True)
        refuse_not_drawable(plan)
        if not follow and plan.head != after:
            raise ConflictError(
                f"plan {number} stands at edit {plan.head or 0}, not at {after or 0}: read it again and repeat",
                {"head": plan.head},
            )
        draft = city.planning.draft(connection, plan)
        made, given = apply(connection, plan, draft, edit)
        if not made:
            raise InputError.of("edit", "changes nothing", code="nothing")
        return _recorded(city, connection, plan, draft, edit.kind, given, made, actor)

    return _carried_out(city, actor, key, body, work)


def apply(
    connection: Connection, plan: Plan, draft: Draft, edit: Edit, before: list[int] | None = None
) -> tuple[Changes, dict[str, Any]]:
    """Carry an edit out on a draft; give the changes, and the edit as it is kept, with the ids that it took."""
    ids = Ids(before or [], store.new_ids(connection))
    changes = carry_out(draft, edit, ids, generations.codes(connection, plan.scheme))
    changes = {grid: after for grid, after in changes.items() if (draft.grid(grid) if grid in draft else None) != after}
    return changes, {**edit.model_dump(mode="json", exclude_defaults=True), "kind": edit.kind, "ids": ids.taken}


def record(
    city: OpenCity, number: int, kind: str, given: dict[str, Any], changes: Callable[[Draft], Changes], actor: str
) -> Answer:
    """Put changes on record that were worked out elsewhere, such as from an edited file."""

    def work(connection: Connection) -> Drawn:
        plan = store.get(connection, number, lock=True)
        refuse_not_drawable(plan)
        draft = city.planning.draft(connection, plan)
        made = changes(draft)
        if not made:
            raise InputError.of("file", "differs in nothing from the plan", code="nothing")
        return _recorded(city, connection, plan, draft, kind, given, made, actor)

    return _carried_out(city, actor, None, {}, work)


def _carried_out(
    city: OpenCity,
    actor: str,
    key: str | None,
    body: object,
    work: Callable[[Connection], Drawn],
    *,
    load: bool = False,
) -> Answer:
    """Draw in one transaction; the draft is kept in memory only once it is written.

    The number of an edit that was not is given again, to another.
    """
    drawn: list[tuple[Plan, Draft]] = []

    def noted(connection: Connection) -> Answer:
        answer, plan, draft = work(connection)
        drawn.append((plan, draft))
        return answer

    told = carried_out(city, actor, key, body, noted, load=load)
    for plan, draft in drawn:
        city.planning.drafts.keep(plan, plan.head, draft)
    return told


def _recorded(
    city: OpenCity,
    connection: Connection,
    plan: Plan,
    draft: Draft,
    kind: str,
    given: dict[str, Any],
    made: Changes,
    actor: str,
) -> Drawn:
    number = store.add_edit(connection, plan, plan.head, kind, given, actor, made)
    store.save(connection, store.get(connection, plan.id), head=number)
    now = store.get(connection, plan.id)
    drawn = draft.after(made)
    return {"edit": number, **state(city, connection, now, drawn), "grids": sorted(made)}, now, drawn


def undo(city: OpenCity, number: int, actor: str, *, after: int | None = None) -> Answer:
    """Take the last edit back; it stays on record and can be redone.

    Raises
    ------
    ConflictError
        The plan is no draft, or stands elsewhere.
    InputError
        There is nothing to undo.
    """
    return _step(city, number, actor, "undo", after)


def redo(city: OpenCity, number: int, actor: str, *, after: int | None = None) -> Answer:
    """Let the edit count again that was taken back last.

    Raises
    ------
    ConflictError
        The plan is no draft, or stands elsewhere.
    InputError
        There is nothing to redo.
    """
    return _step(city, number, actor, "redo", after)


def _step(city: OpenCity, number: int, actor: str, action: Action, after: int | None) -> Answer:
    def work(connection: Connection) -> Answer:
        plan = store.get(connection, number, lock=True)
        plan.after(action)
        if after is not None and plan.head != after:
            raise ConflictError(f"plan {number} stands at edit {plan.head or 0}, not at {after}", {"head": plan.head})
        edits = store.edits(connection, number)
        if action == "undo":
            if plan.head is None:
                raise InputError.of("plan", "has no edit to undo", code="nothing")
            head = edits[plan.head].prev
        else:
            # of edits that follow the same one, the newest was taken back last
            following = [each.number for each in edits.values() if each.prev == plan.head and each.base == plan.base]
            if not following:
                raise InputError.of("plan", "has no edit to redo", code="nothing")
            head = max(following)
        before = city.planning.draft(connection, plan)
        store.save(connection, plan, head=head)
        store.note(connection, number, action, actor, data={"from": plan.head, "to": head})
        now = store.get(connection, number)
        draft = city.planning.drafts.of(connection, now, head)
        changed = {grid for grid in {*before.changed, *draft.changed} if before.find(grid) != draft.find(grid)}
        return {"edit": head, **state(city, connection, now, draft), "grids": sorted(changed)}

    return carried_out(city, actor, None, {}, work)


def rebase(city: OpenCity, number: int, actor: str) -> Answer:
    """Draw a plan again, edit by edit, on the generation published last; tell which edits no longer apply.

    Those stay on record; the plan is a draft again.

    Raises
    ------
    InputError
        It stands on the newest lines already.
    """

    def work(connection: Connection) -> Drawn:
        plan = store.get(connection, number, lock=True)
        target = plan.after("rebase")
        base = generations.head(connection, plan.scheme)
        if base is None or base == plan.base:
            raise InputError.of("plan", "stands on the newest lines already", code="nothing")
        way, made = path(store.edits(connection, number), plan.head), store.changes(connection, number)
        drafts = city.planning.drafts
        old = drafts.base(plan.base).grids
        store.save(connection, plan, base_id=base, head=None, state=target)
        fresh = store.get(connection, number)
        draft, head, dropped = Draft(drafts.base(base)), None, []
        for edit in way:
            try:
                changes, given = _again(connection, fresh, draft, old, edit, made)
            except (InputError, NotFoundError) as error:
                dropped.append({"edit": edit.number, "kind": edit.kind, "reason": str(error)})
                continue
            if changes:
                head = store.add_edit(connection, fresh, head, edit.kind, given, edit.author, changes)
                draft = draft.after(changes)
        store.save(connection, store.get(connection, number), head=head)
        store.note(connection, number, "rebase", actor, data={"from": plan.base, "to": base, "dropped": dropped})
        now = store.get(connection, number)
        told = {**state(city, connection, now, draft), "dropped": dropped, "grids": sorted(draft.changed)}
        return told, now, draft

    return _carried_out(city, actor, None, {}, work, load=True)


def _again(
    connection: Connection,
    plan: Plan,
    draft: Draft,
    old: Mapping[int, DraftGrid],
    edit: PlanEdit,
    made: Mapping[int, Changes],
) -> tuple[Changes, dict[str, Any]]:
    """Carry an edit out once more, with the ids that it took before."""
    if edit.kind != FROM_FILE:
        given = {name: value for name, value in edit.given.items() if name != "ids"}
        return apply(connection, plan, draft, read_edit(given), list(edit.given.get("ids", [])))
    # an edited file says how grids shall be, not what shall be done: it holds where nobody else touched them
    changes = made.get(edit.number, {})
    faults = [
        Fault(known.name, "was changed by another plan meanwhile", "bring it from a file again", "conflict")
        for grid in changes
        if (known := old.get(grid)) is not None and (grid not in draft or draft.base.grids.get(grid) != known)
    ]
    if faults:
        raise InputError(faults[:_LISTED], "the file")
    return dict(changes), edit.given
