"""Servers that misbehave in every way, in front of real processes: each command ends, in little memory, and says why.

The slow test runs all modes and prints a table: `python -m pytest -m slow -rP tests/e2e/test_misbehaving_servers.py`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.measured_command import Measured, run_measured
from tests.support.misbehaving_modes import Mode, modes
from tests.support.misbehaving_server import behave, serve

MAX_MEGABYTES = 250
LONGEST = 900
"""Seconds after which a command is killed."""
SOON = 60
"""The same for one that has to end at once, and begins slowly on a busy machine."""
IN_PARALLEL = 4
DAILY = [
    "a million galleries, full pages",
    "a million items announced",
    "pages of small objects",
    "a double gzip bomb",
    "a gzip bomb",
    "15 MB of {},",
    "100,000 levels",
    "a body without end",
    "a redirect to another host",
    "401 for ever",
]
"""The modes that the daily tests run."""
ENDLESS = [
    "1xx responses without end",
    "one byte each 5 s",
    "no response",
    "10 MB, then nothing",
]
KEY = '{api_key: "${WIX_API_KEY}"}'
APP = '{app_id: app, app_secret: "${WIX_APP_SECRET}", instance_id: instance}'


def run(
    folder: Path, mode: Mode, *options: str, timeout: float = LONGEST, interrupt_at_call: int | None = None
) -> tuple[Measured, list[str]]:
    """Run the mode's command in front of its server; return the result, and the requests."""
    folder.mkdir(parents=True, exist_ok=True)
    workspace = folder / "workspace"
    (workspace / "galleries").mkdir(parents=True)
    manifest = "gallery: weddings\nbind: {id: g-1}\nname: Weddings\nitems:\n  - {key: a, title: T0, text: '<p>0</p>'}\n"
    (workspace / "galleries" / "weddings.yaml").write_text(manifest, encoding="utf-8")
    with serve(mode.serve) as server:
        (workspace / "galleryctl.yaml").write_text(
            f'galleryctl: 1\nbackend: {{type: wix, base_url: "{server.url}"}}\n'
            f"sites: {{main: {{site_id: site-1, auth: {APP if mode.uses_app else KEY}}}}}\n"
            "galleries: galleries/*.yaml\nlimits: {max_requests_per_minute: 100000}\n",
            encoding="utf-8",
        )
        arguments = ["-C", str(workspace), *mode.command, *options]
        secrets = {"WIX_API_KEY": "planted-secret", "WIX_APP_SECRET": "planted-secret"}
        environment = {**secrets, "GALLERYCTL_API_URL": server.url}
        interrupt = None if interrupt_at_call is None else lambda: len(server.calls) >= interrupt_at_call
        measured = run_measured(folder, arguments, environment, timeout=timeout, interrupt_when=interrupt)
        return measured, server.calls


def problem(mode: Mode, measured: Measured) -> str:
    """Return what is wrong with the end of a command, or ""."""
    text = measured.out + measured.err
    wrong = {
        f"exit code {measured.code}, not {mode.code}": measured.code != mode.code,
        f"{measured.megabytes:.0f} MB": measured.megabytes > MAX_MEGABYTES,
        "a traceback or a bug": "Traceback" in text or "bug in galleryctl" in text,
        "the secret is printed": "planted-secret" in text,
        f"does not say {mode.says!r}": mode.says not in text,
        f"does not name {mode.call!r}": mode.code == 1 and mode.call not in text,
    }
    return "; ".join(name for name, is_wrong in wrong.items() if is_wrong)


@pytest.mark.parametrize("name", DAILY)
def test_a_command_ends_in_little_memory_and_names_the_call(tmp_path: Path, name: str) -> None:
    mode = modes()[name]
    measured, calls = run(tmp_path, mode)
    assert problem(mode, measured) == "", measured
    assert len(calls) < 50


@pytest.mark.parametrize(("name", "calls"), [*((name, 1) for name in ENDLESS), ("full pages for ever", 20)])
def test_an_interrupt_ends_the_command_at_once(tmp_path: Path, name: str, calls: int) -> None:
    measured, _ = run(tmp_path, modes()[name], interrupt_at_call=calls, timeout=SOON)
    assert measured.code == 130, measured
    assert "Traceback" not in measured.err


@pytest.mark.parametrize("name", ENDLESS)
def test_a_deadline_ends_the_command(tmp_path: Path, name: str) -> None:
    measured, _ = run(tmp_path, modes()[name], "--deadline", "3s", timeout=SOON)
    assert measured.code == 1, measured
    assert "not finished within the --deadline of 3 s; nothing was changed on the site" in measured.err
    assert measured.megabytes < MAX_MEGABYTES


def test_a_server_that_behaves_has_a_plan(tmp_path: Path) -> None:
    measured, calls = run(tmp_path, Mode(serve=behave, code=0))
    assert measured.code == 0, measured
    assert calls == ["GET /progallery/v2/galleries", "GET /progallery/v2/galleries/g-1/items"]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_mode_ends_in_little_memory_and_names_the_call(tmp_path: Path) -> None:
    named = modes()

    def attempt(number_and_name: tuple[int, str]) -> Measured:
        number, name = number_and_name
        return run(tmp_path / f"{number}", named[name])[0]

    with ThreadPoolExecutor(IN_PARALLEL) as pool:
        ended = dict(zip(named, pool.map(attempt, enumerate(named)), strict=True))
    rows = [
        f"| {name} | {found.megabytes:.0f} MB | {found.seconds:.1f} s | {found.code} | {_line(found)} |"
        for name, found in ended.items()
    ]
    print("\n".join(["| mode | memory | time | exit | message |", "| --- | ---: | ---: | ---: | --- |", *rows]))  # noqa: T201 - the result
    problems = {name: found for name, measured in ended.items() if (found := problem(named[name], measured))}
    assert problems == {}


def _line(measured: Measured) -> str:
    """Return the line of the output that says what is wrong, or how the plan ends."""
    lines = [line for line in (measured.err + measured.out).splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("Error: ", "FAIL", "fail", "Plan: "))]
    return (told or lines or [""])[0].removeprefix("Error: ")[:160]
