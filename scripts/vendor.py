"""Copy what pages and maps load in the browser from node_modules into the package, as scripts/vendor.toml says.

Run by `make setup` after `npm ci`. The result is checked: every link in a style sheet must lead to a copied file,
none to another host. Fallbacks to older font formats and links to source maps are cut out, since their files stay
behind.
"""

import re
import shutil
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LICENCE = re.compile(r"(mit-)?licen[cs]e|notice|ofl", re.IGNORECASE)
LINK = re.compile(r"url\(\s*(['\"]?)(.*?)\1\s*\)|@import\s+['\"]([^'\"]+)['\"]")
FOREIGN = re.compile(r"(url\(\s*['\"]?|@import\s+['\"])(https?:)?//", re.IGNORECASE)
OLDER_FONT = re.compile(r",\s*url\([^)]*\.(?:woff|ttf)\)\s*format\(['\"](?:woff|truetype)['\"]\)")
SOURCE_MAP = re.compile(r"(//[#@]\s*sourceMappingURL=\S+|/\*[#@]\s*sourceMappingURL=.*?\*/)\s*$")


def copy_package(name: str, patterns: list[str], modules: Path, target: Path, said_in: str | None = None) -> list[str]:
    """Copy one package's listed files and licences; return what is wrong.

    `said_in` is the file that names the licence where the package ships no text of it.
    """
    source = modules / name
    if not source.is_dir():
        return [f"{name}: not in {modules}; run `npm ci`"]
    faults = []
    licences = [p for p in source.iterdir() if p.is_file() and LICENCE.match(p.name)]
    if not licences and said_in and '"license"' in (source / said_in).read_text(encoding="utf-8"):
        licences = [source / said_in]
    if not licences:
        faults.append(f"{name}: no licence file")
    chosen = list(licences)
    for pattern in patterns:
        found = sorted(source.glob(pattern))
        if not found:
            faults.append(f"{name}: nothing matches {pattern}")
        chosen += found
    for path in dict.fromkeys(chosen):
        copy = target / name / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in {".css", ".js"}:
            text = SOURCE_MAP.sub("", path.read_text(encoding="utf-8"))
            copy.write_text(OLDER_FONT.sub("", text) if path.suffix == ".css" else text, encoding="utf-8")
        else:
            shutil.copyfile(path, copy)
    return faults


def check_links(folder: Path) -> list[str]:
    """List links in style sheets and scripts that lead to another host or to no file."""
    faults = []
    for path in sorted(p for p in folder.rglob("*") if p.suffix in {".css", ".js"}):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(folder)
        faults += [
            f"{name}: loads from another host: {text[m.start() : m.start() + 80]!r}" for m in FOREIGN.finditer(text)
        ]
        if "sourceMappingURL=" in text:
            faults.append(f"{name}: still names a source map")
        for match in LINK.finditer(text) if path.suffix == ".css" else ():
            link = match.group(2) or match.group(3) or ""
            if link.startswith(("data:", "#", "http:", "https:", "//")):
                continue
            if not (path.parent / re.split(r"[?#]", link)[0]).is_file():
                faults.append(f"{name}: {link} is not copied; add it to scripts/vendor.toml")
    return faults


def main(modules: Path, target: Path) -> int:
    """Copy everything beside the target first, then swap, so that a failed run leaves the old files."""
    table = tomllib.loads((ROOT / "scripts/vendor.toml").read_text(encoding="utf-8"))
    fresh = ROOT / ".setup/vendor"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    faults: list[str] = []
    for name, entry in table.items():
        faults += copy_package(name, entry["files"], modules, fresh, entry.get("licence"))
    faults += check_links(fresh)
    if faults:
        shutil.rmtree(fresh)
        print("vendor:", *faults, sep="\n  ", file=sys.stderr)
        return 1
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh.rename(target)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(ROOT / "node_modules", ROOT / "gridmap/pages/static/vendor"))
