from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from galleryctl.model.waiting import WaitKind

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


SLEEPERS = {
    "galleryctl/waits.py": "the one place that sleeps: each sleep is a wait with an event",
    "galleryctl/state/bucket.py": "a wait in a thread, within the event of its request",
    "galleryctl/state/lock.py": "at most half a second in all",
    "galleryctl/wix/client.py": "gives the sleep of Timing to Waits",
    "galleryctl/wix/transport.py": "Timing, which tests replace",
    "galleryctl/emulator/pipeline.py": "a server: the latency that a test asks for",
}
"""The modules that may sleep, with the reason. A sleep elsewhere could be silent: use `Waits`."""
SLEEPING_MODULES = ("asyncio", "time", "anyio", "trio")


def sleeps(tree: ast.Module) -> Iterator[int]:
    """Yield the lines that name a function that sleeps; `asyncio.sleep(0)` only lets other tasks run."""
    yields = {
        id(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and [ast.unparse(each) for each in node.args] == ["0"]
    }
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr="sleep") if module in SLEEPING_MODULES:
                if id(node) not in yields:
                    yield node.lineno
            case ast.Attribute(value=ast.Attribute(attr="timing") | ast.Name(id="timing"), attr="sleep"):
                yield node.lineno
            case ast.ImportFrom(module=module, names=names) if module in SLEEPING_MODULES:
                yield from (node.lineno for name in names if name.name == "sleep")
            case _:
                pass


def test_only_waits_sleep() -> None:
    found = {path: [*sleeps(ast.parse(text))] for path, text in sources("galleryctl")}
    sleeping = {path for path, lines in found.items() if lines}
    assert sleeping - SLEEPERS.keys() == set()
    assert SLEEPERS.keys() - sleeping == set(), "remove these from SLEEPERS"


@pytest.mark.parametrize(
    "line",
    [
        "asyncio.sleep(1)", "time.sleep(0.0 + x)", "anyio.sleep(x)", "from time import sleep", "wait = asyncio.sleep",
        "self.timing.sleep(1)",
    ],
)  # fmt: skip
def test_a_sleep_is_found(line: str) -> None:
    assert [*sleeps(ast.parse(line))] == [1]


def test_programs_are_run_where_their_wait_is_announced() -> None:
    starts = re.compile(r"\b(subprocess\.(run|Popen|check_output|call)|create_subprocess_\w+|os\.system)\(")
    running = {path: text for path, text in sources("galleryctl") if starts.search(text)}
    assert all("WaitKind.PROGRAM" in text for text in running.values())
    assert running.keys() == {
        "galleryctl/forge/checkout.py",
        "galleryctl/session/credential_command.py",
        "galleryctl/session/outputs.py",
    }


def test_every_kind_of_wait_is_announced_somewhere() -> None:
    announced = "".join(text for path, text in sources("galleryctl") if path != "galleryctl/model/waiting.py")
    assert [kind for kind in WaitKind if f"WaitKind.{kind.name}" not in announced] == []
