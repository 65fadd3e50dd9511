"""A command imports only what it uses, to start fast. benchmarks/startup.py measures the times."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from galleryctl.cli.main import COMMANDS
from tests.support.cli_harness import CliHarness

ROOT = Path(__file__).parents[3]
LOOK = """\
import json, sys
before = set(sys.modules)
from galleryctl.cli.main import run
code = run(sys.argv[1:])
sys.stderr.write(json.dumps([code, sorted(set(sys.modules) - before)]))
"""
HEAVY = {
    "PIL", "asyncio", "cryptography", "deepdiff", "httpx", "jinja2", "jsonschema", "jwt", "obstore", "rich", "ruamel",
    "sqlite3", "ssl", "starlette", "tenacity", "uvicorn", "yaml", "importlib.metadata",
}  # fmt: skip
OURS = {
    f"galleryctl.{room}" for room in ("manifest", "plan", "report", "wix", "state", "emulator", "engine", "session")
}


def imported(args: Sequence[str]) -> set[str]:
    """Return the modules that a command line imports beyond a bare interpreter."""
    ran = subprocess.run(
        [sys.executable, "-c", LOOK, *args],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = json.loads(ran.stderr)
    assert code == 0, ran.stdout
    return set(modules)


def of(names: set[str], modules: set[str]) -> set[str]:
    """Return those of `names` that were imported, or of which a submodule was."""
    return {name for name in names if any(f"{module}.".startswith(f"{name}.") for module in modules)}


def test_the_package_imports_its_public_names_when_they_are_used() -> None:
    look = "import json, sys; import galleryctl; print(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    modules = set(json.loads(ran.stdout))
    assert {module for module in modules if module.startswith("galleryctl")} == {"galleryctl", "galleryctl.version"}
    assert of(HEAVY | {"click"}, modules) == set()


def test_the_version_costs_little_more_than_click() -> None:
    modules = imported(["--version"])
    assert of(HEAVY | OURS, modules) == set()
    ours = {module for module in modules if module.startswith("galleryctl.")}
    assert ours == {"galleryctl.cli", "galleryctl.cli.main", "galleryctl.cli.options", "galleryctl.version"}


@pytest.mark.parametrize("args", [[], ["--help"], *([name, "--help"] for name in COMMANDS)], ids=" ".join)
def test_help_imports_neither_what_is_heavy_nor_what_works(args: list[str]) -> None:
    assert of(HEAVY | OURS, imported(args)) == set()


def test_validate_imports_only_what_reads_files(wedding: CliHarness) -> None:
    modules = imported(["-C", str(wedding.root), "validate"])
    assert of(HEAVY, modules) <= {"PIL", "jsonschema", "yaml", "importlib.metadata"}
    assert of(OURS, modules) <= {"galleryctl.manifest", "galleryctl.report", "galleryctl.plan"}


@pytest.mark.parametrize("args", [["schema"], ["fmt", "--check"]], ids=" ".join)
def test_commands_on_files_reach_for_no_network(wedding: CliHarness, args: list[str]) -> None:
    place = [] if args == ["schema"] else ["-C", str(wedding.root)]
    wedding.run("fmt")
    modules = imported([*place, *args])
    network = {"httpx", "starlette", "uvicorn", "cryptography", "ssl", "asyncio"}
    assert of(network | OURS - {"galleryctl.manifest", "galleryctl.report", "galleryctl.plan"}, modules) == set()
