"""The commands that the documentation shows are run, and what they print is compared with what it shows.

In a document,

- `<!-- workspace: examples/portfolio -->` starts a fresh copy of that folder (`empty` is an empty one);
- `<!-- file: galleries/new.yaml -->` before a code block writes the block to that file;
- `<!-- editor: {"edits": [...]} -->` edits the embedded emulator's data as people do in the Editor, where `"gallery": "@NAME"` and
  `"item": "@TITLE"` stand for ids;
- a `python` block is run as a script; after `<!-- run: notebook -->` it is run as a cell, inside an event loop. A `text` block right
  after it is what it prints;
- a `console` block is run line by line: `$ galleryctl …`, `$ export NAME=value`, `$ rm FILE` and `$ echo $?`. Without the last, a
  command must end with 0. In what is shown, `...` stands for any text, and alone on a line for any lines.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from galleryctl.cli.main import run
from tests.support.cli_harness import call_emulator

ROOT = Path(__file__).parents[3]
GALLERIES = "/progallery/v2/galleries"
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "docs" / "tutorial.md",
    ROOT / "docs" / "tutorial-photos.md",
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
    ROOT / "docs" / "reference" / "python.md",
]

PART = re.compile(
    r"^<!-- (?P<directive>workspace|file|editor|run): (?P<argument>.+?) -->$|^```(?P<language>\w*)\n(?P<block>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A directive or a code block, and the line it begins on."""

    line: int
    directive: str = ""
    argument: str = ""
    language: str = ""
    block: str = ""


@dataclass(slots=True, kw_only=True)
class Shell:
    """A terminal in a scratch workspace: what the document has done so far."""

    scratch: Path
    monkeypatch: pytest.MonkeyPatch
    copies: int = 0
    last_code: int = 0
    variables: dict[str, Any] = field(default_factory=dict)

    def enter(self, name: str) -> None:
        """A fresh copy of the folder, and its own current directory."""
        self.copies += 1
        folder = self.scratch / str(self.copies)
        if name == "empty":
            folder.mkdir()
        else:
            shutil.copytree(ROOT / name, folder, ignore=shutil.ignore_patterns(".galleryctl"))
        self.monkeypatch.chdir(folder)

    def execute(self, line: str) -> str:
        """What the command prints."""
        words = shlex.split(line)
        match words:
            case ["echo", "$?"]:
                return f"{self.last_code}\n"
            case ["export", assignment]:
                name, _, value = assignment.partition("=")
                self.monkeypatch.setenv(name, value)
                return ""
            case ["rm", *files]:
                for file in files:
                    Path(file).unlink()
                return ""
            case ["galleryctl", *arguments]:
                output = io.StringIO()
                with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
                    self.last_code = run(arguments)
                return output.getvalue()
        pytest.fail(f"the docs show a command that this test cannot run: {line}")

    def execute_python(self, source: str, *, notebook: bool) -> str:
        """What the block prints. All blocks have the same variables, as the cells of a notebook have."""
        code = compile(source, "<docs>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if notebook else 0, True)  # noqa: FBT003 - takes it by position only

        async def cell() -> None:
            result = eval(code, self.variables)  # noqa: S307 - the docs' own code
            if inspect.isawaitable(result):
                await result

        with contextlib.redirect_stdout(io.StringIO()) as output:
            if notebook:
                asyncio.run(cell())
            else:
                exec(code, self.variables)  # noqa: S102 - the docs' own code
        return output.getvalue()

    def edit(self, edits: dict[str, Any]) -> None:
        """What somebody does in the Editor."""
        data = Path(".galleryctl/emulator/main")
        galleries = call_emulator(data, "GET", GALLERIES)["galleries"]
        ids = {f"@{gallery['name']}": gallery["id"] for gallery in galleries}
        for gallery in galleries:
            items = call_emulator(data, "GET", f"{GALLERIES}/{gallery['id']}/items?itemLimit=100")["items"]
            ids |= {f"@{item['title']}": item["id"] for item in items if item.get("title")}
        text = re.sub(r'"(@[^"]+)"', lambda name: json.dumps(ids[name[1]]), json.dumps(edits))
        call_emulator(data, "POST", "/_emulator/edit", json.loads(text))


def parts(document: Path) -> Iterator[Part]:
    text = document.read_text(encoding="utf-8")
    for found in PART.finditer(text):
        groups = {name: value or "" for name, value in found.groupdict().items()}
        yield Part(line=text.count("\n", 0, found.start()) + 1, **groups)


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block, with what is shown below it."""
    for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, shown = command.partition("\n")
        while line.endswith("\\"):
            more, _, shown = shown.partition("\n")
            line = line[:-1] + more.strip()
        yield line, shown


def pattern(shown: str) -> re.Pattern[str]:
    """What the output must match."""
    lines = [line.rstrip() for line in shown.strip("\n").split("\n")]
    parts = (
        r"(?:.*\n)*?" if line == "..." else r"[^\n]*?".join(map(re.escape, line.split("..."))) + r"\n" for line in lines
    )
    return re.compile("".join(parts))


def tidy(output: str) -> str:
    """Without trailing blanks and outer empty lines."""
    return "\n".join(line.rstrip() for line in output.strip("\n").split("\n")) + "\n"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_commands_of_the_docs_print_what_the_docs_show(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = Shell(scratch=tmp_path, monkeypatch=monkeypatch)
    shell.enter("empty")
    target, run_as, printed = "", "", ""
    for part in parts(document):
        match part.directive:
            case "workspace":
                shell.enter(part.argument)
            case "file":
                target = part.argument
            case "run":
                run_as = part.argument
            case "editor":
                shell.edit(json.loads(part.argument))
            case _ if target:
                path = Path(target)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(part.block, encoding="utf-8")
                target = ""
            case _ if part.language == "python":
                printed = tidy(shell.execute_python(part.block, notebook=run_as == "notebook"))
                run_as = ""
            case _ if part.language == "text":
                assert pattern(part.block).fullmatch(printed), f"{document.name}:{part.line}: {printed}"
            case _ if part.language == "console":
                check_block(shell, part, f"{document.name}:{part.line}")


def check_block(shell: Shell, part: Part, where: str) -> None:
    steps = list(commands(part.block))
    for number, (line, shown) in enumerate(steps):
        output = tidy(shell.execute(line))
        assert pattern(shown).fullmatch(output), (
            f"{where}: $ {line}\n--- shown\n{shown}\n--- printed\n{output}\n--- exit code {shell.last_code}"
        )
        asked = number + 1 < len(steps) and steps[number + 1][0] == "echo $?"
        if line.startswith("galleryctl") and not asked:
            assert shell.last_code == 0, f"{where}: $ {line}: exit code {shell.last_code}\n{output}"
