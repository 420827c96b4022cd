"""Check that the wheel in a folder holds all that gridmap serves and reads: `check_wheel.py DIST`."""

import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def missing(wheel: Path) -> list[str]:
    """List what the wheel lacks: layers, vendor assets, the package's own data files, the licence."""
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    wanted = {f"gridmap/{path.relative_to(ROOT)}" for path in (ROOT / "layers").rglob("*") if path.is_file()}
    package = ROOT / "gridmap"
    wanted |= {
        str(path.relative_to(ROOT))
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    table = tomllib.loads((ROOT / "scripts/vendor.toml").read_text(encoding="utf-8"))
    faults = sorted(wanted - held)
    vendor = "gridmap/pages/static/vendor"
    faults += [f"{vendor}/{name}" for name in table if not any(n.startswith(f"{vendor}/{name}/") for n in held)]
    if not any(name.endswith("licenses/LICENSE") for name in held):
        faults.append("LICENSE")
    return faults


def main(dist: Path) -> int:
    """Check the newest wheel."""
    wheels = sorted(dist.glob("gridmap-*.whl"), key=lambda path: path.stat().st_mtime)
    if not wheels:
        print(f"no wheel in {dist}")
        return 1
    faults = missing(wheels[-1])
    for name in faults:
        print(f"{wheels[-1].name} lacks {name}")
    if not faults:
        print(wheels[-1])
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
