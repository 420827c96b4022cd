import pytest

from gridmap.model.errors import InputError, NotFoundError
from gridmap.spatial import edits
from tests.spatial.drawings import A1, A2, NEW, A, A1a, A1b, B, D, corners, done, ids, line, squares_of, town_draft


def refused(code):
    return pytest.raises(InputError, check=lambda error: error.faults[0].code == code)


@pytest.fixture
def town():
    return town_draft()


class TestSplit:
    def test_the_largest_piece_stays_the_grid_and_neighbours_get_the_node(self, town):
        after = done(town, edits.split(town, A2, line((0.5, 0.5), (2.5, 0.5)), ids()))
        assert (squares_of(after, A2), squares_of(after, NEW)) == (1.5, 0.5)
        assert after.grid(NEW).name == "A2格（2）"
        assert after.grid(NEW).parent == A
        assert (1, 0.5) in corners(after, A1a)
        assert (1, 0.5) in corners(after, A1)
        assert (2, 0.5) in corners(after, B)
        assert (2, 0.5) in corners(after, A)

    def test_names_are_taken_as_given(self, town):
        changes = edits.split(town, B, line((3, -1), (3, 3)), ids(), names=["东格"])
        assert changes[NEW].name == "东格"

    def test_an_end_that_hangs_in_the_grid_cuts_nothing(self, town):
        with refused("does_not_cut"):
            edits.split(town, B, line((1, 1), (3, 1)), ids())

    def test_an_end_within_the_tolerance_of_a_vertex_or_border_lies_on_it(self, town):
        hair = 2e-6 / 1e-3  # 0.2 m, in columns
        after = done(town, edits.split(town, B, line((2 + hair, 1), (3.5, 1.5), (4 - hair, 1.5)), ids()))
        assert (2, 1) in corners(after, NEW)
        assert (4, 1.5) in corners(after, NEW)

    def test_a_line_along_a_border_cuts_nothing(self, town):
        with refused("does_not_cut"):
            edits.split(town, B, line((2, 0), (2, 2)), ids())

    def test_a_line_that_crosses_several_times_makes_several_pieces(self, town):
        zigzag = line((1.5, 0.5), (2.5, 0.5), (1.5, 1.5), (2.5, 1.8), (5, 1.8))
        after = done(town, edits.split(town, B, zigzag, ids()))
        assert sum(squares_of(after, each) for each in after.children(D) if each != A) == 4

    def test_a_ring_makes_a_grid_inside_the_grid(self, town):
        ring = line((2.5, 0.5), (3.5, 0.5), (3.5, 1.5), (2.5, 1.5), (2.5, 0.5))
        after = done(town, edits.split(town, B, ring, ids()))
        assert (squares_of(after, B), squares_of(after, NEW)) == (3, 1)

    def test_a_line_that_crosses_itself_is_refused(self, town):
        with refused("crosses_itself"):
            edits.split(town, B, line((1.5, 0.5), (3.5, 0.5), (3, 1.5), (2.5, 0.2)), ids())

    def test_a_line_that_falls_on_one_node_is_refused(self, town):
        with refused("too_short"):
            edits.split(town, B, line((2, 1), (2.0005, 1.0005)), ids())

    def test_grids_below_are_cut_only_where_that_is_asked_for(self, town):
        across = line((-1, 0.5), (3, 0.5))
        with refused("cuts_children") as caught:
            edits.split(town, A1, across, ids())
        [fault] = caught.value.faults
        assert "A1a格" in fault.message
        assert fault.place == "121.4005000, 31.2002500"
        assert "cut_children" in fault.mend
        after = done(town, edits.split(town, A1, across, ids(), cut_children=True))
        assert after.grid(A1b).parent == A1
        assert sorted(squares_of(after, each) for each in after.leaves_under(A1)) == [0.5, 1]

    def test_a_line_along_the_borders_below_cuts_none_of_them(self, town):
        after = done(town, edits.split(town, A1, line((-1, 1), (3, 1)), ids()))
        assert {after.grid(A1a).parent, after.grid(A1b).parent} == {A1, NEW}

    def test_a_level_divides_the_grid_into_children(self, town):
        after = done(town, edits.split(town, B, line((3, -1), (3, 3)), ids(), level="neighbourhood"))
        assert after.children(B) == (NEW, NEW + 1)
        assert [after.grid(each).level for each in after.children(B)] == ["neighbourhood"] * 2
        with refused("divided"):
            edits.split(after, B, line((3.5, -1), (3.5, 3)), ids(), level="neighbourhood")
        with refused("level"):
            edits.split(after, A2, line((1.5, -1), (1.5, 3)), ids(), level="subdistrict")
        with pytest.raises(NotFoundError):
            edits.split(town, B, line((3, -1), (3, 3)), ids(), level="street")


