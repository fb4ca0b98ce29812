"""On the command line: ``python -m edgetally verify-receipts FILE [--heads FILE]``."""

from __future__ import annotations

import argparse
import sys

from ._receipts import verify_receipts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 0 where all is well, 1 where something is wrong, 2 where nothing could be done."""
    parser = argparse.ArgumentParser(prog="edgetally")
    words = parser.add_subparsers(dest="word", required=True)
    verify = words.add_parser("verify-receipts", help="whether an export of receipts is as the gateway wrote it")
    verify.add_argument("file", help="what GET /v1/receipts gave; - reads standard input")
    verify.add_argument("--heads", help="closing lines that were noted elsewhere")
    given = parser.parse_args(arguments)
    try:
        result = verify_receipts(sys.stdin.buffer if given.file == "-" else given.file, given.heads)
    except OSError as problem:
        sys.stderr.write(f"edgetally: {problem}\n")
        return 2
    sys.stdout.write(f"{result}\n")
    return 0 if result else 1


if __name__ == "__main__":
    sys.exit(main())
