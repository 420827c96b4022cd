"""Posts over grids and towers, the people who hold them, and who is away.

Some posts stay vacant, two absences have no end, and in one neighbourhood both happen at once: its chief is
away and the deputy's post is vacant, so that there is always a case in which the next in line must answer.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from gridmap.demo.dice import dice
from gridmap.demo.names import person_names

ZONE = "Asia/Shanghai"
START = pd.Timestamp("2025-01-01", tz=ZONE)
YEAR = (pd.Timestamp("2025-11-01", tz=ZONE), pd.Timestamp("2026-11-01", tz=ZONE))
"""The demo's year, half-open."""

_GRID_POSTS: dict[str, tuple[tuple[str, int, str, str], ...]] = {
    "microgrid": (("microgrid_chief", 1, "微网格长", "Micro-grid chief"),),
    "neighbourhood": (
        ("neighbourhood_chief", 1, "居民区网格长", "Neighbourhood chief"),
        ("neighbourhood_deputy", 2, "居民区副网格长", "Deputy neighbourhood chief"),
    ),
    "block": (
        ("block_chief", 1, "第一街区长", "First block chief"),
        ("block_second", 2, "第二街区长", "Second block chief"),
    ),
    "subdistrict": (("subdistrict_chief", 1, "街道网格长", "Sub-district chief"),),
}
_DESK = ("subdistrict_desk", 2, "街道城运中心值班席", "Sub-district duty desk")
_REASONS = ("年休假", "病假", "培训", "借调", "产假")


@dataclass
class People:
    """Rows of the five frames about people, as lists of tuples in the order of the frames' columns."""

    posts: list[tuple[object, ...]] = field(default_factory=list)
    holders: list[tuple[object, ...]] = field(default_factory=list)
    assignments: list[tuple[object, ...]] = field(default_factory=list)
    absences: list[tuple[object, ...]] = field(default_factory=list)


def appoint(seed: int, sub: int, grids: list[tuple[str, str]], towers: list[str], people: People) -> None:
    """Make the posts of one sub-district and appoint people to them.

    Parameters
    ----------
    grids
        Key and level of each grid of the sub-district.
    towers
        Keys of its towers.
    people
        Receives the rows.
    """
    rng = dice(seed, "people", sub)
    first = len(people.posts)
    for key, level in grids:
        for kind, rank, zh, en in _GRID_POSTS.get(level, ()):
            people.posts.append((f"{key}/{kind}", kind, rank, "grid", key, zh, en, True))
    street = next(key for key, level in grids if level == "subdistrict")
    kind, rank, zh, en = _DESK
    people.posts.append((f"{street}/{kind}", kind, rank, "grid", street, zh, en, False))
    for key in towers:
        for place in range(1, 3 if rng.random() < 0.35 else 2):
            post = f"{key}/building_liaison/{place}"
            title = ("楼宇联络员", "Building liaison")
            people.posts.append((post, "building_liaison", 3, "building", key, *title, True))
    posts = [(str(post[0]), str(post[1])) for post in people.posts[first:]]
    vacant, hood = _vacancies(posts, rng)
    _fill(posts, vacant, rng, people)
    _send_away(posts, hood, rng, people)


def _vacancies(posts: list[tuple[str, str]], rng: np.random.Generator) -> tuple[set[str], str]:
    """Choose the vacant posts, and the neighbourhood whose deputy's post is among them."""

    def some(kind: str, count: int) -> list[str]:
        keys = [key for key, of in posts if of == kind]
        return [keys[int(i)] for i in np.sort(rng.choice(len(keys), count, replace=False))]

    deputy = some("neighbourhood_deputy", 1)
    vacant = {*deputy, *some("microgrid_chief", 2), *some("block_second", 1), *some("building_liaison", 2)}
    return vacant, deputy[0].split("/")[0]


def _fill(posts: list[tuple[str, str]], vacant: set[str], rng: np.random.Generator, people: People) -> None:
    """Appoint a person to each post that is not vacant; some posts change hands within the demo's year."""
    names = person_names(rng, 2 * len(posts))
    for place, (post, kind) in enumerate(posts):
        if post in vacant:
            continue
        team = kind == "subdistrict_desk"
        name = "城运中心值班组" if team else names[2 * place]
        holder = _holder(name, people, kind="team" if team else "person")
        if not team and rng.random() < 0.08:
            change = YEAR[0] + pd.Timedelta(days=int(rng.integers(20, 300)))
            people.assignments.append((post, holder, START, change))
            successor = _holder(names[2 * place + 1], people, kind="person")
            people.assignments.append((post, successor, change, pd.NaT))
        else:
            people.assignments.append((post, holder, START, pd.NaT))


def _holder(name: str, people: People, kind: str) -> str:
    """Enter a holder in the list, with a telephone number of a range that is given to nobody."""
    number = len(people.holders) + 1
    key = f"H{number:05d}"
    phone = f"13{8 + number // 10000 % 2}0000{number % 10000:04d}"
    people.holders.append((key, kind, name, phone))
    return key


def _send_away(posts: list[tuple[str, str]], hood: str, rng: np.random.Generator, people: People) -> None:
    """Enter the year's absences, and two without an end."""
    own = {post for post, _ in posts}
    now = [(str(a[0]), str(a[1])) for a in people.assignments if a[0] in own and a[3] is pd.NaT]
    kinds = dict(posts)
    chief = next(holder for post, holder in now if post == f"{hood}/neighbourhood_chief")
    others = [h for p, h in now if kinds[p] == "microgrid_chief" and not p.startswith(hood)]
    micro = others[int(rng.integers(len(others)))]
    away = pd.Timestamp("2026-06-15", tz=ZONE)
    people.absences.append((chief, away, pd.NaT, "借调"))
    people.absences.append((micro, away + pd.Timedelta(days=21), pd.NaT, "产假"))
    open_ended = {chief, micro}
    free = [holder for post, holder in now if holder not in open_ended and kinds[post] != "subdistrict_desk"]
    picks = np.sort(rng.choice(len(free), 18, replace=False))
    for pick in picks:
        start = YEAR[0] + pd.Timedelta(days=int(rng.integers(300, 352)))
        end = start + pd.Timedelta(days=int(rng.integers(2, 13)))
        reason = _REASONS[int(rng.integers(3))]
        people.absences.append((free[int(pick)], start, end, reason))