class TestMerge:
    def test_the_first_stays_with_the_ground_of_all(self, town):
        after = done(town, edits.merge(town, [A1b, A1a], name="一格"))
        assert squares_of(after, A1b) == 2
        assert after.grid(A1b).name == "一格"
        assert A1a not in after
        assert after.grid(A1) is town.grid(A1)

    def test_children_of_all_go_along(self, town):
        town = done(town, edits.split(town, A2, line((1, 1), (2, 1)), ids(), level="microgrid"))
        after = done(town, edits.merge(town, [A1, A2]))
        assert after.children(A1) == (A1a, A1b, NEW, NEW + 1)

    def test_what_cannot_be_one_is_refused(self, town):
        with refused("too_few"):
            edits.merge(town, [A1, A1])
        with refused("levels"):
            edits.merge(town, [A2, B])
        with refused("uneven"):
            edits.merge(town, [A1, A2])

    def test_grids_that_meet_at_a_corner_only_are_apart(self, town):
        town = done(town, edits.split(town, A2, line((1, 1), (2, 1)), ids(), level="microgrid"))
        upper, lower = sorted((NEW, NEW + 1), key=lambda each: (1, 2) in corners(town, each), reverse=True)
        with refused("apart"):
            edits.merge(town, [A1a, upper])
        assert squares_of(done(town, edits.merge(town, [A1a, lower])), A1a) == 2


class TestReshape:
    def test_the_border_follows_the_line_for_both(self, town):
        after = done(town, edits.reshape(town, [A1a, A1b], line((0, 1), (0.5, 1.5), (1, 1))))
        assert (squares_of(after, A1a), squares_of(after, A1b)) == (1.25, 0.75)
        assert after.grid(A1).outline is town.grid(A1).outline

    def test_ends_on_the_outer_border_replace_it_up_to_there(self, town):
        after = done(town, edits.reshape(town, [A1a, A1b], line((0, 1.5), (1, 1.5))))
        assert (squares_of(after, A1a), squares_of(after, A1b)) == (1.5, 0.5)
        assert (1, 1.5) in corners(after, A2)
        assert (1, 1) in corners(after, A2)

    def test_whole_grids_below_go_along(self, town):
        town = done(town, edits.split(town, A2, line((1, 1), (2, 1)), ids(), level="microgrid"))
        after = done(town, edits.reshape(town, [A1, A2], line((1, 0), (1, 1), (0, 1))))
        assert len(after.children(A1)) == 1
        assert squares_of(after, A2) == 3

    def test_of_others_the_neighbours_below_take_a_part(self, town):
        town = done(town, edits.split(town, A2, line((1, 1), (2, 1)), ids(), level="microgrid"))
        after = done(town, edits.reshape(town, [A1, A2], line((1, 0), (1.5, 0.5), (1, 1))))
        assert squares_of(after, A1a) == 1.25
        assert squares_of(after, A1b) == 1

    def test_the_border_around_a_grid_inside_is_a_border_too(self, town):
        ring = line((2.5, 0.5), (3.5, 0.5), (3.5, 1.5), (2.5, 1.5), (2.5, 0.5))
        town = done(town, edits.split(town, B, ring, ids()))
        after = done(town, edits.reshape(town, [B, NEW], line((2.5, 0.5), (3, 0.8), (3.5, 0.5))))
        assert squares_of(after, NEW) == 0.85

    def test_what_gives_no_border_is_refused(self, town):
        with refused("no_new_border"):
            edits.reshape(town, [A1a, A1b], line((0.2, 0.2), (0.4, 0.2)))
        with refused("not_two"):
            edits.reshape(town, [A1a], line((0, 1), (1, 1)))
        with refused("levels"):
            edits.reshape(town, [A2, B], line((2, 0), (2, 2)))
        with refused("vanishes"):
            edits.reshape(town, [A1, A2], line((1, 1), (0, 1)))

    def test_a_neighbour_that_is_not_divided(self, town):
        after = done(town, edits.reshape(town, [A1, A2], line((1, 0), (1.5, 1), (1, 2))))
        assert {A1a, A1, A2} == after.changed.keys()


