"""Tests whose requirements are missing are skipped with a reason, and fail with `--no-skips`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import needs

ROOT = Path(__file__).parents[2]
ALL_NEEDS = """
import pytest
from tests.support import needs

def test_node():
    needs.node()

def test_chromium():
    needs.command("chromium", package="chromium")

@pytest.fixture
def kernel():
    needs.linux("/proc/nowhere")

def test_kernel(kernel):
    raise AssertionError("it must not run")

@pytest.mark.xfail(reason="known")
def test_known():
    raise AssertionError("expected")

def test_nothing():
    pass
"""
REASONS = {"needs node: apt install nodejs npm", "needs chromium: apt install chromium"}


def run_tests(folder: Path, *options: str) -> tuple[int, str]:
    """Run the tests above with an empty PATH; return the exit code and the output."""
    (folder / "test_needs.py").write_text(ALL_NEEDS)
    (folder / "bin").mkdir()
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-rs", *options, folder],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        | {"PATH": str(folder / "bin")},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )  # fmt: skip
    return ran.returncode, ran.stdout


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_what_is_missing_is_a_reason_to_skip(tmp_path: Path, workers: tuple[str, ...]) -> None:
    code, out = run_tests(tmp_path, *workers)
    assert code == 0, out
    assert "1 passed, 3 skipped, 1 xfailed" in out
    assert all(reason in out for reason in REASONS)


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_what_is_missing_is_a_failure_where_nothing_may_be_skipped(tmp_path: Path, workers: tuple[str, ...]) -> None:
    code, out = run_tests(tmp_path, *workers, "--no-skips")
    assert code == 1, out
    # a missing requirement of a fixture is reported as an error of the fixture
    assert "2 failed, 1 passed, 1 xfailed, 1 error" in out
    assert all(f"{reason} (--no-skips)" in out for reason in REASONS)


def test_node_that_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "node").write_text("#!/bin/sh\necho v18.20.4\n")
    (tmp_path / "node").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match="needs Node 20 or newer, and this is Node 18"):
        needs.node()
