"""`gridmap import`: what it says, what it writes, how it ends."""

import json

import pytest
from typer.testing import CliRunner

from gridmap.cli import command_line, console
from gridmap.model.errors import InputError
from gridmap.store import places

GOOD = "key,名称,lon,lat\ns1,包子铺,121.4,31.2\ns2,[bold]茶馆,121.41,31.2\n"
BAD = GOOD + "s3,无处,,\n"


@pytest.fixture
def run(fresh_database, migrated, tmp_path, monkeypatch):
    """Return a function that runs `gridmap import` over an empty city of its own; GRIDMAP_LANGUAGE is English."""
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", fresh_database(migrated))
    monkeypatch.setenv("GRIDMAP_LANGUAGE", "en")
    monkeypatch.setattr(console.output, "_width", 200)
    monkeypatch.setattr(console.errors, "_width", 200)

    def invoke(*arguments, content=None, name="shops.csv"):
        path = tmp_path / name
        if content is not None:
            path.write_text(content, encoding="utf-8")
        layer, *options = arguments
        return CliRunner().invoke(command_line("import"), ["import", layer, str(path), *options])

    return invoke


def shops():
    database = console.database_of("own")
    with database.read() as connection:
        found = list(places.frame(connection, "shop")["name"])
    database.close()
    return found


def test_a_good_file(run):
    done = run("shops", "--datum", "wgs84", content=GOOD)
    assert done.exit_code == 0, done.output
    assert "shops.csv: 2 rows (CSV, wgs84)" in done.stdout
    assert "columns: lon ← lon, lat ← lat, key ← key, name ← 名称" in done.stdout
    assert "2 added, 0 changed, 0 unchanged, 0 rejected" in done.stdout
    assert shops() == ["包子铺", "[bold]茶馆"]
    again = run("shops", "--datum", "wgs84")
    assert "nothing new, nothing written" in again.stdout


def test_a_bad_row_refuses_all_and_is_told(run, tmp_path):
    target = tmp_path / "out" / "report.json"
    done = run("shops", "--datum", "wgs84", "--report", str(target), content=BAD)
    assert done.exit_code == 1
    assert "refused, nothing was written" in done.stderr
    assert " ".join(done.stdout.splitlines()[-1].split()) == "3 lon, lat is missing (give both coordinates)"
    assert "1 of 3 rows are rejected" in done.stderr
    report = json.loads(target.read_text(encoding="utf-8"))
    assert [(each["row"], each["field"]) for each in report["rejected"]] == [(3, "lon, lat")]
    assert (report["read"], report["written"]) == (3, False)
    assert shops() == []


def test_partial_writes_the_good_rows(run):
    done = run("shops", "--datum", "wgs84", "--partial", content=BAD)
    assert done.exit_code == 0
    assert "2 added, 0 changed, 0 unchanged, 1 rejected" in done.stdout
    assert shops() == ["包子铺", "[bold]茶馆"]


def test_a_dry_run_writes_nothing(run):
    done = run("shops", "--datum", "wgs84", "--dry-run", content=GOOD)
    assert done.exit_code == 0
    assert "dry run: nothing was written" in done.stdout
    assert "nothing new" not in done.stdout
    assert shops() == []


def test_columns_are_mapped_as_stated(run):
    content = "nom,east,north\n甲,121.4,31.2\n"
    options = [part for pair in ("name=nom", "lon=east", "lat = north") for part in ("--map", pair)]
    assert run("shops", "--datum", "wgs84", *options, content=content).exit_code == 0
    assert shops() == ["甲"]


def test_in_chinese(run, monkeypatch):
    monkeypatch.setenv("GRIDMAP_LANGUAGE", "zh")
    done = run("shops", "--datum", "wgs84", "--partial", content=BAD)
    assert "新增 2，变更 0，未变 0，退回 1" in done.stdout
    assert "缺失" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["shops"], "--datum: is missing"),
        (["grids", "--datum", "wgs84"], "--level: is missing"),
        (["shops", "--datum", "wgs84", "--map", "name"], "is not field=column"),
        (["shops", "--datum", "wgs84", "--map", "colour=name"], "there is no such field"),
    ],
)
def test_what_is_wrong_with_the_options(run, arguments, said):
    done = run(*arguments, content=GOOD)
    assert isinstance(done.exception, InputError)
    assert said in str(done.exception)


def test_wrong_words(run):
    assert run("shops", "--dtaum", "wgs84", content=GOOD).exit_code == 2


def test_grids_are_told_with_their_dirt(run):
    square = "[[[{0},31.2],[{1},31.2],[{1},31.21],[{0},31.21],[{0},31.2]]]"
    features = [
        f'{{"type":"Feature","properties":{{"name":"{name}"}},'
        f'"geometry":{{"type":"Polygon","coordinates":{square.format(*ends)}}}}}'
        for name, ends in (("甲", (121.4, 121.42)), ("乙", (121.41, 121.43)))
    ]
    content = f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'
    options = ("grids", "--datum", "wgs84", "--level", "block")
    refused = run(*options, content=content, name="grids.geojson")
    assert refused.exit_code == 1
    assert "1 pairs overlap (1 by more than 1 m², 1 by more than 1 ha), 0 gaps" in refused.stdout
    assert "甲 / 乙" in refused.stdout
    assert "--repair" in refused.stderr
    done = run(*options, "--repair", name="grids.geojson")
    assert done.exit_code == 0
    assert "1 overlaps and 0 enclaves settled" in done.stdout
    assert "published as generation" in done.stdout
