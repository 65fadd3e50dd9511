"""Shell completion: the shell runs galleryctl with an environment variable that selects the completion."""

from __future__ import annotations

import pytest

from galleryctl.cli.main import main


def completed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str) -> list[str]:
    monkeypatch.setenv("_GALLERYCTL_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    return [line.removeprefix("plain,") for line in capsys.readouterr().out.split()]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("galleryctl dr", ["drift"]),
        ("galleryctl state r", ["rebuild", "reseal", "restore", "rm"]),
        ("galleryctl plan --detailed", ["--detailed-exitcode"]),
        ("galleryctl plan --format m", ["markdown"]),
    ],
)
def test_words_are_completed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str, offered: list[str]
) -> None:
    assert completed(monkeypatch, capsys, words) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shell: str
) -> None:
    monkeypatch.setenv("_GALLERYCTL_COMPLETE", f"{shell}_source")
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    assert "_GALLERYCTL_COMPLETE" in capsys.readouterr().out
