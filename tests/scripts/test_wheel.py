"""The wheel holds all that gridmap serves and reads."""

import shutil
import subprocess
import zipfile
from pathlib import Path

from scripts import check_wheel

ROOT = Path(__file__).resolve().parents[2]


def test_has_assets_layers_and_licence(tmp_path):
    uv = shutil.which("uv", path=ROOT / ".venv/bin") or "uv"
    built = subprocess.run(
        [uv, "build", "--wheel", "--quiet", "--offline", "--no-build-isolation", "--out-dir", tmp_path, ROOT],
        check=False,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    assert check_wheel.main(tmp_path) == 0
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        held = wheel.namelist()
    assert "gridmap/pages/static/vendor/leaflet/dist/leaflet.css" in held
    assert not [name for name in held if "node_modules" in name or "__pycache__" in name]


def test_says_what_is_missing(tmp_path, capsys):
    assert check_wheel.main(tmp_path) == 1
    with zipfile.ZipFile(tmp_path / "gridmap-0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("gridmap/__init__.py", "")
    assert check_wheel.main(tmp_path) == 1
    said = capsys.readouterr().out
    assert "no wheel in" in said
    assert "lacks gridmap/pages/static/vendor/leaflet" in said
    assert "lacks LICENSE" in said
