"""Reads the blocks of code of a document, and what a comment before one says about running it.

``<!-- not run: reason -->`` leaves a block out, ``<!-- tested as: command -->`` runs the command instead, and
``<!-- serves -->`` starts it and goes on. A ``text`` block after one that was run quotes lines of what that one said.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_BLOCK = re.compile(r"(?:^<!-- (?P<mark>[^>]*) -->\n)?^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
MARKS = ("", "not run", "tested as", "serves")


@dataclass(frozen=True, slots=True)
class Block:
    """One block of code: its kind, its text, and how a comment says it is to be run."""

    kind: str
    body: str
    mark: str
    said: str
    line: int


def blocks_of(path: Path) -> list[Block]:
    """Read the blocks of a document, in order."""
    text = path.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        mark, _, said = (match["mark"] or "").partition(": ")
        found.append(Block(match["kind"], match["body"], mark, said, text.count("\n", 0, match.start("body"))))
    return found


def documents() -> list[Path]:
    """List the documents of the repository that are for users and contributors."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
