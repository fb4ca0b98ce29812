"""Runs the modules of this folder: python scripts/oracle [--rows 10000] [--jobs 2] [--write] [MODULE ...]."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from oracle.harness import WITHOUT, Oracle, without_oracle  # noqa: E402

PAGE = HERE.parents[1] / "docs/calculators/oracle.md"
HEAD = """# Do others get the same numbers?

Written by `make test-oracle` (`scripts/oracle`). Every function is given random and degenerate inputs (no conversions, all converted,
zero spend, equal arms, numbers over twelve orders of magnitude) and compared with an independent computation: {versions}, formulas
in exact fractions, enumeration, or a search of its own.

*refused*: inputs that break a rule, which ours says. *Greatest difference* is relative, among the values that count as equal, to the
value or to the terms that were subtracted. *Explained*: ours differs on purpose, and why. A disagreement without a reason fails the run,
and so does a public function that nothing is compared with, but for: {without}.
Classes (results, `Ledger`), their methods and the pictures compute nothing that is not compared here, or are tested elsewhere.

"""


def _long_first(name: str) -> tuple[bool, str]:
    return name not in ("comparing", "geo", "money", "plans", "rates", "response"), name


def run(name: str, rows: int) -> tuple[str, Oracle]:
    """One module, in a process of its own."""
    # What others warn of is their affair.
    warnings.simplefilter("ignore")
    oracle = Oracle(rows)
    oracle.each(name, importlib.import_module(f"oracle.{name}").check)
    return name, oracle


def main() -> int:
    """All modules, or those that are named."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rows", type=int, default=10_000, help="inputs per function")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count(), help="modules at once")
    arguments.add_argument("--write", action="store_true", help="docs/calculators/oracle.md, from a full run")
    arguments.add_argument("modules", nargs="*")
    options = arguments.parse_args()
    every = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in ("__init__", "__main__", "harness"))
    modules = options.modules or every
    oracle = Oracle(options.rows)
    begin = time.monotonic()
    with ProcessPoolExecutor(options.jobs) as pool:
        for done in as_completed([pool.submit(run, name, options.rows) for name in sorted(modules, key=_long_first)]):
            name, part = done.result()
            oracle.lines |= part.lines
            for line in part.lines.values():
                print(
                    f"{line.function:30} {line.against:44} {line.inputs:>8,} {line.equal:>9,} equal  {line.greatest:7.0e}  "
                    f"{sum(line.explained.values()):>6,} explained {line.unequal:>6,} disagree",
                    flush=True,
                )
                for text in line.disagreements:
                    print(f"    {text}", flush=True)
            print(f"{name}: {part.seconds[name]:.0f} s", flush=True)
    if options.write:
        if modules != every:
            sys.exit("only a run of all modules is written down")
        known = ", ".join(f"{name} {version(name)}" for name in ("SciPy", "statsmodels", "mpmath", "phonenumbers"))
        without = "; ".join(f"`{name}` ({reason})" for name, reason in WITHOUT.items())
        PAGE.write_text(HEAD.format(versions=known, without=without) + "\n".join(oracle.table()) + "\n", encoding="utf-8")
    functions = {line.function for line in oracle.lines.values()}
    missing = without_oracle(functions) if modules == every else []
    for name in missing:
        print(f"{name}: nothing to compare it with")
    print(f"{len(functions)} functions, {time.monotonic() - begin:.0f} s")
    return 1 if oracle.failed() or missing else 0


if __name__ == "__main__":
    sys.exit(main())