class TestMove:
    def test_a_vertex_moves_for_all_who_share_it(self, town):
        after = done(town, edits.move(town, [line((1, 1), (1.2, 1.1))]))
        assert all((1.2, 1.1) in corners(after, each) for each in (A1a, A1b, A2, A1))
        assert after.grid(A) is town.grid(A)

    def test_borders_may_not_cross(self, town):
        with refused("invalid"):
            edits.move(town, [line((1, 1), (2.5, 1))])

    def test_the_outermost_line_stays(self, town):
        with refused("not_clean") as caught:
            edits.move(town, [line((4, 2), (4.5, 2))])
        assert "121.4" in caught.value.faults[0].place

    def test_a_vertex_must_be_there(self, town):
        with refused("no_vertex"):
            edits.move(town, [line((0.5, 0.5), (0.6, 0.5))])


class TestDraw:
    def test_it_takes_its_ground_from_those_below_it(self, town):
        square = [line((0.5, 0.5), (1.5, 0.5), (1.5, 1.5), (0.5, 1.5))]
        town = done(town, edits.split(town, A2, line((1, 1), (2, 1)), ids(), level="microgrid"))
        with refused("parents"):
            edits.draw(town, "microgrid", square, ids(), name="新格")
        after = done(town, edits.draw(town, "microgrid", square, iter([200]), name="新格", parent=A2))
        assert squares_of(after, 200) == 1
        assert squares_of(after, A1a) == 0.75
        assert squares_of(after, A2) == 2.5

    def test_a_hole_stays_with_whom_it_was(self, town):
        rings = [
            line((2.4, 0.4), (3.6, 0.4), (3.6, 1.6), (2.4, 1.6)),
            line((2.5, 0.5), (3.5, 0.5), (3.5, 1.5), (2.5, 1.5)),
        ]
        after = done(town, edits.draw(town, "subdistrict", rings, ids(), name="环"))
        assert squares_of(after, NEW) == pytest.approx(0.44)

    def test_something_must_be_left_of_everybody(self, town):
        with refused("vanishes") as caught:
            edits.draw(town, "microgrid", [line((-0.5, -0.5), (1, -0.5), (1, 1.5), (-0.5, 1.5))], ids(), name="新")
        assert "A1a格" in str(caught.value)

    def test_there_must_be_ground(self, town):
        with refused("no_ground"):
            edits.draw(town, "microgrid", [line((2.5, 0.5), (3, 0.5), (3, 1))], ids(), name="新")
        with refused("invalid"):
            edits.draw(town, "microgrid", [line((0, 0), (1, 1), (1, 0), (0, 1))], ids(), name="新")


class TestTree:
    def test_assign_may_empty_a_parent(self, town):
        after = town.after(edits.assign(town, [A1a, A1b], A))
        assert after.grid(A1).outline is None
        assert squares_of(after, A) == 4
        assert A1 not in done(after, edits.retire(after, A1))

    def test_assign_goes_to_a_level_above_that_is_divided(self, town):
        with refused("level"):
            edits.assign(town, [A], A1)
        with refused("leaf"):
            edits.assign(town, [A1a], B)

    def test_retire_gives_children_to_the_grid_above(self, town):
        after = done(town, edits.retire(town, A1))
        assert after.children(A) == (A2, A1a, A1b)
        with refused("holds_ground"):
            edits.retire(town, B)
        with refused("top"):
            edits.retire(town, D)

    def test_create_waits_for_ground(self, town):
        town = town.after(edits.create(town, "block", "街区", ids(), parent=A))
        assert town.grid(NEW).outline is None
        assert squares_of(done(town, edits.assign(town, [A1, A2], NEW)), NEW) == 4
        with refused("empty"):
            edits.merge(town, [NEW, A1])
        with refused("leaf"):
            edits.create(town, "block", "街区", ids(), parent=B)
        with refused("level"):
            edits.create(town, "district", "区", ids(), parent=A)
        with refused("missing"):
            edits.create(town, "block", "街区", ids())

    def test_names_and_codes(self, town):
        after = done(town, {**edits.rename(town, {A: "甲"}), **edits.recode(town, {B: "310"})})
        assert (after.grid(A).name, after.grid(B).code) == ("甲", "310")
        assert after.grid(A).outline is town.grid(A).outline


def test_places_are_on_earth():
    with refused("out_of_range") as caught:
        edits.lattice_line([(121.4, 31.2), (float("nan"), 31.2), (500, 31)])
    assert [fault.place for fault in caught.value.faults] == ["point 2", "point 3"]
