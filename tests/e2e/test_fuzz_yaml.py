"""Ten thousand hostile files: each gets a message, within 1 s and 200 MB, without a value of the environment.

Child processes validate them in batches; this file run as a script is such a child. A seed reproduces its file:
`python tests/e2e/test_fuzz_yaml.py SEED 1`.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PLANTED = "planted-4f1c9e"
SECONDS, MEGABYTES = 1.0, 200
BATCH = 500

WORKSPACE = "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\n"
KEYS = (
    "gallery", "bind", "name", "protect", "unmanaged", "ignore", "defaults", "moved", "items", "key", "image", "video", "text",
    "from", "order", "captions", "title", "description", "link", "url", "tags", "alt_text", "focal_point", "x", "y", "quality",
    "sharpen", "exif", "css", "id", "create", "galleryctl", "backend", "type", "base_url", "sites", "main", "site_id", "auth",
    "api_key", "app_id", "galleries", "state", "limits", "concurrency", "item_order", "media", "folder", "to", "titel", "<<",
)  # fmt: skip
SCALARS = (
    "yes", "No", "on", "012", "1e3", "1:30", "2026-11-24", "~", "=", "<<", "null", "true", "0", "-1", "50", "0.5", ".inf", ".nan",
    "1e999", "9" * 200, "''", '"\\0"', '"\\ud800"', '"\\x1b[2J"', "'\u202e'", "weddings", "local", "wix", "keep", "captured",
    "photos/lake.jpg", "photos/*.jpg", "**/*.jpg", "../x.jpg", "/etc/passwd", "~/x.jpg", "a\\b", "photos", "[*.jpg", "[a-", "{a,b}",
    "https://example.com/a.jpg", "https://[", "https://vimeo.com/1", "https://youtube.com/watch?v=", "file:///etc/passwd",
    "wix:image://v1/a", "wix:image://v1/%00#originWidth=x", "${GALLERYCTL_VAR_PLANTED}", "x${GALLERYCTL_VAR_PLANTED}y", "${GALLERYCTL_VAR_NOPE}", "${", "$${A}", "${a b}",
    "!!int x", "!!python/object:os.system x", "!x y", "&a b", "*a", "&a [*a]", "|\n  a\n", ">\n", "'", '"', "@", "`", "%", "- -", "? a",
)  # fmt: skip
PIECES = (*SCALARS, *KEYS, ": ", "- ", "\n", "  ", "\t", "[", "]", "{", "}", ",", "#", "---\n", "...\n", "\0", "\r", "\ufeff", "\x85", "\u2028")  # fmt: skip


def mutated_example(rng: random.Random) -> str:
    """Return an example with lines and pieces moved, repeated, removed and inserted."""
    lines = rng.choice(texts()).splitlines(keepends=True)
    for _ in range(rng.randint(0, 5)):
        at = rng.randrange(len(lines) or 1)
        match rng.randrange(6):
            case 0:
                del lines[at : at + rng.randint(1, 4)]
            case 1:
                lines[at:at] = lines[at : at + 3] * rng.randint(1, 3)
            case 2:
                rng.shuffle(lines)
            case 3:
                lines[at : at + 1] = [" " * rng.randint(0, 5) + line for line in lines[at : at + 1]]
            case _ if lines:
                cut = rng.randint(0, len(lines[at]))
                lines[at] = lines[at][:cut] + rng.choice(PIECES) + lines[at][cut + rng.randint(0, 4) :]
    return "".join(lines)


def texts() -> list[str]:
    """Return the YAML files of the examples."""
    return [path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.rglob("*.yaml"))]


def random_value(rng: random.Random, depth: int = 0) -> str:
    """Return a flow value of valid keys and unusual scalars."""
    if depth > rng.randint(1, 5):
        return rng.choice(SCALARS).replace("\n", " ")
    anchor = rng.choice(("", "", "", "&a ", "&b ", "!!map ", "!x "))
    inner = [random_value(rng, depth + 1) for _ in range(rng.randint(0, 4))]
    if rng.random() < 0.5:
        return f"{anchor}[{', '.join(inner)}]"
    return anchor + "{" + ", ".join(f"{rng.choice(KEYS)}: {value}" for value in inner) + "}"


def random_manifest(rng: random.Random) -> str:
    """Return a manifest that is plausible at the top level and random below."""
    lines = [f"{key}: {random_value(rng, 1)}" for key in rng.sample(KEYS, rng.randint(0, 6))]
    lines.append("items:")
    for _ in range(rng.randint(0, 8)):
        keys = rng.sample(KEYS, rng.randint(1, 5))
        entry = [f"{key}: {random_value(rng, rng.randint(2, 6))}" for key in keys]
        lines += [f"  {'-' if not n else ' '} {line}" for n, line in enumerate(entry)]
    if rng.random() < 0.7:
        lines.insert(0, "bind: {create: true}")
    return "\n".join(lines) + "\n"


def noise(rng: random.Random) -> bytes:
    """Return random bytes, or random YAML syntax."""
    if rng.random() < 0.4:
        return rng.randbytes(rng.randint(0, 300))
    return "".join(rng.choices(PIECES, k=rng.randint(0, 60))).encode("utf-8", "surrogatepass")


def monster(rng: random.Random) -> str:
    """Return a deep, wide or long document of up to a hundred kilobytes."""
    n = rng.choice((10, 65, 500, 3000))
    head = "bind: {create: true}\nitems:"
    makers: Sequence[Callable[[], str]] = (
        lambda: rng.choice(("[", "{a: ", "- ", "? ", "&a [", "!!seq [", "a: ", "[{", '"')) * (n * 10),
        lambda: f"{head} {'[' * n}{']' * n}\n",
        lambda: f"{head} [{rng.choice(SCALARS)}{', x' * n}]\n",
        lambda: head + "".join(f"\n  - {{{rng.choice(KEYS)}{k}: 1}}" for k in range(n)),
        lambda: head + " []\n" + "".join(f"{rng.choice(KEYS)}{k}: 1\n" for k in range(n)),
        lambda: head + f"\n  - {rng.choice(('image', 'from', 'text', 'key', 'title'))}: {rng.choice(('a', '*', '[', '**/', 'a/', '../', '9', '1:', '${GALLERYCTL_VAR_PLANTED}')) * n}\n",
        lambda: head + "".join(f"\n  - image: photos/x{k}.jpg" for k in range(n)),
        lambda: head + "".join(f"\n  - from: '**/{k}*.jpg'" for k in range(min(n, 1000))),
        lambda: head + "".join(f"\n  - {{key: k{k % 7}, text: '${{GALLERYCTL_VAR_PLANTED}}'}}" for k in range(n)),
        lambda: "a0: &a0 [x, x]\n" + "".join(f"a{k}: &a{k} [{f'*a{k - 1}, ' * 9}]\n" for k in range(1, min(n, 99))),
        lambda: f"a: &a {{{', '.join(f'k{k}: 1' for k in range(n))}}}\nitems:\n" + "  - {<<: *a}\n" * n,
        lambda: f"{head}\n  - {{key: a, text: x, css: {{{', '.join(f'a{k}: {k}' for k in range(n))}}}}}\n",
        lambda: f"{head} []\nmoved: [{'{from: a, to: b}, ' * n}]\n",
        lambda: f"{head} []\nignore: [{'titel, ' * n}]\n",
        lambda: "#" * n * 20 + "\n" * n + head + " []\n",
    )  # fmt: skip
    return rng.choice(makers)()


def hostile_file(seed: int) -> tuple[str, bytes]:
    """Return the file's name in the workspace and its content, determined by the seed."""
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    maker = rng.choices((mutated_example, random_manifest, noise, monster), (40, 30, 18, 12))[0]
    content = maker(rng)
    name = "galleryctl.yaml" if rng.random() < 0.2 else "galleries/g.yaml"
    return name, content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")


