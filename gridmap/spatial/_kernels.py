"""How kernels are compiled: once for each machine, and anew when any of them changed."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numba


def kernel(function: Callable[..., Any]) -> Any:  # noqa: ANN401 - numba's dispatcher has no type to name
    """Compile a function on its first use, and keep what was compiled beside its module.

    numba keeps it until that module changes. A kernel holds those that it calls, though, wherever they stand; so here
    it is kept until any module of kernels changes.
    """
    made = numba.njit(nogil=True, cache=True, error_model="numpy")(function)
    made._cache._cache_file._source_stamp = _stamp()  # noqa: SLF001 - numba has no other way to say it
    return made


@lru_cache
def _stamp() -> tuple[tuple[str, float, int], ...]:
    """Tell one state of all modules that may hold kernels from another, as numba does for one."""
    modules = sorted(Path(__file__).parent.glob("_*.py"))
    return tuple((path.name, path.stat().st_mtime, path.stat().st_size) for path in modules)
