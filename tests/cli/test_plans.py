"""`gridmap plan`: the planner's verbs at the prompt, in both languages, and how they end."""

import json

import pytest
from typer.testing import CliRunner

from gridmap.cli import command_line, console, plan_tables
from gridmap.cli.plans import _mapping
from gridmap.model.errors import ForbiddenError, InputError
from gridmap.services.generations import publish
from gridmap.store.database import Database
from tests.services.squares import at, town


@pytest.fixture
def run(fresh_database, migrated, monkeypatch):
    """Return a function that runs `gridmap plan` over the town of squares."""
    url = fresh_database(migrated)
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", url)
    monkeypatch.setenv("GRIDMAP_LANGUAGE", "en")
    monkeypatch.setenv("GRIDMAP_USER", "王工")
    monkeypatch.setattr(console.output, "_width", 200)
    database = Database(url)
    publish(database, "governance", town(), base=None, origin="import", note="")
    database.close()

    def invoke(*arguments, fails=None, **options):
        done = CliRunner().invoke(command_line("plan"), ["plan", *map(str, arguments)], **options)
        if fails is None:
            assert done.exit_code == 0, (done.output, done.exception)
        else:
            assert isinstance(done.exception, fails)
        return done

    return invoke


def test_the_whole_way(run, tmp_path):
    assert "There are no plans yet." in run("list").stdout
    assert "plan 1 is open, drawn on generation 1" in run("open", "分东格", "--note", "试").stdout
    out = tmp_path / "b.geojson"
    assert "2 rows" in run("export", 1, "--out", out, "--level", "microgrid").stdout
    rows = {each["properties"]["name"]: each for each in json.loads(out.read_text(encoding="utf-8"))["features"]}
    assert set(rows) == {"A1a格", "A1b格"}
    both = [rows[name]["properties"]["id"] for name in sorted(rows)]
    line = [at(0.5, -0.5), at(0.5, 1.5)]
    split = {"kind": "split", "grid": both[0], "line": line, "datum": "wgs84", "names": ["新格"]}
    said = run("edit", 1, "-", input=json.dumps(split)).stdout
    assert "plan 1 stands at edit 1" in said
    assert "0 errors" in said
    assert "plan 1 stands at edit 0" in run("undo", 1).stdout
    assert "plan 1 stands at edit 1" in run("redo", 1).stdout
    said = run("diff", 1).stdout
    assert "1 added, 0 retired, 1 reshaped" in said
    assert "新格: added" in said
    assert "A1a格 → 新格" in run("impact", 1).stdout
    assert "Ground moved" in run("compare", 1, "--level", "microgrid").stdout
    assert "0 errors" in run("check", 1).stdout
    said = run("submit", 1, "--from", "2100-01-01").stdout
    assert "plan 1 is submitted, in force from 2100-01-01 00:00:00+08:00" in said
    run("approve", 1, fails=ForbiddenError)
    assert "plan 1 is approved" in run("approve", 1, "--as", "李工", "--all-warnings", "可以").stdout
    assert "as generation 2" in run("publish", 1, "--as", "李工").stdout
    assert "plan 1 is cancelled" in run("cancel", 1, "--as", "李工").stdout
    assert "cancelled" in run("list").stdout
    assert [each["id"] for each in json.loads(run("list", "--state", "cancelled", "--json").stdout)] == [1]


def test_an_edited_file_comes_back(run, tmp_path):
    run("open", "外业")
    out = tmp_path / "m.geojson"
    run("export", 1, "--out", out, "--level", "microgrid")
    out.write_text(out.read_text(encoding="utf-8").replace("A1a格", "甲格"), encoding="utf-8")
    said = run("edit", 1, "--from-file", out, "--level", "microgrid", "--datum", "wgs84").stdout
    assert "plan 1 stands at edit 1; 1 grids differ by it" in said
    run("edit", 1, "--from-file", out, "--datum", "wgs84", fails=InputError)
    run("edit", 1, fails=InputError)
    run("edit", 1, "{", fails=InputError)


def test_errors_end_with_one(run):
    run("open", "空")
    run("edit", 1, json.dumps({"kind": "create", "level": "block", "name": "[bold]空", "parent": 2}))
    done = CliRunner().invoke(command_line("plan"), ["plan", "check", "1"])
    assert done.exit_code == 1
    assert "[bold]空 holds no ground yet" in done.stdout
    run("submit", 1, fails=InputError)
    assert "plan 1 is withdrawn" in run("withdraw", 1).stdout


def test_sent_back_and_rebased(run):
    for title in "甲乙":
        run("open", title)
    for plan, name in ((1, "一格"), (2, "二格")):
        run("edit", plan, json.dumps({"kind": "rename", "grid": 3, "name": name}))
    run("submit", 1)
    run("send-back", 1, "--note", "不妥", "--as", "李工")
    run("submit", 1)
    run("approve", 1, "--as", "李工", "--all-warnings", "可以")
    run("publish", 1, "--as", "李工")
    assert "plan 2 stands at edit 2" in run("rebase", 2).stdout


def test_in_chinese(run, monkeypatch):
    monkeypatch.setenv("GRIDMAP_LANGUAGE", "zh")
    assert "方案 1 已建立" in run("open", "甲").stdout
    run("edit", 1, json.dumps({"kind": "rename", "grid": 3, "name": "乙格"}))
    assert "改名" in run("diff", 1).stdout
    assert "草案" in run("list").stdout


def test_words_by_key_hold_equals_signs():
    assert _mapping(["cut:1-2@3,4=因为"], "--word") == {"cut:1-2@3,4": "因为"}
    with pytest.raises(InputError, match="has no ="):
        _mapping(["nothing"], "--word")
    assert plan_tables._change(1.0, 2.0) == "1 → 2"
    assert plan_tables._change(1.0, 1.0) == "1"
    assert plan_tables._change(None, 10_000.0, 10_000.0, " ha") == "– → 1.0 ha"
