"""Executes docs/notebooks. Without arguments writes them anew; ``--check`` only compares what they print with what is stored."""

from __future__ import annotations

import difflib
import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "docs/notebooks"


def printed(notebook: nbformat.NotebookNode) -> list[str]:
    """What each cell prints; pictures and warnings differ from one machine to the next, and are left out."""
    cells = []
    for cell in notebook.cells:
        text = ""
        for output in cell.get("outputs", []):
            # Such as that matplotlib looks for fonts, which it says only where that takes long.
            if output.get("name") == "stderr":
                continue
            found = output.get("text") or output.get("data", {}).get("text/plain", "")
            if not found.startswith("<Figure"):
                # One text per cell: the kernel hands on what is printed whenever 0.2 s have passed, so a slow machine cuts it into pieces.
                text += found
        cells.append(text)
    return cells


def main() -> None:
    """Every notebook, each in a kernel of its own."""
    # The kernel writes its files somewhere that is gone afterwards.
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(JUPYTER_RUNTIME_DIR=folder, IPYTHONDIR=folder, MPLCONFIGDIR=folder)
        for path in sorted(FOLDER.glob("*.ipynb")):
            stored = nbformat.read(path, as_version=4)
            fresh = nbformat.from_dict(stored)
            before = printed(stored)
            # From its own folder, where its data are, as for whoever opens it.
            here = {"metadata": {"path": str(FOLDER)}}
            NotebookClient(fresh, timeout=300, kernel_name="python3", resources=here).execute()
            for cell in fresh.cells:
                # When a cell ran is nobody's business.
                cell.metadata.pop("execution", None)
            fresh.metadata.language_info = {"name": "python"}
            if "--check" in sys.argv:
                after = printed(fresh)
                if after != before:
                    lines = difflib.unified_diff("\n".join(before).splitlines(), "\n".join(after).splitlines(), "stored", "printed", lineterm="")
                    sys.exit("\n".join([*lines, f"{path.name} prints something else than is stored: make notebooks"]))
                print(f"{path.name}: prints what is stored")
            else:
                nbformat.write(fresh, path)
                print(f"{path.name}: executed")


if __name__ == "__main__":
    main()
