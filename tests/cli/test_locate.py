"""`gridmap locate` with files: which options go together."""

import pytest
from typer.testing import CliRunner

from gridmap.cli import command_line


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--file", "in.csv"], "--file needs --out"),
        (["--file", "in.parquet", "--engine", "spark"], "--file needs --out"),
        (["121.4", "31.2", "--engine", "spark"], "--engine spark needs --file and --out"),
        (["--file", "in.csv", "--out", "out.csv", "--master", "yarn"], "--master goes with --engine spark"),
        ([], "give LON and LAT, or --file and --out"),
    ],
)
def test_options_that_do_not_go_together(options, told, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    done = CliRunner().invoke(command_line("locate"), ["locate", "--datum", "wgs84", *options])
    assert done.exit_code == 2
    assert told in done.output
