"""The command line: help, usage errors, common options, colors, and terminals with a limited encoding."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import pytest

from galleryctl.cli.main import COMMANDS, galleryctl, run
from galleryctl.version import __version__
from tests.support import needs
from tests.support.cli_harness import CliHarness, CommandResult
from tests.support.processes import GALLERYCTL_COMMAND, PROJECT_ROOT
from tests.support.reports import parse_report


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    return Call(capsys)


class Call:
    """Run a command line in this process."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self.capture = capture

    def __call__(self, *args: str) -> CommandResult:
        self.capture.readouterr()
        code = run(args)
        out, err = self.capture.readouterr()
        return CommandResult(code=code, out=out, err=err)


def process(args: Sequence[str], **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command line in a process of its own."""
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT_ROOT), **environment}
    return subprocess.run([*GALLERYCTL_COMMAND, *args], env=known, capture_output=True, check=False, timeout=60)


def test_alone_it_prints_help(call: Call) -> None:
    ran = call()
    assert (ran.code, ran.err) == (0, "")
    assert ran == call("--help")
    assert all(f"  {name} " in ran.out for name in COMMANDS)


@pytest.mark.parametrize("name", ["state", "media"])
def test_a_group_of_commands_alone_prints_its_help(call: Call, name: str) -> None:
    ran = call(name)
    assert (ran.code, ran.err) == (0, "")
    assert ran == call(name, "--help")


def test_version(call: Call) -> None:
    assert call("--version") == CommandResult(code=0, out=f"galleryctl {__version__}\n", err="")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(call: Call, name: str) -> None:
    ran = call(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: galleryctl {name} ")
    assert call(name, "-h") == ran


@pytest.mark.parametrize("name", COMMANDS)
def test_a_misspelt_option_is_wrong_usage_in_every_command(call: Call, name: str) -> None:
    ran = call(name, "--fromat", "json")
    assert ran.code == 1
    assert "--fromat" in ran.err
    assert "Did you mean" in ran.err
    assert "--format" in ran.err


@pytest.mark.parametrize(("typed", "meant"), [("aply", "apply"), ("validat", "validate"), ("docter", "doctor")])
def test_a_misspelt_command(call: Call, typed: str, meant: str) -> None:
    ran = call(typed)
    assert (ran.code, ran.out) == (1, "")
    assert f"No such command '{typed}'. Did you mean '{meant}'?" in ran.err


def test_a_command_that_is_like_none(call: Call) -> None:
    ran = call("xyzzy")
    assert ran.code == 1
    assert ran.err.endswith("No such command 'xyzzy'.\n")


def test_options_without_a_command(call: Call) -> None:
    ran = call("--site", "main")
    assert ran.code == 1
    assert "Missing command" in ran.err


WRONG = [
    ["--format", "json", "aply"],
    ["--format=json", "plan", "--nope"],
    ["plan", "--nope", "--format", "json"],
    ["plan", "--nope", "--format=json"],
    ["plan", "too", "many", "--format", "json"],
    ["plan", "--format", "json", "--max-delete-percent", "many"],
    ["plan", "--format", "json", "--target", "a/b/c"],
    ["plan", "--format", "json", "-q", "-v"],
    ["schema", "--format", "json"],
    ["apply", "--format", "json", "plan.json", "--target", "a"],
    ["plan", "--format", "json", "--destroy", "--allow-empty"],
    ["plan", "--format", "json", "--destroy", "--allow-recreate"],
]


@pytest.mark.parametrize("args", WRONG, ids=" ".join)
def test_wrong_usage_is_json_when_json_was_asked_for(
    call: Call, args: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = call(*args)
    assert (ran.code, ran.err) == (1, "")
    document = parse_report(ran.out)
    assert document["kind"] == "failure"
    assert document["exit_code"] == 1
    assert document["problems"][0]["message"] == document["what"]
    assert "--help" in document["do"]


def test_a_format_that_is_none_is_told_as_text(call: Call) -> None:
    ran = call("plan", "--format", "jsno")
    assert (ran.code, ran.out) == (1, "")
    assert "'jsno' is not one of" in ran.err


def test_what_stands_after_two_dashes_is_no_option(call: Call, tmp_path: Path) -> None:
    ran = call("init", str(tmp_path), "--backend", "none", "--", "--format", "json")
    assert (ran.code, ran.out) == (1, "")
    assert "Usage:" in ran.err


@pytest.mark.parametrize(
    "args",
    [
        ["-q", "-v", "validate"],
        ["validate", "-q", "-v"],
        ["-q", "validate", "-v"],
        ["-v", "validate", "--quiet"],
        ["doctor", "-vv", "-q"],
    ],
    ids=" ".join,
)
def test_quiet_and_verbose_contradict_each_other(call: Call, args: list[str]) -> None:
    ran = call(*args)
    assert (ran.code, ran.out) == (1, "")
    assert "-q and -v cannot be combined" in ran.err


@pytest.mark.parametrize(
    ("args", "option"),
    [
        (["init", "--site", "main"], "--site"),
        (["fmt", "--site", "main"], "--site"),
        (["--site", "main", "schema"], "--site"),
        (["-C", ".", "schema", "plan"], "-C"),
        (["schema", "plan", "--format", "markdown"], "--format"),
        (["velo", "weddings", "--format", "markdown"], "--format"),
        (["emulator", "--format", "markdown"], "--format"),
        (["emulator", "--data", "x", "--site", "main"], "--site"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_an_option_that_means_nothing_is_refused(call: Call, args: list[str], option: str) -> None:
    ran = call(*args)
    assert ran.code == 1
    command = next(word for word in args if word in COMMANDS)
    assert f"{option} has no effect on `{command}`." in ran.out + ran.err


def test_the_later_option_wins(wedding: CliHarness) -> None:
    ran = wedding.run("--format", "json", "validate", "--format", "text")
    assert ran.out.startswith("galleries/weddings.yaml: weddings")
    assert wedding.run("-C", "none", "-C", str(wedding.root), "validate").code == 0


class Terminal:
    """Make a stream a terminal."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        for name in ("NO_COLOR", "TERM"):
            monkeypatch.delenv(name, raising=False)

    def look(self, *streams: str) -> None:
        for stream in streams:
            self.monkeypatch.setattr(getattr(sys, stream), "isatty", lambda: True)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(monkeypatch)


def test_colours_on_a_terminal_only(wedding: CliHarness, terminal: Terminal) -> None:
    assert "\x1b[" not in wedding.run("plan").out
    terminal.look("stdout")
    ran = wedding.run("plan")
    assert "\x1b[" in ran.out
    assert "\x1b[" not in wedding.run("plan", "--no-color").out


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_the_environment_can_forbid_colours(
    wedding: CliHarness, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    terminal.look("stdout", "stderr")
    monkeypatch.setenv(name, value)
    assert "\x1b[" not in wedding.run("plan").out
    assert "\x1b[" not in wedding.run("plan", "--site", "none").err


def test_a_failure_is_coloured_where_it_is_read(wedding: CliHarness, terminal: Terminal) -> None:
    terminal.look("stdout")
    assert "\x1b[" not in wedding.run("plan", "--site", "none").err
    terminal.look("stderr")
    assert "\x1b[" in wedding.run("plan", "--site", "none").err


def test_a_bug_is_told_without_a_traceback(wedding: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("galleryctl.manifest.validate.validate", broken)
    ran = wedding.run("validate")
    assert ran.code == 1
    assert ran.err.startswith("Error: this is a bug in galleryctl: ZeroDivisionError: by nothing\n")
    assert "Traceback" not in ran.err
    assert "Traceback" in wedding.run("validate", "-v").err
    assert parse_report(wedding.run("validate", "--format", "json").out)["error"] == "UnexpectedError"


def test_ctrl_c_ends_with_130(wedding: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("galleryctl.manifest.validate.validate", interrupted)
    ran = wedding.run("validate")
    assert (ran.code, ran.out, ran.err) == (130, "", "Interrupted; no further action was taken.\n")


@pytest.fixture
def named(studio: CliHarness) -> CliHarness:
    """A workspace with text that an ASCII terminal cannot show."""
    studio.write_gallery(["{key: words, text: hi, title: 'Grüße 😀 →'}"])
    return studio


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("ascii", "😀".encode()), ("latin-1", b"\\ud83d\\ude00"), ("cp437", b"\\ud83d\\ude00")],
)
def test_a_terminal_that_is_not_utf8_is_no_reason_to_fail(named: CliHarness, encoding: str, shown: bytes) -> None:
    place, environment = ["-C", str(named.root)], {"PYTHONIOENCODING": encoding, "LANG": "C"}
    plan = process([*place, "plan"], **environment)
    assert plan.returncode == 0, plan.stderr
    assert shown in plan.stdout  # a terminal that takes ASCII only is not believed
    failure = process([*place, "plan", "--site", "\u263a"], **environment)
    assert failure.returncode == 1
    assert b"galleryctl.yaml: unknown site '" in failure.stderr.splitlines()[0]
    assert b"Traceback" not in failure.stderr


def test_json_stays_json_on_a_terminal_that_is_not_utf8(named: CliHarness) -> None:
    ran = process(["-C", str(named.root), "plan", "--format", "json"], PYTHONIOENCODING="latin-1")
    plan = json.loads(ran.stdout.decode("latin-1"))
    (words,) = [change for change in plan["changes"] if change["address"] == "weddings/words"]
    assert "Grüße 😀 →" in json.dumps(words, ensure_ascii=False)


def test_files_are_printed_in_utf8_whatever_the_terminal(named: CliHarness) -> None:
    manifest = named.root / "galleries" / "weddings.yaml"
    command = [*GALLERYCTL_COMMAND, "fmt", "-"]
    environment = {"PYTHONPATH": str(PROJECT_ROOT), "PYTHONIOENCODING": "ascii"}
    printed = subprocess.run(command, env=environment, input=manifest.read_bytes(), capture_output=True, check=True)
    assert "Grüße 😀 →" in printed.stdout.decode()


def test_a_reader_that_has_seen_enough(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody_reads:
        command = [*GALLERYCTL_COMMAND, "schema", "gallery"]
        ran = subprocess.run(
            command, env={"PYTHONPATH": str(PROJECT_ROOT)}, stdout=nobody_reads, stderr=subprocess.PIPE, check=False
        )
    assert (ran.returncode, ran.stderr) == (1, b"")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (
            "schema gallery",
            "Error: standard output: cannot write the result\n  No space left on device\n",
        ),
        ("--help", "Error: No space left on device\n"),
        ("aply --format json", "No such command 'aply'"),
    ],
)
def test_a_disk_that_is_full(args: str, told: str) -> None:
    needs.linux("/dev/full")
    command = f"exec {shlex.join(GALLERYCTL_COMMAND)} {args} > /dev/full"
    ran = subprocess.run(
        ["/bin/sh", "-c", command], env={"PYTHONPATH": str(PROJECT_ROOT)}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "Exception ignored" not in ran.stderr


@pytest.mark.parametrize("args", ["--version", "schema", "aply --format json"])
def test_standard_output_that_is_closed(args: str) -> None:
    command = f"exec {shlex.join(GALLERYCTL_COMMAND)} {args} >&-"
    ran = subprocess.run(
        ["/bin/sh", "-c", command], env={"PYTHONPATH": str(PROJECT_ROOT)}, capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    assert ran.returncode == (1 if "aply" in args else 0)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("-", "'-' is not the name of a file (a file named - is ./-)."),
        ("", "'' is not the name of a file"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "import wedding"])
def test_an_output_file_has_a_name(call: Call, command: str, name: str, told: str) -> None:
    ran = call(*command.split(), "--out", name)
    assert ran.code == 1
    assert told in ran.err


@pytest.mark.parametrize("args", ["undo ٣", "state restore ٣"])
def test_numbers_have_ascii_digits(call: Call, args: str) -> None:
    ran = call(*args.split())
    assert ran.code == 1
    assert "'٣' is not a" in ran.err


def test_an_interrupt_while_modules_are_imported(tmp_path: Path) -> None:
    """The finder raises what Python raises for a SIGINT at that moment."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'galleryctl.cli.options':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Finder())\n",
        encoding="utf-8",
    )
    environment = {"PYTHONPATH": f"{tmp_path}:{PROJECT_ROOT}"}
    ran = subprocess.run(
        [*GALLERYCTL_COMMAND, "--version"], env=environment, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (130, "Interrupted; no further action was taken.\n")


def test_each_command_says_what_it_is_for() -> None:
    context = click.Context(galleryctl)
    for name in COMMANDS:
        command = galleryctl.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(100).endswith("."), name
