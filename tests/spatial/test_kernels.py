"""Compiled kernels: none outlives a change of another that it holds."""

import subprocess
import sys
from pathlib import Path

import gridmap.spatial
from gridmap.spatial import _cells, _kernels

FOLDER = Path(gridmap.spatial.__file__).parent


def test_what_is_kept_is_bound_to_all_modules_of_kernels():
    holding = {path.name for path in FOLDER.glob("*.py") if "@kernel" in path.read_text(encoding="utf-8")}
    assert len(holding) > 3
    assert holding <= {name for name, _, _ in _kernels._stamp()}
    assert _cells.locate_many._cache._cache_file._source_stamp == _kernels._stamp()


def test_no_kernel_is_made_in_another_way():
    package = FOLDER.parent
    assert [path.name for path in package.rglob("*.py") if "njit" in path.read_text(encoding="utf-8")] == [
        "_kernels.py"
    ]


def test_where_nothing_can_be_kept_kernels_are_compiled_all_the_same(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "from numba.core import caching\n"
        "caching.CacheImpl._locator_classes = []\n"
        "from gridmap.spatial._kernels import kernel\n"
        "print(kernel(lambda x: x + 1)(2))\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("3", 0), done.stderr
