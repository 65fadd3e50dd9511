"""`--report FORMAT=FILE`: further formats in files, from one run, whatever becomes of standard output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from galleryctl.cli.options import REPORT_FORMATS
from tests.support.cli_harness import CliHarness
from tests.support.reports import parse_report

NAMES = {name: f"reports/r.{name}" for name in REPORT_FORMATS}
ALL = [word for name, file in NAMES.items() for word in ("--report", f"{name}={file}")]
STARTS = {
    "text": "galleryctl ",
    "json": "{",
    "markdown": "### galleryctl ",
    "html": "<!doctype html>",
    "github": "::",
    "sarif": "{",
    "junit": "<?xml ",
    "terraform": "{",
    "codequality": "[",
    "openmetrics": "# TYPE galleryctl_",
}


def reports(workspace: CliHarness) -> dict[str, str]:
    """Return the text of each report, and remove the files."""
    texts = {}
    for name, file in NAMES.items():
        path = workspace.root / file
        texts[name] = path.read_text(encoding="utf-8")
        path.unlink()
        assert texts[name].startswith(STARTS[name])
    json.loads(texts["sarif"])
    ET.fromstring(texts["junit"])  # noqa: S314 - our own output
    return texts


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("validate", 0),
        ("plan", 0),
        ("plan --detailed-exitcode", 2),
        ("drift", 0),
        ("apply --auto-approve", 0),
        ("destroy --auto-approve", 1),
        ("fmt --check", 1),
        ("doctor", 0),
    ],
)
def test_one_run_writes_all_formats(wedding: CliHarness, command: str, code: int) -> None:
    if command.startswith(("drift", "destroy")):
        wedding.apply()
    assert wedding.run(*command.split(), *ALL).code == code
    texts = reports(wedding)
    name = command.split(maxsplit=1)[0]
    failed = " failed" if name in ("destroy", "fmt") else ""
    assert texts["text"].startswith(f"galleryctl {name}{failed}\n\n")
    assert texts["markdown"].startswith(f"### galleryctl {name}{failed}\n")


def test_the_reports_say_what_the_command_printed(wedding: CliHarness) -> None:
    printed = wedding.run("plan", "--format", "json", *ALL)
    texts = reports(wedding)
    assert json.loads(texts["json"]) == json.loads(printed.out)
    assert json.loads(texts["terraform"]) == {
        "create": printed.out.count('"action": "create"'),
        "update": 0,
        "delete": 0,
    }
    assert "Plan: " in texts["text"]
    assert "Plan: " in texts["markdown"]


def test_an_earlier_report_is_replaced_whole_but_no_other_file(wedding: CliHarness) -> None:
    wedding.apply()
    for _ in range(2):
        assert wedding.run("drift", *ALL).code == 0
    reports(wedding)
    for name, file in NAMES.items():
        wedding.write(file, "mine\n")
        ran = wedding.run("drift", "--report", f"{name}={file}")
        assert ran.code == 1
        assert "it exists, and is not an earlier output of the same kind" in ran.err
        assert (wedding.root / file).read_text(encoding="utf-8") == "mine\n"


@pytest.mark.parametrize("name", REPORT_FORMATS)
def test_no_report_replaces_one_of_another_format_or_a_state(wedding: CliHarness, name: str) -> None:
    wedding.apply()
    assert wedding.run("drift", *ALL).code == 0
    wedding.run("plan", "--out", "plan.json")
    others = [file for other, file in NAMES.items() if other != name]
    for file in (*others, ".galleryctl/state.json", *([] if name == "json" else ["plan.json"])):
        before = (wedding.root / file).read_bytes()
        assert wedding.run("drift", "--report", f"{name}={file}").code == 1, file
        assert (wedding.root / file).read_bytes() == before


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (".git/hooks/pre-commit", "it is in .git"),
        (".github/workflows/x.yml", "it is in .github"),
        ("tracked.md", "git tracks it"),
        ("galleries/new.yaml", "galleryctl.yaml makes it a file of the workspace"),
        ("galleryctl.yaml", "galleryctl.yaml makes it a file of the workspace"),
        ("galleryctl.tolerated.yaml", "galleryctl.yaml makes it a file of the workspace"),
        ("outside.md", "a symbolic link points outside the workspace"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "validate", "apply --auto-approve", "drift", "destroy --auto-approve"])
def test_a_report_does_not_go_there_and_nothing_is_done(
    wedding: CliHarness, command: str, file: str, why: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    wedding.write("tracked.md", "")
    git = ["git", "-C", str(wedding.root)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "tracked.md"], check=True)
    (wedding.root / "outside.md").symlink_to(tmp_path_factory.mktemp("outside") / "x.md")
    ran = wedding.run(*command.split(), "--report", f"markdown={file}", "--report", "json=ok.json")
    assert ran.code == 1
    assert "nothing was written" in ran.err
    assert why in ran.err
    assert parse_report((wedding.root / "ok.json").read_text(encoding="utf-8"))["kind"] == "failure"
    assert not (wedding.root / file).exists() or file in ("tracked.md", "galleryctl.yaml")
    assert (wedding.root / "tracked.md").read_text(encoding="utf-8") == ""
    assert wedding.galleries() == []


@pytest.mark.parametrize("command", ["validate", "plan", "drift", "apply --auto-approve"])
def test_a_failure_is_written_to_the_same_files(wedding: CliHarness, command: str) -> None:
    wedding.write("galleries/bad.yaml", "gallery: bad\nbind: {name: Bad, create: true}\nitems:\n  - {title: 7}\n")
    assert wedding.run(*command.split(), *ALL).code == 1
    texts = reports(wedding)
    name = command.split(maxsplit=1)[0]
    assert texts["markdown"].startswith(f"### galleryctl {name} failed\n\n**")
    assert "galleries/bad.yaml:4:" in texts["text"]
    assert parse_report(texts["json"])["kind"] == "failure"
    results = json.loads(texts["sarif"])["runs"][0]["results"]
    assert {each["ruleId"] for each in results} == {"invalid-input"}
    assert "::error file=galleries/bad.yaml,line=4," in texts["github"]
    assert json.loads(texts["terraform"]) == {}


def test_so_is_one_of_a_workspace_that_cannot_be_read(wedding: CliHarness) -> None:
    wedding.write("galleryctl.yaml", "galleryctl: [\n")
    ran = wedding.run("plan", "--report", "markdown=summary.md", "--report", "json=galleries/x.yaml")
    assert ran.code == 1
    assert "### galleryctl plan failed" in (wedding.root / "summary.md").read_text(encoding="utf-8")
    assert not (wedding.root / "galleries/x.yaml").exists()


def test_a_failed_plan_fills_the_summary_of_a_step(wedding: CliHarness) -> None:
    wedding.write("galleries/bad.yaml", "gallery: bad\nitems: 7\n")
    ran = wedding.run("plan", "--format", "markdown")
    assert ran.code == 1
    assert ran.out.startswith("### galleryctl plan failed\n")
    assert "galleries/bad.yaml" in ran.out
    assert "galleries/bad.yaml:2:" in ran.err
    assert "###" not in ran.err


def test_so_does_a_wrong_option(wedding: CliHarness) -> None:
    ran = wedding.run("plan", "--nope", "--format", "markdown")
    assert ran.code == 1
    assert "No such option" in ran.out
    assert "No such option" in ran.err


def test_a_rejected_apply_reports_why_and_the_plan(wedding: CliHarness) -> None:
    wedding.apply()
    wedding.write_gallery([])
    ran = wedding.run("apply", "--auto-approve", "--format", "markdown", *ALL)
    assert ran.code == 1
    texts = reports(wedding)
    for text in (texts["markdown"], ran.out):
        assert text.startswith("### galleryctl apply failed\n")
        assert "Rejected by safety checks" in text
        assert "#### Deletes and clears" in text
    assert "delete" in texts["text"]
    assert parse_report(texts["json"])["error"] == "Refused"


def test_a_partial_apply_reports_what_was_not_done(wedding: CliHarness) -> None:
    wedding.write_gallery(["{key: words, text: <p>Hi</p>, title: Words}", "{key: song, text: <p>La</p>, title: Song}"])
    wedding.apply()
    wedding.write_gallery(["{key: words, text: <p>Hi</p>, title: Ours}", "{key: song, text: <p>La</p>, title: Song 2}"])
    delete = {"gallery": {"name": "Weddings"}, "item": {"title": "Words"}, "delete": True}
    wedding.call_api("POST", "/_emulator/faults", {"script": [{"fault": "edit", "method": "PATCH", "edits": [delete]}]})
    ran = wedding.run("apply", "--auto-approve", *ALL)
    texts = reports(wedding)
    assert ran.code == 3
    assert "#### Failed (1)" in texts["markdown"]
    assert "**weddings/words** failed to update" in texts["markdown"]
    assert "::error file=galleries/weddings.yaml,line=5," in texts["github"]
    assert "<failure" in texts["junit"]
    assert parse_report(texts["json"])["exit_code"] == ran.code


def test_a_closed_pipe_loses_no_report(wedding: CliHarness) -> None:
    command = [
        sys.executable,
        "-c",
        "import sys; from galleryctl.cli.main import main; main()",
        "-C",
        str(wedding.root),
    ]
    for name, code in (("plan", 1), ("apply", 0)):
        words = [*command, name, *(["--auto-approve"] if name == "apply" else []), *ALL]
        read, write = os.pipe()
        os.close(read)
        ran = subprocess.run(words, stdout=write, stderr=subprocess.PIPE, check=False, timeout=60)
        os.close(write)
        assert ran.returncode == code, ran.stderr
        reports(wedding)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux: /dev/full")
def test_a_full_disk_behind_standard_output_loses_no_report(wedding: CliHarness) -> None:
    command = [
        sys.executable,
        "-c",
        "import sys; from galleryctl.cli.main import main; main()",
        "-C",
        str(wedding.root),
    ]
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run([*command, "plan", *ALL], stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert ran.returncode == 1
    assert b"cannot write the result" in ran.stderr
    assert reports(wedding)["markdown"].startswith("### galleryctl plan")


def test_a_report_that_cannot_be_written_fails_the_command_but_no_other_report(wedding: CliHarness) -> None:
    wedding.apply()
    ran = wedding.run("drift", "--report", "markdown=/dev/full", "--report", "json=ok.json")
    assert ran.code == 1
    assert "a report was not written" in ran.err
    assert "No drift" in ran.out
    assert json.loads((wedding.root / "ok.json").read_text(encoding="utf-8"))["changes"] == []


def test_after_a_write_such_a_report_is_no_error_but_incomplete(wedding: CliHarness) -> None:
    ran = wedding.run("apply", "--auto-approve", "--report", "markdown=/dev/full", "--report", "json=ok.json")
    assert ran.code == 3
    assert "Applied: " in ran.out
    assert parse_report((wedding.root / "ok.json").read_text(encoding="utf-8"))["exit_code"] == 0


def test_pipes_and_standard_output_are_allowed(wedding: CliHarness) -> None:
    wedding.apply()
    os.mkfifo(wedding.root / "pipe")
    with subprocess.Popen(["cat", str(wedding.root / "pipe")], stdout=subprocess.PIPE) as reader:
        ran = wedding.run("drift", "--report", "junit=pipe", "--report", "github=/dev/stdout")
        assert b"<testsuites" in reader.communicate()[0]
    assert ran.code == 0
    assert ran.out.startswith("::notice title=galleryctl::No drift.")
    assert "No drift." in ran.out.splitlines()[1]


def test_the_summary_of_a_step_is_added_to(wedding: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    wedding.write("summary", "of another program\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(wedding.root / "summary"))
    for name in ("validate", "plan"):
        assert wedding.run(name, "--report", f"markdown={wedding.root / 'summary'}").code == 0
    text = (wedding.root / "summary").read_text(encoding="utf-8")
    assert text.startswith("of another program\n\n### galleryctl validate\n")
    assert "\n\n### galleryctl plan\n" in text


def test_files_are_relative_to_the_repository(wedding: CliHarness) -> None:
    subprocess.run(["git", "init", "-q", str(wedding.root)], check=True)
    client = replace(wedding, root=wedding.root / "client")
    client.root.mkdir()
    for name in ("galleryctl.yaml", "galleries", "photos"):
        (wedding.root / name).rename(client.root / name)
    assert client.run("plan", *ALL).code == 0
    texts = reports(client)
    path = "client/galleries/weddings.yaml"
    assert f"::notice file={path},line=" in texts["github"]
    assert f'file="{path}"' in texts["junit"]


def test_an_interrupted_command_says_so_in_its_reports(wedding: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("galleryctl.manifest.validate.validate", interrupt)
    assert wedding.run("validate", *ALL).code == 130
    assert "interrupted" in reports(wedding)["markdown"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["plan", "--report", "pdf=x"], "'pdf=x' is not FORMAT=FILE with one of text, json, markdown"),
        (["plan", "--report", "markdown"], "'markdown' is not FORMAT=FILE"),
        (["plan", "--report", "markdown="], "'markdown=' is not FORMAT=FILE"),
        (["plan", "--report", "json=x", "--report", "text=x"], "Two reports cannot be written to the same file."),
        (["plan", "--out", "x", "--report", "json=x"], "--out and --report cannot write the same file."),
        (
            ["drift", "--accept", "--report", "json=x"],
            "--report cannot be combined with --accept, --tolerate-until or --remove-obsolete.",
        ),
        (["fmt", "--report", "json=x"], "--report needs --check."),
        (["show", "--report", "json=x"], "No such option"),
    ],
)
def test_wrong_use_is_an_error(wedding: CliHarness, words: list[str], message: str) -> None:
    ran = wedding.run(*words)
    assert ran.code == 1
    assert message in ran.err
    file = wedding.root / "x"
    assert not file.exists() or message in parse_report(file.read_text(encoding="utf-8"))["what"]


def test_a_plan_that_nobody_approves_is_reported(wedding: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("galleryctl.cli.run.apply.require_tty", lambda _do: None)
    monkeypatch.setattr("galleryctl.cli.run.apply.confirm", lambda _question: False)
    assert wedding.run("apply", *ALL).code == 1
    text = reports(wedding)["markdown"]
    assert "the plan was not approved; nothing was applied" in text
    assert "Creates (" in text
