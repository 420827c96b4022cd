"""The life of a plan: who may do what when, what is kept of it, and what is in force at which instant."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from gridmap.model.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from gridmap.services import facts as facts_module
from gridmap.services import plan_drawing, plan_views, plans
from gridmap.services.asking import ask
from gridmap.services.checking import check
from gridmap.services.generations import listing
from gridmap.services.opening import open_city
from gridmap.store import places
from tests.services.planners import AUTHOR, REVIEWER, approved, building, draw, published, words
from tests.services.squares import at

TICK = timedelta(microseconds=1)
SOON = timedelta(days=1)


@pytest.fixture
def plan(square_city):
    return plans.open_plan(square_city, "governance", "东移", AUTHOR)["id"]


def owner(city, column, row, instant=None):
    lines = city.keeper.snapshot(instant).lines
    row_of, _ = lines.index.owner(*at(column, row))
    return lines.by_row[row_of].grid.name


def state(city, plan):
    return plans.one(city, plan)["plan"]["state"]


class TestLife:
    def test_from_the_first_stroke_to_the_day(self, square_city, plan, ids):
        draw(square_city, plan, "reshape", grids=[ids["A1a"], ids["A1b"]], line=[(0, 1), (0.5, 1.5), (1, 1)])
        start = square_city.keeper.now() + SOON
        assert plans.submit(square_city, plan, AUTHOR, note="请审", in_force_from=start)["state"] == "submitted"
        assert plans.approve(square_city, plan, REVIEWER, words=words(square_city, plan))["state"] == "approved"
        told = plans.publish(square_city, plan, REVIEWER)
        assert (told["state"], told["in_force_from"]) == ("published", start)
        square_city.keeper.look()
        found = [owner(square_city, 0.5, 1.25, start + step) for step in (-TICK, timedelta(0), TICK)]
        assert found == ["A1b格", "A1a格", "A1a格"]
        steps = plans.one(square_city, plan)["steps"]
        assert [(s["action"], s["actor"]) for s in steps] == [
            ("open", AUTHOR),
            ("submit", AUTHOR),
            ("approve", REVIEWER),
            ("publish", REVIEWER),
        ]
        assert all(finding.holds for finding in check(square_city.database))

    def test_at_once_is_now(self, square_city, plan, ids):
        draw(square_city, plan, "rename", grid=ids["B"], name="乙格")
        published(square_city, plan)
        square_city.keeper.look()
        assert owner(square_city, 3, 1) == "乙格"

    def test_nobody_approves_what_he_drew(self, square_city, plan, ids):
        draw(square_city, plan, "rename", grid=ids["B"], name="乙格")
        draw(square_city, plan, "rename", grid=ids["A2"], name="丙格", actor=REVIEWER)
        plans.submit(square_city, plan, AUTHOR)
        for one in (AUTHOR, REVIEWER):
            with pytest.raises(ForbiddenError, match=f"{one} drew plan {plan}"):
                plans.approve(square_city, plan, one)
        assert plans.approve(square_city, plan, "赵工")["state"] == "approved"

    def test_sent_back_it_is_drawn_again(self, square_city, plan, ids):
        draw(square_city, plan, "rename", grid=ids["B"], name="乙格")
        plans.submit(square_city, plan, AUTHOR)
        with pytest.raises(ConflictError, match="is submitted and no longer drawn in"):
            draw(square_city, plan, "rename", grid=ids["B"], name="丁格")
        with pytest.raises(InputError, match="note: is empty"):
            plans.send_back(square_city, plan, REVIEWER, note=" ")
        assert plans.send_back(square_city, plan, REVIEWER, note="名称不妥")["state"] == "draft"
        draw(square_city, plan, "rename", grid=ids["B"], name="丁格")

    @pytest.mark.parametrize(
        ("action", "state"),
        [("approve", "draft"), ("publish", "submitted"), ("submit", "approved"), ("cancel", "draft")],
    )
    def test_no_step_is_skipped(self, square_city, plan, ids, action, state):
        draw(square_city, plan, "rename", grid=ids["B"], name="乙格")
        if state in {"submitted", "approved"}:
            plans.submit(square_city, plan, AUTHOR)
        if state == "approved":
            plans.approve(square_city, plan, REVIEWER)
        with pytest.raises(ConflictError, match=f"is {state}; {action} needs"):
            getattr(plans, action)(square_city, plan, "赵工")

    def test_what_was_withdrawn_has_ended(self, square_city, plan):
        assert plans.withdraw(square_city, plan, AUTHOR)["state"] == "withdrawn"
        with pytest.raises(ConflictError):
            plans.submit(square_city, plan, AUTHOR)

    def test_a_plan_that_changes_nothing_is_not_handed_in(self, square_city, plan, ids):
        with pytest.raises(InputError, match="changes nothing"):
            plans.submit(square_city, plan, AUTHOR)
        draw(square_city, plan, "rename", grid=ids["B"], name="乙格")
        plan_drawing.undo(square_city, plan, AUTHOR)
        with pytest.raises(InputError, match="changes nothing"):
            plans.submit(square_city, plan, AUTHOR)

    def test_errors_keep_it_back(self, square_city, plan, ids):
        draw(square_city, plan, "create", level="block", name="空", parent=ids["A"])
        with pytest.raises(InputError, match="空 holds no ground yet"):
            plans.submit(square_city, plan, AUTHOR)

    def test_each_warning_wants_a_word(self, square_city, plan, ids):
        with square_city.database.load() as connection:
            places.merge(connection, "building", building("大楼", 1.2, 0.5, 1.8, 1.5))
        square_city.keeper.look()
        told = draw(square_city, plan, "split", grid=ids["A2"], line=[(1.5, -0.5), (1.5, 2.5)])
        assert "cut_building" in {found["kind"] for found in told["findings"] if found["severity"] == "warning"}
        plans.submit(square_city, plan, AUTHOR)
        with pytest.raises(InputError, match="大楼 is cut by a line"):
            plans.approve(square_city, plan, REVIEWER)
        assert plans.approve(square_city, plan, REVIEWER, words=words(square_city, plan))["state"] == "approved"
        assert plans.one(square_city, plan)["steps"][-1]["data"]["words"]

    def test_what_is_said_must_be_readable(self, square_city, plan):
        faulty = [("", "is empty"), ("x" * 201, "more than 200"), ("a\0b", "cannot be"), ("\ud800", "cannot be")]
        for title, why in faulty:
            with pytest.raises(InputError, match=why):
                plans.open_plan(square_city, "governance", title, AUTHOR)
        with pytest.raises(InputError, match="actor: is empty"):
            plans.open_plan(square_city, "governance", "甲", " ")
        with pytest.raises(NotFoundError, match="no scheme"):
            plans.open_plan(square_city, "nonsense", "甲", AUTHOR)
        with pytest.raises(NotFoundError, match="no plan 999"):
            plans.one(square_city, 999)

    def test_listing_by_state(self, square_city, plan):
        other = plans.open_plan(square_city, "governance", "西移", AUTHOR)["id"]
        plans.withdraw(square_city, plan, AUTHOR)
        assert [each["id"] for each in plans.listing(square_city)] == [plan, other]
        assert [each["id"] for each in plans.listing(square_city, states=["draft"])] == [other]
        with pytest.raises(InputError, match="is not known"):
            plans.listing(square_city, states=["done"])


class TestDates:
    def test_the_past_is_not_redrawn(self, square_city, plan, ids):
        draw(square_city, plan, "rename", grid=ids["B"], name="乙格")
        approved(square_city, plan, square_city.keeper.now() - timedelta(seconds=1))
        with pytest.raises(InputError, match="is past"):
            plans.publish(square_city, plan, REVIEWER)
        assert state(square_city, plan) == "approved"

    def test_no_earlier_than_what_it_is_drawn_on(self, square_city, plan, ids):
        now = square_city.keeper.now()
        draw(square_city, plan, "rename", grid=ids["B"], name="乙格")
        published(square_city, plan, now + 2 * SOON)
        later = plans.open_plan(square_city, "governance", "再改", AUTHOR)["id"]
        draw(square_city, later, "rename", grid=ids["B"], name="丙格")
        approved(square_city, later)
        with pytest.raises(ConflictError, match="let the plan begin later"):
            plans.publish(square_city, later, REVIEWER, in_force_from=now + SOON)
        plans.publish(square_city, later, REVIEWER, in_force_from=now + 3 * SOON)
        square_city.keeper.look()
        names = [owner(square_city, 3, 1, now + days * SOON) for days in (1, 2.5, 4)]
        assert names == ["B格", "乙格", "丙格"]

    def test_cancelled_before_its_date_the_old_lines_rule_on(self, square_city, plan, ids):
        start = square_city.keeper.now() + SOON
        draw(square_city, plan, "rename", grid=ids["B"], name="乙格")
        published(square_city, plan, start)
        believed = square_city.keeper.now()
        square_city.keeper.look()
        assert owner(square_city, 3, 1, start) == "乙格"
        assert plans.cancel(square_city, plan, REVIEWER, note="暂缓")["state"] == "cancelled"
        square_city.keeper.look()
        assert owner(square_city, 3, 1, start) == "B格"
        # what was believed in between is remembered
        then = square_city.keeper.snapshot(start, known_at=believed).lines
        assert {grid.name for grid in then.grids.values()} >= {"乙格"}
        # and the next plan is drawn on the old lines again
        after = plans.open_plan(square_city, "governance", "再改", AUTHOR)
        assert after["base"] == plans.one(square_city, plan)["plan"]["base"]
        draw(square_city, after["id"], "rename", grid=ids["B"], name="丁格")
        published(square_city, after["id"])
        square_city.keeper.look()
        assert owner(square_city, 3, 1) == "丁格"
        assert all(finding.holds for finding in check(square_city.database))

    def test_what_decides_already_is_not_cancelled(self, square_city, plan, ids):
        draw(square_city, plan, "rename", grid=ids["B"], name="乙格")
        published(square_city, plan)
        with pytest.raises(ConflictError, match="is in force since"):
            plans.cancel(square_city, plan, REVIEWER)

    def test_nor_what_another_was_drawn_on(self, square_city, plan, ids):
        start = square_city.keeper.now() + SOON
        draw(square_city, plan, "rename", grid=ids["B"], name="乙格")
        published(square_city, plan, start)
        other = plans.open_plan(square_city, "governance", "再改", AUTHOR)["id"]
        draw(square_city, other, "rename", grid=ids["B"], name="丙格")
        published(square_city, other, start + SOON)
        with pytest.raises(ConflictError, match="was published meanwhile"):
            plans.cancel(square_city, plan, REVIEWER)

    def test_a_question_put_to_march(self, square_city, ids):
        """Published for April, cancelled, and another one instead: who asks about April is told what was believed."""
        now = square_city.keeper.now()
        april = now + 30 * SOON
        first = plans.open_plan(square_city, "governance", "一", AUTHOR)["id"]
        draw(square_city, first, "rename", grid=ids["B"], name="一格")
        published(square_city, first, april)
        in_march = square_city.keeper.now()
        plans.cancel(square_city, first, REVIEWER)
        second = plans.open_plan(square_city, "governance", "二", AUTHOR)["id"]
        draw(square_city, second, "rename", grid=ids["B"], name="二格")
        published(square_city, second, april + SOON)
        square_city.keeper.look()

        def name(instant, known=None):
            grids = square_city.keeper.snapshot(instant, known_at=known).lines.grids.values()
            return next(grid.name for grid in grids if grid.id == ids["B"])

        assert name(april - TICK, in_march) == "B格"
        assert [name(april + step, in_march) for step in (timedelta(0), SOON)] == ["一格", "一格"]
        assert [name(april + step) for step in (timedelta(0), SOON - TICK, SOON)] == ["B格", "B格", "二格"]


class TestConflicts:
    def test_the_second_is_told_the_grids_in_conflict_and_stays_intact(self, square_city, ids):
        numbers = [plans.open_plan(square_city, "governance", name, AUTHOR)["id"] for name in "甲乙"]
        draw(square_city, numbers[0], "rename", grid=ids["B"], name="甲格")
        draw(square_city, numbers[1], "rename", grid=ids["B"], name="乙格")
        for number in numbers:
            approved(square_city, number)
        plans.publish(square_city, numbers[0], REVIEWER)
        before = plans.one(square_city, numbers[1])
        with pytest.raises(ConflictError, match="both change B格") as refusal:
            plans.publish(square_city, numbers[1], REVIEWER)
        assert refusal.value.details["grids"] == [{"id": ids["B"], "name": "B格"}]
        assert plans.one(square_city, numbers[1])["plan"] == before["plan"]
        told = plan_drawing.rebase(square_city, numbers[1], AUTHOR)
        assert (told["plan"]["state"], told["dropped"]) == ("draft", [])
        published(square_city, numbers[1])
        square_city.keeper.look()
        assert owner(square_city, 3, 1) == "乙格"

    def test_two_that_together_would_open_a_gap(self, square_city, ids):
        """One gives A1b to its neighbour, the other splits it: after the first the second no longer applies."""
        merging, splitting = [plans.open_plan(square_city, "governance", name, AUTHOR)["id"] for name in "合分"]
        draw(square_city, merging, "merge", grids=[ids["A1a"], ids["A1b"]])
        draw(square_city, splitting, "split", grid=ids["A1b"], line=[(0.5, 0.5), (0.5, 2.5)])
        for number in (merging, splitting):
            approved(square_city, number)
        plans.publish(square_city, merging, REVIEWER)
        with pytest.raises(ConflictError, match="A1b格"):
            plans.publish(square_city, splitting, REVIEWER)
        told = plan_drawing.rebase(square_city, splitting, AUTHOR)
        assert [each["kind"] for each in told["dropped"]] == ["split"]
        with pytest.raises(InputError, match="changes nothing"):
            plans.submit(square_city, splitting, AUTHOR)
        assert all(finding.holds for finding in check(square_city.database))

    def test_of_many_that_publish_at_once_one_wins(self, square_city, ids):
        """Two plans at a time on two connections; whoever loses has lost nothing but the race."""
        names = ["B", "A2", "A1a", "A1b"]
        rounds = 25
        for number in range(rounds):
            listed = []
            for rival in range(4):
                plan = plans.open_plan(square_city, "governance", f"{number}-{rival}", AUTHOR)["id"]
                draw(square_city, plan, "rename", grid=ids[names[rival]], name=f"{number}-{rival}")
                approved(square_city, plan)
                listed.append(plan)
            told: list[str] = []
            barrier = threading.Barrier(len(listed))

            def race(plan, barrier=barrier, told=told):
                barrier.wait()
                try:
                    told.append(plans.publish(square_city, plan, REVIEWER)["state"])
                except ConflictError:
                    told.append("conflict")

            runners = [threading.Thread(target=race, args=(plan,)) for plan in listed]
            for runner in runners:
                runner.start()
            for runner in runners:
                runner.join()
            assert sorted(told) == ["conflict"] * 3 + ["published"]
            states = [state(square_city, plan) for plan in listed]
            assert sorted(states) == ["approved"] * 3 + ["published"]
        made = listing(square_city.database, "governance")
        assert len(made) == rounds + 1
        assert [each.base for each in made[:-1]] == [each.id for each in made[1:]]
        assert all(finding.holds for finding in check(square_city.database))


def test_a_second_worker_sees_the_draft_and_the_publication(square_city, ids):
    other = open_city(square_city.database)
    plan = plans.open_plan(square_city, "governance", "东移", AUTHOR)["id"]
    draw(square_city, plan, "merge", grids=[ids["A1a"], ids["A1b"]])
    draw(other, plan, "rename", grid=ids["A1a"], name="甲格")
    assert {each["id"] for each in plan_views.diff(square_city, plan)["grids"]} == {ids["A1a"], ids["A1b"]}
    published(other, plan)
    square_city.keeper.look()
    assert owner(square_city, 0.5, 1.5) == "甲格"
    other.keeper.close()


def test_lookups_during_publications_are_right_for_the_generation_that_they_name(square_city, ids):
    """Each client of each worker: what is told fits the generation named, and generations never run backwards."""
    others = [open_city(square_city.database, watch=True) for _ in range(2)]
    names = {square_city.keeper.snapshot().lines.generation.id: "B格"}
    ended = threading.Event()
    seen: list[list[tuple[int, str]]] = []

    def client(city):
        told: list[tuple[int, str]] = []
        seen.append(told)
        while not ended.is_set():
            answer = answer_of(city, *at(3, 1))
            if not told or told[-1] != answer:
                told.append(answer)

    clients = [threading.Thread(target=client, args=(city,)) for city in others for _ in range(2)]
    for each in clients:
        each.start()
    for number in range(5):
        plan = plans.open_plan(square_city, "governance", "改", AUTHOR)["id"]
        draw(square_city, plan, "rename", grid=ids["B"], name=f"{number}格")
        names[published(square_city, plan)["generation"]] = f"{number}格"
    last = max(names)
    while not all(told and told[-1][0] == last for told in seen):
        assert all(each.is_alive() for each in clients)
    ended.set()
    for each in clients:
        each.join()
    for city in others:
        city.keeper.close()
    for told in seen:
        assert [names[generation] for generation, _ in told] == [name for _, name in told]
        assert [generation for generation, _ in told] == sorted({generation for generation, _ in told})


def answer_of(city, lon, lat):
    told = ask(city, {"lon": lon, "lat": lat, "datum": "wgs84"}).to_dict()
    return told["generation"]["id"], told["chain"][-1]["name"]


def test_figures_stand_still_while_a_plan_is_drawn(square_city, plan, ids, monkeypatch):
    facts = square_city.planning.facts
    first = facts.facts(plans.one(square_city, plan)["plan"]["base"])
    monkeypatch.setattr(facts_module, "_SECONDS", -1.0)
    draw(square_city, plan, "rename", grid=ids["B"], name="乙格")
    assert facts.facts(first_base(square_city, plan)) is first
    plans.one(square_city, plan)
    assert facts.facts(first_base(square_city, plan)) is not first


def first_base(city, plan):
    return city.planning.plan(plan)[0].base


def test_nothing_in_force_has_no_plans(database):
    city = open_city(database)
    with pytest.raises(NotFoundError, match="no lines yet"):
        plans.open_plan(city, "governance", "甲", AUTHOR)
    city.keeper.close()


def test_an_instant_without_offset_is_refused(square_city, plan, ids):
    draw(square_city, plan, "rename", grid=ids["B"], name="乙格")
    approved(square_city, plan)
    with pytest.raises(InputError, match="no offset"):
        plans.publish(square_city, plan, REVIEWER, in_force_from=datetime(2100, 1, 1, tzinfo=UTC).replace(tzinfo=None))
