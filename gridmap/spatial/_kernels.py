"""How kernels are compiled: once for each machine, and anew when any changed; two instructions that numba lacks."""

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def kernel(function: Kernel) -> Kernel:
    """Compile a function on its first use, and keep what was compiled beside its module.

    numba keeps it until that module changes. A kernel holds those that it calls, though, wherever they stand; so here
    it is kept until any module of kernels changes.
    """
    compiled: Any = partial(numba.njit, nogil=True, error_model="numpy")
    try:
        made: Any = compiled(cache=True)(function)
    except RuntimeError:  # there is no folder to keep it in: compiled anew in each process, but right
        made = compiled()(function)
    else:
        made._cache._cache_file._source_stamp = _stamp()  # noqa: SLF001 - numba has no other way to say it
    return cast("Kernel", made)


@lru_cache
def _stamp() -> tuple[tuple[str, float, int], ...]:
    """Tell one state of all modules that may hold kernels from another, as numba does for one."""
    modules = sorted(Path(__file__).parent.glob("_*.py"))
    return tuple((path.name, path.stat().st_mtime, path.stat().st_size) for path in modules)


@intrinsic
def prefetch(typing_context: Any, array: Any, index: Any) -> Any:  # noqa: ANN401, ARG001 - numba's types
    """Ask for the memory of `array[index]` ahead of its use; an index beyond the end does no harm."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        kind = signature.args[0]
        data = context.make_array(kind)(context, builder, arguments[0]).data
        address = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        word = ir.IntType(32)
        ask = builder.module.declare_intrinsic(
            "llvm.prefetch", [address.type], ir.FunctionType(ir.VoidType(), [address.type, word, word, word])
        )
        builder.call(ask, [address, word(0), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


@intrinsic
def lowest_bit(typing_context: Any, mask: Any) -> Any:  # noqa: ANN401, ARG001 - numba's types
    """Give the position of the lowest bit that is set; of 64 where none is."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.int64), generate
