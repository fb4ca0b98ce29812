"""Memory for long columns, which is used again when the column before is dropped. Imported with NumPy."""

from __future__ import annotations

import mmap
import sys
from contextlib import suppress
from typing import Any

import numpy as np

# The system clears memory before it hands it out, which takes as long as most formulas. What a dropped column took is
# kept for the next one, up to so many bytes; the system may take it back whenever it is short of memory.
KEPT = 512 << 20
# Shorter columns than this the allocator reuses by itself; of longer ones huge pages are cleared faster than small.
_LONG = 1 << 20
_HUGE = 4 << 20
_PAGE, _HUGE_PAGE = 1 << 16, 1 << 21

if sys.platform == "linux" and hasattr(mmap, "MADV_FREE") and hasattr(mmap, "MADV_HUGEPAGE"):
    _free: list[mmap.mmap] = []

    def _keep(memory: mmap.mmap) -> None:
        # Other threads keep and take at any moment.
        with suppress(OSError, IndexError):
            # Its pages stay where they are, unless somebody needs them more.
            memory.madvise(mmap.MADV_FREE)
            _free.append(memory)
            while sum(map(len, _free)) > KEPT:
                del _free[0]

    class _Lent:
        """Memory that an array stands on; when the last array on it is dropped, it is given back."""

        __slots__ = ("__array_interface__", "_memory")

        def __init__(self, memory: mmap.mmap, rows: int) -> None:
            """So many numbers."""
            self._memory = memory
            self.__array_interface__ = np.frombuffer(memory, dtype=np.float64, count=rows).__array_interface__

        def __del__(self) -> None:
            """Back to where it came from, unless the program has ended."""
            if not sys.is_finalizing():
                _keep(self._memory)

    def _memory(size: int) -> mmap.mmap:
        for place in range(len(_free) - 1, -1, -1):
            with suppress(IndexError):
                if len(_free[place]) == size:
                    memory = _free.pop(place)
                    if len(memory) == size:
                        return memory
        memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if size >= _HUGE:
            with suppress(OSError):  # a kernel without them
                memory.madvise(mmap.MADV_HUGEPAGE)
        return memory

    def column(rows: int) -> Any:
        """Room for so many numbers, with anything in it."""
        size = 8 * rows
        if size < _LONG:
            return np.empty(rows)
        page = _HUGE_PAGE if size >= _HUGE else _PAGE
        try:
            memory = _memory(-(-size // page) * page)
        except OSError:  # no more memory: let NumPy say so
            return np.empty(rows)
        return np.asarray(_Lent(memory, rows))

else:

    def column(rows: int) -> Any:
        """Room for so many numbers, with anything in it."""
        return np.empty(rows)


def columns(count: int, rows: int) -> list[Any]:
    """Some of them."""
    return [column(rows) for _ in range(count)]
