"""Check that every relative link in the repository's documents leads to a file that is there."""

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^\]]*\]\(<?([^)>\s]+)>?(?:\s+\"[^\"]*\")?\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def dead_links(path: Path) -> list[str]:
    """List the links of one document that lead nowhere."""
    dead = []
    for link in LINK.findall(CODE.sub("", path.read_text(encoding="utf-8"))):
        target = unquote(link.split("#")[0])
        if not target or re.match(r"[a-z]+:", target):
            continue
        if not (path.parent / target).exists():
            dead.append(f"{path.relative_to(ROOT)}: {link}")
    return dead


def main() -> int:
    """Check all documents that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "--", "*.md"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    documents = [ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()]
    dead = [line for path in documents for line in dead_links(path)]
    for line in dead:
        print(f"dead link in {line}")
    return 1 if dead else 0


if __name__ == "__main__":
    raise SystemExit(main())
