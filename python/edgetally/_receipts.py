"""Receipts of consent decisions: whether an export of the gateway is as it was written."""

from __future__ import annotations

from . import _edgetally
from ._arguments import error
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from typing import TypeAlias

    # A file's path, or its lines.
    Lines: TypeAlias = str | os.PathLike[str] | Iterable[str] | Iterable[bytes]

__all__ = ["ReceiptsResult", "verify_receipts"]


class ReceiptsResult(Result):
    """What ``verify_receipts`` returns. True where nothing is wrong; ``print`` says what is."""

    __slots__ = ()

    ok: bool = field("Whether nothing is wrong.")
    receipts: int = field("How many receipts there are.")
    chains: tuple[dict[str, object], ...] = field("Each chain: source, day, count, and head, the last digest.")
    forgotten: tuple[dict[str, object], ...] = field(
        "The chains of days that the gateway had forgotten, whole or in part: source, day, count and head."
    )
    problems: tuple[dict[str, object], ...] = field(
        "What is wrong: line (0: no line of the export), kind and chain; a thousand at most."
    )
    words: str = field("All of it in words.")

    def __bool__(self) -> bool:
        """Whether nothing is wrong."""
        return self.ok

    def __str__(self) -> str:
        """In words, a line for each problem."""
        return self.words


def _read(lines: Lines, heads: Lines) -> ReceiptsResult:
    receipts, chains, forgotten, problems, words = _edgetally._verify_receipts(lines, heads)

    def ends(chains: Iterable[tuple[object, ...]]) -> tuple[dict[str, object], ...]:
        return tuple(dict(zip(("source", "day", "count", "head"), chain, strict=True)) for chain in chains)

    return ReceiptsResult(
        (
            not problems,
            receipts,
            ends(chains),
            ends(forgotten),
            tuple(dict(zip(("line", "kind", "chain"), problem, strict=True)) for problem in problems),
            words,
        )
    )


def verify_receipts(path_or_lines: Lines, heads: Lines | None = None) -> ReceiptsResult:
    """Whether an export of receipts (``GET /v1/receipts``) is as the gateway wrote it.

    ``path_or_lines`` is the file, or its lines as texts or bytes; several chains may stand in it one after the other.
    ``heads`` are closing lines that were noted elsewhere (``GET /v1/receipt-heads``), a file or lines too: each of
    them has to be in the export, or on the way to it.

    A day that the gateway says it has forgotten is no problem, and stands in ``forgotten``.

    A problem is of a ``kind``: ``removed``, ``altered``, ``reordered``, ``duplicated``, ``truncated`` (the end of a
    chain is missing), ``unreadable``.

    >>> import edgetally as et
    >>> head = '{"count":2,"day":"2026-11-30","head":"' + 64 * "0" + '","source":"shop"}'
    >>> print(et.verify_receipts([head]))
    not ok: 0 receipts in 0 chains, and this is wrong:
    line 1: truncated: shop 2026-11-30
    """
    import contextlib
    import os

    with contextlib.ExitStack() as files:

        def opened(lines: Lines) -> Lines:
            if isinstance(lines, (str, os.PathLike)):
                return files.enter_context(open(lines, "rb"))
            if not hasattr(lines, "__iter__") or isinstance(lines, (bytes, bytearray)):
                raise error("wrong_type", "receipts are the path of a file, or lines")
            return lines

        return _read(opened(path_or_lines), opened(() if heads is None else heads))
