"""Where the real data is, for tests marked `realdata`."""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("GRIDMAP_REALDATA") or Path(__file__).parents[2] / "shared" / "data")


def real(name: str) -> Path:
    """Give the path of a real file; the test is left out where it is not there."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"real data is not here: {path}")
    return path
