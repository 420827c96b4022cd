import pandas as pd

from gridmap.demo.people import START, YEAR


def held(city, moment) -> set[str]:
    rows = city.assignments
    return set(rows.post[(rows.start <= moment) & (rows.end.isna() | (rows.end > moment))])


def test_every_grid_has_its_posts(city):
    grids = city.grids[city.grids.level.isin(["microgrid", "neighbourhood", "block", "subdistrict"])]
    chiefs = city.posts[(city.posts.subject_kind == "grid") & (city.posts["rank"] == 1)]
    assert set(chiefs.subject) == set(grids.key)
    seconds = city.posts[(city.posts.subject_kind == "grid") & (city.posts["rank"] == 2)]
    assert seconds.kind.value_counts().to_dict() == {
        "neighbourhood_deputy": 11,
        "block_second": 4,
        "subdistrict_desk": 1,
    }


def test_every_tower_has_a_liaison_or_two(city):
    towers = [k for k, p in zip(city.places.key, city.places.properties, strict=True) if p.get("tower")]
    liaisons = city.posts[city.posts.subject_kind == "building"]
    assert set(liaisons.subject) == set(towers)
    assert set(liaisons.groupby("subject").size()) == {1, 2}
    assert (liaisons["rank"] == 3).all()


def test_references_resolve(twin_city):
    posts, holders = set(twin_city.posts.key), set(twin_city.holders.key)
    assert set(twin_city.assignments.post) <= posts
    assert set(twin_city.assignments.holder) == holders
    assert set(twin_city.absences.holder) <= holders


def test_exclusive_posts_have_one_holder_at_a_time(city):
    assert (city.assignments.start >= START).all()
    for _, rows in city.assignments.groupby("post"):
        ordered = rows.sort_values("start")
        assert list(ordered.end.iloc[:-1]) == list(ordered.start.iloc[1:])
        assert pd.isna(ordered.end.iloc[-1])


def test_some_posts_change_hands(city):
    assert city.assignments.end.notna().sum() >= 3


def test_some_posts_are_vacant_all_the_time(city):
    vacant = set(city.posts.key) - held(city, YEAR[1])
    assert 4 <= len(vacant) <= 10
    assert vacant == set(city.posts.key) - set(city.assignments.post)


def test_once_the_chief_is_away_and_the_deputy_is_missing(city):
    forever = city.absences[city.absences.end.isna()]
    assert len(forever) == 2
    away = city.assignments[city.assignments.holder.isin(forever.holder) & city.assignments.end.isna()].post
    vacant = set(city.posts.key) - set(city.assignments.post)
    chiefs = [post for post in away if post.endswith("neighbourhood_chief")]
    assert len(chiefs) == 1
    assert chiefs[0].replace("_chief", "_deputy") in vacant


def test_absences_are_dated(city):
    dated = city.absences.dropna(subset="end")
    assert len(dated) >= 10
    assert (dated.start < dated.end).all()
    assert (city.absences.start >= YEAR[0]).all()


def test_telephones_belong_to_nobody(city):
    assert city.holders.phone.str.fullmatch(r"13[89]0000\d{4}").all()
    assert city.holders.phone.is_unique


def test_the_desk_is_a_team_and_never_vacant(city):
    desk = city.posts[city.posts.kind == "subdistrict_desk"]
    holder = city.assignments[city.assignments.post.isin(desk.key)].holder
    assert set(city.holders[city.holders.key.isin(holder)].kind) == {"team"}
    assert not desk.exclusive.any()
