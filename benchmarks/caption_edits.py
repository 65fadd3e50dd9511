"""Let exiftool write captions into copies of real files, and see which of them are another photo by their content then.

`python benchmarks/caption_edits.py FOLDER... [-TAG=VALUE...]` prints, for each format, how many copies are the same photo,
and lists the others. exiftool must be installed. Without tags, it writes a title, descriptions and a comment.

These are another photo on purpose: files that are damaged, sequences of pictures (`.heics`), and JPEGs with captions in
Canon's CIFF or other blocks that no gallery reads.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from galleryctl.photo.content.digest import photo_digest
from galleryctl.photo.formats import HEADER_BYTES, detect_photo_format

TAGS = [
    "-XMP:Title=Title",
    "-IPTC:Caption-Abstract=Text",
    "-EXIF:ImageDescription=Text",
    "-Comment=Text",
    "-Title=Title",
]
MAX_BYTES = 30_000_000


def result(before: bytes, after: bytes) -> str:
    """Return what the edit did to a file."""
    if before == after:
        return "not written"
    digest = photo_digest(before)
    if not digest:
        return "no digest"
    return "same" if photo_digest(after) == digest else "ANOTHER"


def main() -> None:
    folders = [Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")]
    tags = [argument for argument in sys.argv[1:] if argument.startswith("-")] or TAGS
    originals: dict[bytes, Path] = {}
    for path in (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()):
        if path.stat().st_size <= MAX_BYTES:
            originals.setdefault(path.read_bytes(), path)
    results: dict[str, Counter[str]] = defaultdict(Counter)
    with tempfile.TemporaryDirectory() as folder:
        copies: list[tuple[Path, Path, str]] = []
        for number, (data, path) in enumerate(originals.items()):
            if (format_ := detect_photo_format(data[:HEADER_BYTES])) is not None:
                copy = Path(folder) / f"{number:05}.{format_.name.lower()}"
                copy.write_bytes(data)
                copies.append((copy, path, format_.name))
        names = Path(folder) / "names"
        names.write_text("\n".join(str(copy) for copy, _, _ in copies), encoding="utf-8")
        subprocess.run(["exiftool", "-q", "-q", "-m", "-overwrite_original", *tags, "-@", names], check=False)
        for copy, path, format_name in copies:
            found = result(path.read_bytes(), copy.read_bytes())
            results[format_name][found] += 1
            if found in ("ANOTHER", "no digest") and format_name != "TIFF":
                print(f"{found:<10} {path}")
    for format_name, counts in sorted(results.items()):
        print(f"{format_name:<10}", ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))


if __name__ == "__main__":
    main()
