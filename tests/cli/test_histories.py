"""`gridmap history`, `gridmap generations` and `gridmap locate --at --known-at`: what was, from the prompt."""

import json

import pytest
from typer.testing import CliRunner

import gridmap
from gridmap.cli import command_line
from gridmap.model.errors import InputError, NotFoundError
from gridmap.services.generations import publish
from tests.services.squares import at
from tests.services.times import APRIL, BACKDATED, FEBRUARY, JANUARY, MARCH, MAY, TICK, day, live_a_year

LON, LAT = at(1.25, 0.75)


@pytest.fixture
def year(database, monkeypatch):
    head = None

    def put(frame):
        nonlocal head
        head = publish(database, "governance", frame, base=head, origin="import", note="").id
        return type("Made", (), {"id": head})

    monkeypatch.setenv("GRIDMAP_DATABASE_URL", database.url)
    monkeypatch.setenv("GRIDMAP_LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "200")
    return live_a_year(database, put)


def run(*words):
    done = CliRunner().invoke(command_line(words[0]), list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


BOUNDARIES = [
    (JANUARY, None, "first", "moved"),
    (BACKDATED, None, "moved", "back"),
    (MAY, None, "back", "last"),
    (day(4, 5), FEBRUARY, "moved", "cancelled"),
    (day(4, 5), MARCH, "cancelled", "moved"),
    (day(4, 5), APRIL, "moved", "back"),
]


@pytest.mark.parametrize(("instant", "known", "before", "after"), BOUNDARIES)
def test_boundaries_at_the_prompt_and_in_python(year, database, instant, known, before, after):
    expected = [getattr(year, name) for name in (before, after, after)]
    prompt, python = [], []
    with gridmap.connect(database.url) as city:
        for step in (-TICK, 0 * TICK, TICK):
            moments = {"at": instant + step} if known is None else {"at": instant, "known_at": known + step}
            python.append(city.locate(LON, LAT, datum="wgs84", **moments)["generation"]["id"])
            options = [each for k, v in moments.items() for each in (f"--{k.replace('_', '-')}", v.isoformat())]
            told = run("locate", str(LON), str(LAT), "--datum", "wgs84", "--json", *options)
            prompt.append(json.loads(told)["generation"]["id"])
    assert (prompt, python) == (expected, expected)


def test_the_life_of_a_grid_and_the_owners_of_a_place(year, database):
    with gridmap.connect(database.url) as city:
        grids = city.grids("neighbourhood")
        grid = int(grids.loc[grids["key"] == "A2", "id"].iloc[0])
        told = city.history(grid, shapes=True)
        place = city.history(lon=LON, lat=LAT, datum="wgs84", known_at=day(2, 15))
        with pytest.raises(NotFoundError):
            city.history(10**9)
        with pytest.raises(InputError, match="a grid or a location"):
            city.history(grid, lon=LON)
    assert [span["generations"] for span in told["spans"]] == [[year.first], [year.moved], [year.back], [year.last]]
    assert [span["chain"][-1]["name"] for span in place["spans"]] == ["A2格", "A1a格", "四月格"]
    said = run("history", str(grid))
    assert "2026-01-01 08:00 – 2026-03-10 08:00" in said
    assert "in force" in said
    assert json.loads(run("history", str(grid), "--json"))["id"] == grid
    assert "A1b格" in run("history", str(LON), str(LAT), "--datum", "wgs84").splitlines()[-1]


def test_generations_and_what_differs(year):
    assert run("generations").splitlines()[1].split()[0] == str(year.last)
    assert "A2格 → A1a格" in run("generations", "--diff", str(year.first), str(year.moved))
    assert "A2格 → A1a格" in run("generations", "--diff", "2025-06-01", "2026-01-15")
    told = json.loads(
        run("generations", "--diff", str(year.first), str(year.moved), "--level", "neighbourhood", "--json")
    )
    assert [(each["from"]["name"], each["to"]["name"]) for each in told["moves"]] == [("A2格", "A1格")]


def test_settling_by_hand(year):
    assert f"generation {year.moved}: the ground of 0 open incidents" in run("incidents", "settle")
    assert run("incidents", "settle").strip() == "Every change of lines has been looked at."
