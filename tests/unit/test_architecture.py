from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
HTTPX = re.compile(r"^\s*(?:import|from) httpx\b", re.MULTILINE)


def sources(*folders: str) -> Iterator[tuple[str, str]]:
    """The path and the text of every Python file in the folders."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text()


def test_httpx_is_imported_in_one_place() -> None:
    importing = [path for path, text in sources("galleryctl", "tests", "benchmarks", "examples") if HTTPX.search(text)]
    assert importing == ["galleryctl/http.py"]


def test_no_constructor_has_ten_arguments() -> None:
    long = [
        f"{path}:{method.lineno}"
        for path, text in sources("galleryctl")
        for method in ast.walk(ast.parse(text))
        if isinstance(method, ast.FunctionDef) and method.name == "__init__"
        if len([*method.args.posonlyargs, *method.args.args[1:], *method.args.kwonlyargs]) >= 10
    ]
    assert long == []
