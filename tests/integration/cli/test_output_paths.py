"""Where plans, ready files and states may be written."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.support.cli_harness import CliHarness

REFUSED = "nothing was written: output may not go to this file"


@pytest.fixture
def repository(wedding: CliHarness) -> CliHarness:
    """Return an applied workspace in a git repository."""
    wedding.apply()
    wedding.write("script.sh", "echo\n")
    wedding.write("empty.txt", "")
    wedding.write(".gitignore", ".galleryctl/\n")
    git = ["git", "-C", str(wedding.root)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "script.sh", "galleryctl.yaml", ".gitignore"], check=True)
    return wedding


def contents(root: Path) -> dict[str, bytes]:
    """Return all files but those of the emulator, with their content."""
    files = (path for path in root.rglob("*") if path.is_file() and "emulator" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (".git/hooks/pre-commit", "it is in .git"),
        (".git/config", "it is in .git"),
        (".github/workflows/x.yml", "it is in .github"),
        (".GitHub/workflows/x.yml", "it is in .GitHub"),
        (".gitlab/agents/x.yaml", "it is in .gitlab"),
        (".gitlab-ci.yml", "git or its host reads it"),
        (".gitattributes", "git or its host reads it"),
        ("script.sh", "git tracks it"),
        ("gone.txt", "git tracks it"),
        ("galleries/new.yaml", "galleryctl.yaml makes it a file of the workspace"),
        ("galleries/weddings.yaml", "galleryctl.yaml makes it a file of the workspace"),
        ("galleryctl.yaml", "galleryctl.yaml makes it a file of the workspace"),
        ("galleryctl.tolerated.yaml", "galleryctl.yaml makes it a file of the workspace"),
        ("notes.txt", "it exists, and is not an earlier output of the same kind"),
        (".galleryctl/state.json", "it exists, and is not an earlier output of the same kind"),
        ("link.json", "it is in .github"),
    ],
)
@pytest.mark.parametrize("command", ["plan --out", "events --max 1 --ready-file", "emulator --ready-file"])
def test_output_does_not_go_there(repository: CliHarness, command: str, file: str, why: str) -> None:
    repository.write("notes.txt", "mine\n")
    repository.write("gone.txt", "x\n")
    subprocess.run(["git", "-C", str(repository.root), "add", "gone.txt"], check=True)
    (repository.root / "gone.txt").unlink()
    (repository.root / ".github").mkdir()
    (repository.root / "link.json").symlink_to(".github/x.json")
    before = contents(repository.root)
    ran = repository.run(*command.split(), file)
    assert ran.code == 1
    assert REFUSED in ran.err
    assert why in ran.err
    assert contents(repository.root) == before


@pytest.mark.parametrize(
    ("location", "why"),
    [
        (".github/state.json", "it is in .github"),
        ("script.sh", "git tracks it"),
        ("galleries/state.yaml", "galleryctl.yaml makes it a file of the workspace"),
    ],
)
def test_a_state_is_not_kept_there(repository: CliHarness, location: str, why: str) -> None:
    config = (repository.root / "galleryctl.yaml").read_text(encoding="utf-8")
    repository.write("galleryctl.yaml", f"{config}state: {location}\n")
    before = contents(repository.root)
    for line in ("plan", "apply --auto-approve", "state rebuild --auto-approve", "show"):
        ran = repository.run(*line.split())
        assert (ran.code, REFUSED in ran.err, why in ran.err) == (1, True, True), line
    assert contents(repository.root) == before
    assert repository.run("validate").code == 0


def test_a_plan_replaces_an_earlier_one_and_an_empty_file(repository: CliHarness) -> None:
    assert [repository.run("plan", "--out", name).code for name in ("p.json", "p.json", "empty.txt")] == [0, 0, 0]
    assert repository.run("apply", "empty.txt").code == 0


def test_a_plan_may_go_to_a_pipe_or_a_device(repository: CliHarness) -> None:
    assert repository.run("plan", "--out", "/dev/null").code == 0
    os.mkfifo(repository.root / "pipe")
    with subprocess.Popen(["cat", str(repository.root / "pipe")], stdout=subprocess.PIPE) as reader:
        assert repository.run("plan", "--out", "pipe").code == 0
        assert b'"review_digest"' in reader.communicate()[0]


def test_a_folder_beside_a_repository_named_github_is_no_trouble(
    studio: CliHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    inner = CliHarness(studio.root / ".github", capsys)
    inner.write("galleryctl.yaml", (studio.root / "galleryctl.yaml").read_text(encoding="utf-8"))
    inner.write_gallery(["{key: words, text: <p>Thanks</p>}"])
    subprocess.run(["git", "init", "-q", str(inner.root)], check=True)
    assert inner.run("plan", "--out", "plan.json").code == 0
    inner.apply()


def test_the_data_of_the_emulator_is_its_owners(wedding: CliHarness) -> None:
    wedding.apply()
    data = wedding.root / ".galleryctl/emulator"
    modes = {
        str(path.relative_to(data)): stat.S_IMODE(path.stat().st_mode) for path in data.rglob("*") if path.is_file()
    }
    assert len(modes) > 3
    assert set(modes.values()) == {0o600}, modes
    assert stat.S_IMODE((data / "main/media").stat().st_mode) == 0o700


@pytest.mark.parametrize("value", ["nan", "NaN", "inf", "-inf"])
@pytest.mark.parametrize(
    "option",
    ["plan --max-delete-percent", "apply --lock-timeout", "events --max-age", "events --drift --settle"],
)
def test_a_number_is_finite(wedding: CliHarness, option: str, value: str) -> None:
    ran = wedding.run(*option.split(), value)
    assert ran.code == 1
    assert "is not a finite number" in ran.err or "is not in the range" in ran.err
