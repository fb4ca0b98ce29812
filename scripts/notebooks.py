"""Executes docs/notebooks. Without arguments writes them anew; ``--check`` only compares what they print with what is stored."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "docs/notebooks"


def printed(notebook: nbformat.NotebookNode) -> list[str]:
    """What each cell prints; pictures and warnings differ from one machine to the next, and are left out."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            # Such as that matplotlib looks for fonts, which it says only where that takes long.
            if output.get("name") == "stderr":
                continue
            found.append(output.get("text") or output.get("data", {}).get("text/plain", ""))
    return [text for text in found if not text.startswith("<Figure")]


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
                if printed(fresh) != before:
                    sys.exit(f"{path.name} prints something else than is stored: make notebooks")
                print(f"{path.name}: prints what is stored")
            else:
                nbformat.write(fresh, path)
                print(f"{path.name}: executed")


if __name__ == "__main__":
    main()