def peak() -> float:
    """Return this process's peak memory in megabytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def validate_seed(root: Path, seed: int) -> tuple[int, str]:
    """Return the exit code and output of `galleryctl validate` on the seed's file."""
    from galleryctl.cli.main import run  # noqa: PLC0415 - only in the child

    name, content = hostile_file(seed)
    (root / "galleryctl.yaml").write_text(WORKSPACE, encoding="utf-8")
    (root / "galleries" / "g.yaml").write_text("bind: {create: true}\nitems: []\n", encoding="utf-8")
    (root / name).write_bytes(content)
    format_ = ("text", "json", "markdown", "html", "github")[seed % 5]
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        code = run(["-C", str(root), "--format", format_, "validate"])
    return code, out.getvalue()


def timed_validate(root: Path, seed: int) -> tuple[float, tuple[int, str]]:
    """Validate the seed's file; return the CPU seconds, the exit code and the output."""
    began = time.process_time()
    result = validate_seed(root, seed)
    return time.process_time() - began, result


def batch(first: int, count: int) -> dict[str, Any]:
    """Validate the files of these seeds and return their results."""
    os.environ.update(
        dict.fromkeys(("GALLERYCTL_VAR_PLANTED", "WIX_SITE_ID", "WIX_API_KEY", "WIX_GALLERY_ID"), PLANTED)
    )
    wrong: list[str] = []
    codes = {0: 0, 1: 0}
    slowest = (0.0, 0)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("minimal", "portfolio"):
            shutil.copytree(EXAMPLES / name / "photos", root / "photos", dirs_exist_ok=True)
        (root / "galleries").mkdir()
        validate_seed(root, first)  # loads the modules that are imported late
        before = peak()
        for seed in range(first, first + count):
            taken, (code, output) = timed_validate(root, seed)
            if taken > SECONDS / 2:
                taken = min(taken, timed_validate(root, seed)[0])  # on a busy machine one slow run proves nothing
            slowest = max(slowest, (taken, seed))
            codes[code] = codes.get(code, 0) + 1
            wrong += [f"{seed}: {sign}" for sign in ("Traceback", "bug in galleryctl", PLANTED) if sign in output]
            if code not in (0, 1) or (code and not output):
                wrong.append(f"{seed}: exit code {code}, {len(output)} characters of output")
    return {"wrong": wrong, "codes": codes, "slowest": slowest, "megabytes": peak() - before}


def in_a_child(first: int, count: int) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, __file__, str(first), str(count)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert ran.returncode == 0, ran.stderr
    result: dict[str, Any] = json.loads(ran.stdout)
    return result


def test_three_hundred_hostile_files() -> None:
    result = in_a_child(0, 300)
    assert result["wrong"] == []
    assert result["codes"].keys() == {"0", "1"}
    assert result["codes"]["1"] > result["codes"]["0"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 10_000, BATCH))
def test_ten_thousand_hostile_files(first: int) -> None:
    result = in_a_child(first, BATCH)
    assert result["wrong"] == []
    assert result["slowest"][0] < SECONDS, result["slowest"]
    assert result["megabytes"] < MEGABYTES


if __name__ == "__main__":
    json.dump(batch(int(sys.argv[1]), int(sys.argv[2])), sys.stdout)
