"""Compiled loops, and how they come from the cache: without all that numba gets ready to compile.

Before numba looks into its cache it imports and registers whatever it can compile, a quarter of a second each
time a program starts. Machine code that is kept needs none of that but the runtime that it allocates with;
where something has to be compiled numba gets ready by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from numba.core.runtime.nrt import rtsys


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function of arrays and numbers (numba.njit with these options) and keep its machine code.

    Not for what calls linear algebra or makes lists: their symbols are registered with the rest.
    """

    def made(function: Callable[..., Any]) -> Any:
        compiled = numba.njit(cache=True, **options)(function)
        cache: Any = getattr(compiled, "_cache", None)
        if hasattr(cache, "_load_overload"):  # numba's own affair: where it looks otherwise, all is loaded
            cache.load_overload = _light(cache)
        return compiled

    return made


def _light(cache: Any) -> Callable[[Any, Any], Any]:
    """`cache.load_overload` without the refreshing of the context."""

    def load(signature: Any, context: Any) -> Any:
        rtsys.initialize(context)
        with cache._guard_against_spurious_io_errors():
            return cache._load_overload(signature, context)

    return load
