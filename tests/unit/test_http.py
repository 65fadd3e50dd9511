from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMPORT = re.compile(r"^\s*(?:import|from) httpx\b", re.MULTILINE)


def test_httpx_is_imported_in_one_place() -> None:
    folders = ("galleryctl", "tests", "benchmarks", "examples")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    importing = [path for path in files if IMPORT.search(path.read_text())]
    assert importing == [ROOT / "galleryctl/http.py"]
