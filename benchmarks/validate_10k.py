"""Measure loading and validating 10,000 items: `python benchmarks/validate_10k.py [ITEMS]`.

The baseline is PyYAML's C parser reading the same bytes without checking anything.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from galleryctl.manifest.load import load_manifests
from galleryctl.manifest.workspace import load_workspace

ROUNDS = 3
GALLERIES = 10
WORKSPACE = """\
galleryctl: 1
backend: {type: local}
sites:
  main: {}
galleries: galleries/*.yaml
"""
ITEM = """\
  - key: k{number}
    video: https://vimeo.com/{number}
    title: Film {number}
    description: The {number}th of many
    tags: [film, many]
"""


def write_workspace(root: Path, count: int) -> None:
    (root / "galleries").mkdir()
    (root / "galleryctl.yaml").write_text(WORKSPACE, encoding="utf-8")
    for gallery in range(GALLERIES):
        head = f"gallery: g{gallery}\nbind: {{create: true}}\nname: Gallery {gallery}\nitems:\n"
        items = (ITEM.format(number=number) for number in range(1, count // GALLERIES + 1))
        (root / "galleries" / f"g{gallery}.yaml").write_text(head + "".join(items), encoding="utf-8")


def seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_workspace(root, count)
        texts = [path.read_bytes() for path in sorted((root / "galleries").iterdir())]
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        baseline = seconds(lambda: [yaml.load(text, loader) for text in texts])  # noqa: S506 - a safe loader
        taken = seconds(lambda: load_manifests(load_workspace(root, {}), "main"))
    print(f"{count} items in {GALLERIES} files, medians of {ROUNDS} rounds")
    print(f"parse only   {baseline:6.2f} s")
    print(f"load, check  {taken:6.2f} s  {taken / baseline:5.2f} x parse only")


if __name__ == "__main__":
    main()
