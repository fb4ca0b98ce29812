"""Installs the wheel of a folder into an empty environment and uses it: python scripts/test-wheel.py dist

Without NumPy, as the calculators of single numbers need nothing. Prints what it weighs.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

LIMIT = 3_600_000

ALONE = """
import sys
import edgetally as et
assert "numpy" not in sys.modules
assert round(et.funnel(12, 0.015, 0.03, 80, gross_margin=0.57).profit_per_mille, 2) == 8.52
assert et.hash_email(" Jo@Shop.example ") == et.sha256_hex("jo@shop.example")
try:
    et.funnel(12, 1.5, 0.03, 80)
except et.EdgetallyError as error:
    assert error.code == "not_a_rate", error.code
else:
    raise SystemExit("a click rate of 150 % was taken")
assert "numpy" not in sys.modules
"""


def main() -> None:
    """Find the one wheel, weigh it, install it, run it."""
    wheels = sorted(Path(sys.argv[1]).glob("*.whl"))
    if len(wheels) != 1:
        sys.exit(f"{len(wheels)} wheels in {sys.argv[1]}; there should be one")
    size = wheels[0].stat().st_size
    if size > LIMIT:
        sys.exit(f"the wheel has {size:,} bytes; {LIMIT:,} are allowed")
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = next(
            path for path in (Path(folder, "bin/python"), Path(folder, "Scripts/python.exe")) if path.exists()
        )
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--no-deps", str(wheels[0])], check=True)
        subprocess.run([str(python), "-I", "-c", ALONE], check=True)
    print(f"{wheels[0].name}: {size / 1e6:.2f} MB, works in an empty environment")


if __name__ == "__main__":
    main()
