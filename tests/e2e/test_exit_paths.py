"""The ways a command can end, with real processes: closed and broken streams, signals, a state that cannot be saved.

After the first write to the site, an apply ends with its report and with 0, 3 or 130.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.e2e_harness import CREATE_ITEM_REQUESTS, RunningCommand, ServedWorkspace, text_items
from tests.support.processes import GALLERYCTL_COMMAND, TIMEOUT

ITEMS = 12
VENDOR_YAML = """\
galleryctl: 1
backend: {type: wix}
sites: {main: {site_id: "${WIX_SITE_ID}", auth: {api_key: "${WIX_API_KEY}"}}}
galleries: galleries/*.yaml
"""
"""A workspace at the vendor's API; its requests go to a proxy that nobody runs."""
BUGS = ("Traceback", "bug in galleryctl", "BrokenPipe", "Exception ignored")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitPath:
    """One way to end: a shell line in which `galleryctl` is the command, and what a user sees of it."""

    line: str
    code: int
    made: int | None = None
    """The number of items on the site afterwards, if it matters."""
    err: str = ""
    """What standard error contains."""
    before: str = "new"
    """`new`: the gallery is to be made; `there`: it was made; `unused`: and a file is not used any more, after a second run;
    `edited`: it was made, and then edited in the Editor."""


def apply(rest: str, code: int = 0, *, made: int | None = ITEMS, err: str = "", command: str = "apply") -> ExitPath:
    return ExitPath(line=f"galleryctl {command} --auto-approve {rest}", code=code, made=made, err=err)


def after(line: str, code: int, *, made: int | None = None, err: str = "", before: str = "there") -> ExitPath:
    return ExitPath(line=line, code=code, made=made, err=err, before=before)


HEAD, TRUE = "| head -n 1; exit ${PIPESTATUS[0]}", "| true; exit ${PIPESTATUS[0]}"
TOLERATE = "galleryctl drift --tolerate-until 2999-12-31 --reason sale"
WITH_PATTERN = "echo '  - {from: photos/*.jpg}' >> galleries/weddings.yaml"
REPORT = f"Applied: {ITEMS + 1} created."
LOST = "standard output: cannot write the result"

STREAMS: Sequence[ExitPath] = (
    apply(""),
    apply(HEAD, err=REPORT),
    apply(TRUE, err=REPORT),
    apply(f"--format json {TRUE}", err='"outcomes"'),
    apply(">/dev/full", 1, made=0, err=LOST),
    apply("-q >/dev/full", 3, err=REPORT),
    apply("--format json >/dev/full", 3, err='"outcomes"'),
    apply("--format json -q >/dev/full 2>/dev/full", 3),
    apply("-v 2> >(head -n 1)"),
    apply("-vv 2> >(head -n 1)"),
    apply("-v 2>/dev/full"),
    apply("-v > >(true) 2>&1"),
    apply("<&-"),
    apply(">&-"),
    apply("2>&-"),
    apply("-v 2>&-"),
    apply("-v <&- >&- 2>&-"),
    ExitPath(line="galleryctl apply <&-", code=1, made=0, err="standard input is not a terminal"),
    ExitPath(line="galleryctl apply </dev/null", code=1, made=0, err="standard input is not a terminal"),
    ExitPath(line="galleryctl plan >&- 2>&-", code=0, made=0),
    ExitPath(line=f"galleryctl plan {TRUE}", code=1, made=0),
    ExitPath(line="galleryctl fmt --check - <&-", code=1, err="the file is empty"),
    after(f"galleryctl destroy --auto-approve {TRUE}", 0, made=0, err="Applied:"),
    after("galleryctl destroy --auto-approve --format json >/dev/full", 3, made=0, err='"outcomes"'),
    after(f"galleryctl media gc --auto-approve --format json {TRUE}", 0, err='"files"', before="unused"),
    after("galleryctl media gc --auto-approve --format json >/dev/full", 3, err='"files"', before="unused"),
    after(f"galleryctl state mv weddings/t00 weddings/first {TRUE}", 0, err="Moved weddings/t00"),
    after("galleryctl state rm weddings/t00 --format json >/dev/full", 3, err='"serial"'),
    after("galleryctl state rebuild --auto-approve 2>&- >&-", 0),
    after(f"galleryctl state list {TRUE}", 1),
    after(f"galleryctl import weddings {TRUE}", 0, err="Wrote "),
    after("galleryctl import weddings >/dev/full", 3, err="Wrote "),
    after("galleryctl import weddings --dry-run >/dev/full", 1, err=LOST),
    after(f"galleryctl undo 2 {TRUE}", 0, err="Wrote ", before="unused"),
    after("galleryctl undo 2 --format json >/dev/full", 3, err='"written": true', before="unused"),
    after("galleryctl undo 2 >&-", 0, before="unused"),
    after("galleryctl undo 2 --dry-run >/dev/full", 1, err=LOST, before="unused"),
    after(f"galleryctl drift --accept {TRUE}", 0, err="Wrote ", before="edited"),
    after("galleryctl drift --accept --format json >/dev/full", 3, err='"written": true', before="edited"),
    after(f"{TOLERATE} {TRUE}", 0, err="weddings/t00: title", before="edited"),
    after(f"{TOLERATE} >/dev/full", 3, err="weddings/t00: title", before="edited"),
    after(f"{WITH_PATTERN}; galleryctl expand weddings {TRUE}", 0, err="Wrote "),
    after(f"{WITH_PATTERN}; galleryctl expand weddings --format json >/dev/full", 3, err='"written": true'),
    after(f"{WITH_PATTERN}; galleryctl fmt {TRUE}", 0, err="weddings.yaml"),
    after(f"{WITH_PATTERN}; galleryctl fmt --format json >/dev/full", 3, err="weddings.yaml"),
    after(f"galleryctl init new {TRUE}", 0, err="galleryctl.yaml"),
    after("galleryctl init new >/dev/full", 3, err="galleryctl.yaml"),
    after(f"galleryctl plan --out plan.json {TRUE}", 0, err="Saved the plan to plan.json"),
    after("galleryctl plan --out plan.json --format json >/dev/full", 3, err="Saved the plan to plan.json"),
)

NETWORK: Sequence[tuple[str, int, str]] = (
    (
        "HTTPS_PROXY= ALL_PROXY=socks5://u:s3cret@127.0.0.1:1 galleryctl apply --auto-approve",
        1,
        "ALL_PROXY in the environment: SOCKS",
    ),
    ("HTTPS_PROXY=http://u:s3cret@127.0.0.1:x galleryctl plan", 1, "HTTPS_PROXY in the environment: invalid proxy URL"),
    ("NO_PROXY='[::1' galleryctl plan", 1, "NO_PROXY in the environment: '[::1' is not a host"),
    ("SSL_CERT_FILE=/nowhere galleryctl plan", 1, "SSL_CERT_FILE in the environment: /nowhere cannot be read"),
    ("SSL_CERT_FILE=galleryctl.yaml galleryctl drift", 1, "SSL_CERT_FILE in the environment: galleryctl.yaml has no"),
    ("SSL_CERT_DIR=/nowhere galleryctl import --all", 1, "SSL_CERT_DIR in the environment: /nowhere is not a folder"),
    (
        "HTTPS_PROXY= ALL_PROXY=socks5://u:s3cret@127.0.0.1:1 galleryctl doctor",
        1,
        "ALL_PROXY in the environment: SOCKS",
    ),
    ("SSL_CERT_FILE=/nowhere galleryctl doctor", 1, "SSL_CERT_FILE in the environment: /nowhere cannot be read"),
    ("NETRC=/nowhere HOME=/nowhere galleryctl doctor", 1, "the proxy of HTTPS_PROXY, the usual certificates"),
)


@pytest.fixture
def shell(served: ServedWorkspace, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a line of bash in the workspace; its exit code is the command's."""
    program = tmp_path / "bin/galleryctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.join(GALLERYCTL_COMMAND)} "$@"\n')
    program.chmod(0o755)

    def run(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
        path = f"{program.parent}:{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-c", line],
            cwd=served.root,
            env=served.environment | {"PATH": path} | environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    return run


def prepare(served: ServedWorkspace, before: str) -> None:
    """An empty site and no state, or what `before` says."""
    served.call_control("reset", {})
    shutil.rmtree(served.root / ".galleryctl", ignore_errors=True)
    items = text_items(ITEMS)
    served.write_photo("unused", 7)
    served.write_gallery([*items, "{image: photos/unused.jpg}"] if before == "unused" else items)
    if before != "new":
        served.apply()
    if before == "unused":
        served.write_gallery(items)
        served.apply()
    if before == "edited":
        edit = {"gallery": {"name": "Weddings"}, "item": {"title": "T00"}, "set": {"title": "Sale"}}
        served.call_control("edit", {"edits": [edit]})


def show(path: str, code: int | str) -> None:
    """Print a row of the table, which `-rP` shows."""
    sys.stdout.write(f"| {path} | {code} |\n")


def count(served: ServedWorkspace) -> int:
    galleries = served.call_api("GET", "/progallery/v2/galleries?limit=10")["galleries"]
    return sum(gallery["totalItems"] for gallery in galleries)


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.line.partition(";")[0])
def test_every_way_to_close_a_stream(
    served: ServedWorkspace, shell: Callable[..., subprocess.CompletedProcess[str]], path: ExitPath
) -> None:
    prepare(served, path.before)
    ran = shell(path.line)
    show(f"`{path.line.partition('; exit')[0]}`", ran.returncode)
    assert ran.returncode == path.code, ran.stdout + ran.stderr
    assert path.err in ran.stderr
    assert not any(bug in ran.stderr for bug in BUGS)
    assert path.made is None or count(served) == path.made


@pytest.mark.parametrize(("line", "code", "message"), NETWORK, ids=[line for line, _, _ in NETWORK])
def test_settings_of_the_network_that_cannot_be_used(
    served: ServedWorkspace,
    shell: Callable[..., subprocess.CompletedProcess[str]],
    line: str,
    code: int,
    message: str,
) -> None:
    served.write("galleryctl.yaml", VENDOR_YAML)
    served.write_gallery(text_items(1))
    unset = dict.fromkeys(("GALLERYCTL_API_URL", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"), "")
    ran = shell(line, HTTPS_PROXY="http://u:s3cret@127.0.0.1:1", **unset)
    printed = ran.stdout + ran.stderr
    show(f"`{line}`", ran.returncode)
    assert ran.returncode == code, printed
    assert message in printed
    assert "s3cret" not in printed
    assert not any(bug in printed for bug in BUGS)


@pytest.fixture
def begun(served: ServedWorkspace) -> ServedWorkspace:
    """One item is there, and twenty more are to be made; four creates are held after they took effect."""
    served.write_gallery(text_items(1))
    served.apply()
    served.write_gallery(text_items(21))
    served.hold("after", **CREATE_ITEM_REQUESTS, nth=5, times=4)
    return served


def report(out: str) -> dict[str, Any]:
    """The first JSON document of the output."""
    document: dict[str, Any] = json.JSONDecoder().raw_decode(out)[0]
    return document


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupted_apply_ends_with_its_report(begun: ServedWorkspace, number: int, times: int) -> None:
    command = begun.start("apply", "--auto-approve", "--format", "json")
    begun.wait_for_held(4)
    command.send(number)
    command.wait_for_stderr("Stopping")
    if times == 1:
        begun.release()
    else:
        command.send(number)
    code = command.wait()
    begun.release(drop=True)
    show(f"apply, {signal.Signals(number).name} {'twice' if times == 2 else 'once'}", code)
    assert code == 130
    statuses = [outcome["status"] for outcome in report(command.out)["outcomes"]]
    assert statuses.count("done") == (8 if times == 1 else 4)
    assert statuses.count("failed") == (0 if times == 1 else 4)
    assert statuses.count("skipped") == 12
    assert len(begun.titles()) == 1 + 8
    begun.age_journal()
    begun.apply()
    begun.assert_applied([f"T{n:02}" for n in range(21)])


def terminate_twice(begun: ServedWorkspace, *args: str) -> RunningCommand:
    """Return the command after two signals, the second while the first waits for four creates."""
    command = begun.start(*args)
    begun.wait_for_held(4)
    command.send(signal.SIGTERM)
    command.wait_for_stderr("Stopping")
    command.send(signal.SIGTERM)
    assert command.wait() == 130
    begun.release(drop=True)
    return command


def test_a_second_signal_says_what_the_next_apply_finds_out(begun: ServedWorkspace) -> None:
    command = terminate_twice(begun, "apply", "--auto-approve")
    assert "Interrupted: 4 of 20 done, 4 failed, 12 skipped" in command.out
    assert "stopped before the response; the next apply finds out whether it took effect" in " ".join(
        command.out.split()
    )
    assert "stopped immediately; some requests may have taken effect" in command.err


def test_a_second_signal_says_what_becomes_of_a_reviewed_plan(begun: ServedWorkspace) -> None:
    assert begun.start("plan", "--out", "plan.json").wait() == 0
    command = terminate_twice(begun, "apply", "plan.json")
    assert "skipped. The plan cannot be continued: create a new plan, review it" in " ".join(command.out.split())


def test_a_broken_pipe_is_no_signal(begun: ServedWorkspace) -> None:
    command = begun.start("apply", "--auto-approve")
    begun.wait_for_held(4)
    command.send(signal.SIGPIPE)
    begun.release()
    assert command.wait() == 0
    show("apply, SIGPIPE", 0)
    begun.assert_applied([f"T{n:02}" for n in range(21)])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_after_the_report_changes_no_exit_code(served: ServedWorkspace, number: int) -> None:
    served.write_gallery(text_items(1))
    with served.spawn(*GALLERYCTL_COMMAND, "-C", str(served.root), "apply", "--auto-approve") as process:
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith("Applied:"))
        process.send_signal(number)
        assert process.wait(TIMEOUT) in (0, 130)


def test_below_nohup_the_end_of_the_session_ends_nothing(begun: ServedWorkspace) -> None:
    with begun.spawn("nohup", *GALLERYCTL_COMMAND, "-C", str(begun.root), "apply", "--auto-approve") as process:
        begun.wait_for_held(4)
        process.send_signal(signal.SIGHUP)
        begun.release()
        assert process.wait(TIMEOUT) == 0
    show("nohup apply, SIGHUP", 0)
    begun.assert_applied([f"T{n:02}" for n in range(21)])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_command_that_only_reads_the_site_in_order(served: ServedWorkspace, number: int) -> None:
    served.write_gallery(text_items(1))
    served.apply()
    served.hold(method="GET")
    with served.spawn(*GALLERYCTL_COMMAND, "-C", str(served.root), "state", "rebuild", "--auto-approve") as process:
        served.wait_for_held()
        process.send_signal(number)
        out, err = process.communicate(timeout=TIMEOUT)
    served.release(drop=True)
    show(f"state rebuild, {signal.Signals(number).name}", process.returncode)
    assert (process.returncode, out, err) == (130, "", "Interrupted; no further action was taken.\n")
    assert not (served.root / ".galleryctl/state.json.lock.json").exists()


def break_lock(served: ServedWorkspace) -> None:
    (served.root / ".galleryctl/state.json.lock").unlink()


def break_state(served: ServedWorkspace) -> None:
    state = served.root / ".galleryctl/state.json"
    state.rename(state.with_name("aside.json"))
    state.mkdir()


@pytest.mark.parametrize(
    ("trouble", "message"),
    [(break_lock, "it writes no state"), (break_state, "the state cannot be read")],
    ids=["the lock is lost", "the state cannot be saved"],
)
@pytest.mark.parametrize("streams", ["", "> >(true) 2>&1", ">/dev/full"])
def test_a_state_that_is_not_saved(
    begun: ServedWorkspace, trouble: Callable[[ServedWorkspace], None], message: str, streams: str, tmp_path: Path
) -> None:
    line = f"exec {shlex.join(GALLERYCTL_COMMAND)} -C {begun.root} apply --auto-approve --format json {streams}"
    with begun.spawn("bash", "-c", line) as process:
        begun.wait_for_held(4)
        trouble(begun)
        begun.release()
        out, err = process.communicate(timeout=TIMEOUT)
    show(f"apply {streams}, {trouble.__name__}", process.returncode)
    assert process.returncode == 3, out + err
    assert not any(bug in err for bug in BUGS)
    if "true" not in streams:
        printed = err if streams else out
        assert '"outcomes"' in printed
        assert message in out + err
    # A run that lost its lock completes what is in flight, and writes nothing more.
    assert (len(begun.titles()) == 21) is (trouble is break_state)
