"""The vendor's own SDK, under Node, against the emulator as a real process: every call and every event."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.npm import install
from tests.support.processes import start_server

SDK = Path(__file__).parent / "sdk"


@pytest.fixture(scope="module")
def node() -> str:
    return install(SDK)


@pytest.fixture
def ready_file(tmp_path: Path) -> Iterator[Path]:
    """The ready file of a running emulator."""
    with start_server(tmp_path / "ready.json", "emulator", "--data", str(tmp_path / "data")) as emulator:
        yield emulator.ready_file
        ran = emulator.stop()
    assert ran.code == 0, ran.err


Summary = dict[str, dict[str, list[str]]]
# What the SDK exports, and what of it the run used.
PAIRS = (("methods", "exercised"), ("events", "received"), ("paths", "served"))


def left_out(summary: Summary) -> list[str]:
    """Each call, event and path of the SDK that the run did not use."""
    return [
        f"{module} {name}"
        for module, part in summary.items()
        for wanted, used in PAIRS
        for name in part[wanted]
        if name not in part[used]
    ]


def test_the_vendors_sdk_works_with_the_emulator(node: str, ready_file: Path) -> None:
    run = subprocess.run(
        [node, "run.mjs", ready_file], cwd=SDK, capture_output=True, text=True, timeout=90, check=False
    )
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
    summary: Summary = json.loads(run.stdout.splitlines()[-1])
    assert left_out(summary) == []
    assert {name: (len(part["methods"]), len(part["events"])) for name, part in summary.items()} == {
        "proGallery": (12, 6),
        "files": (17, 2),
        "folders": (10, 0),
    }
    for module, part in summary.items():
        for wanted, used in PAIRS:
            for name in part[wanted]:
                less = summary | {module: part | {used: [other for other in part[used] if other != name]}}
                assert left_out(less) == [f"{module} {name}"], "a call or an event left out must be seen"
