"""Compare captions, dates and sizes of real files with those that exiftool reads.

`python benchmarks/compare_exiftool.py FOLDER...` prints each difference, and how many files have one. exiftool must be
installed. Good samples are in the source packages of exiftool and exiv2: `apt-get source libimage-exiftool-perl exiv2`.

These differences are on purpose:

- JPEGs that end behind their EXIF: exiftool reports a format error and reads nothing, galleryctl reads what is there;
- RAW files, which are TIFF files: the size is that of the first picture in them, as no gallery shows them;
- a JPEG with two XMP packets: galleryctl takes the first one, exiftool the last one;
- a UserComment of the type ASCII, and texts in Windows-1252: galleryctl decodes them;
- `rdf:nodeID` in XMP is not resolved;
- files that a fuzzer damaged.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from galleryctl.photo.facts import Captions, CaptureTime, PhotoFacts, PhotoFormat
from galleryctl.photo.formats import HEADER_BYTES, detect_photo_format
from galleryctl.photo.metadata.camera_defaults import is_camera_default
from galleryctl.photo.metadata.dates import parse_date
from galleryctl.photo.metadata.text import clean_caption, decode_text, unique_tags
from galleryctl.photo.read import read_photo, read_xmp_sidecar

# The tags of exiftool, in the order in which galleryctl looks for them. "IFD0" may also be "EXIF" in a PNG.
TITLE = ("XMP-dc:Title", "IPTC:ObjectName", "IFD0:XPTitle", "PNG:Title")
DESCRIPTION = (
    "XMP-dc:Description",
    "IPTC:Caption-Abstract",
    "IFD0:ImageDescription",
    "ExifIFD:UserComment",
    "IFD0:XPComment",
    "IFD0:XPSubject",
    "PNG:Description",
)
TAGS = ("XMP-dc:Subject", "IPTC:Keywords", "IFD0:XPKeywords")
DATES = (
    ("ExifIFD:DateTimeOriginal", "ExifIFD:SubSecTimeOriginal", "ExifIFD:OffsetTimeOriginal"),
    ("IFD0:DateTimeOriginal", "", ""),
    ("Keys:CreationDate", "", ""),
    ("UserData:DateTimeOriginal", "", ""),
    ("UserData:ContentCreateDate", "", ""),
    ("XMP-photoshop:DateCreated", "", ""),
    ("XMP-exif:DateTimeOriginal", "", ""),
    ("IPTC:DateCreated", "IPTC:TimeCreated", ""),
    ("ExifIFD:CreateDate", "ExifIFD:SubSecTimeDigitized", "ExifIFD:OffsetTimeDigitized"),
    ("XMP-exif:DateTimeDigitized", "", ""),
    ("XMP-xmp:CreateDate", "", ""),
    ("IPTC:DigitalCreationDate", "IPTC:DigitalCreationTime", ""),
    ("QuickTime:CreateDate", "", ""),
    ("PNG:CreationTime", "", ""),
)


def find_files(folders: Iterable[str]) -> Iterator[Path]:
    """Yield the files whose format galleryctl reads, and XMP sidecars."""
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                with path.open("rb") as file:
                    head = file.read(HEADER_BYTES)
                if path.suffix.lower() == ".xmp" or detect_photo_format(head) is not None:
                    yield path


def run_exiftool(paths: Iterable[Path]) -> dict[str, Mapping[str, Any]]:
    """Return the tags of each file, by its path."""
    options = ["-json", "-G1", "-n", "-a", "-m", "-q", "-charset", "exif=utf8", "-@", "-"]
    run = subprocess.run(["exiftool", *options], input="\n".join(map(str, paths)).encode(), capture_output=True)  # noqa: PLW1510 - it exits with 1 for files with errors
    texts = run.stdout.decode("utf-8", "surrogateescape")  # exiftool prints EXIF texts as they are
    return {tags["SourceFile"]: tags for tags in json.loads(texts, strict=False)}


def first_text(tags: Mapping[str, Any], names: Iterable[str]) -> str:
    raw = (str(tags.get(name, "")).encode("utf-8", "surrogateescape") for name in names)
    texts = (clean_caption(decode_text(text)) for text in raw)
    return next((text for text in texts if text and not is_camera_default(text)), "")


def first_tags(tags: Mapping[str, Any]) -> tuple[str, ...]:
    for name in TAGS:
        value = tags.get(name, "")
        words = value if isinstance(value, list) else str(value).split(";") if "XP" in name else [value]
        if found := unique_tags(map(str, words)):
            return found
    return ()


def first_date(tags: Mapping[str, Any]) -> CaptureTime | None:
    for date, second, offset in DATES:
        text, more = str(tags.get(date, "")), str(tags.get(second, "")) if second else ""
        is_clock = "Time" in second and "SubSec" not in second
        zone = "Z" if date.startswith("QuickTime") else ""
        zone = str(tags.get(offset, "") or tags.get("ExifIFD:OffsetTime", "")) if offset else zone
        found = parse_date(f"{text} {more}" if is_clock else text, fraction="" if is_clock else more, offset=zone)
        if found is not None:
            return found
    return None


def expected_facts(tags: Mapping[str, Any]) -> dict[str, Any]:
    size = re.findall(r"[0-9]+", str(tags.get("Composite:ImageSize", "0 0")))
    return {
        "title": first_text(tags, TITLE),
        "description": first_text(tags, DESCRIPTION),
        "tags": first_tags(tags),
        "captured": first_date(tags),
        "size": (int(size[0]), int(size[1])),
    }


def found_facts(facts: PhotoFacts) -> dict[str, Any]:
    captions: Captions = facts.captions
    return {
        "title": captions.title,
        "description": captions.description,
        "tags": captions.tags,
        "captured": facts.captured,
        "size": (facts.width, facts.height),
    }


def main(folders: list[str]) -> None:
    paths = list(find_files(folders))
    tags_of = run_exiftool(paths)
    counts: Counter[str] = Counter()
    for path in paths:
        with path.open("rb") as file:
            facts = (read_xmp_sidecar if path.suffix.lower() == ".xmp" else read_photo)(file)
        found, expected = found_facts(facts), expected_facts(tags_of.get(str(path), {}))
        if facts.format is PhotoFormat.TIFF:  # no gallery shows it
            found = {"size": found["size"]}
        elif facts.format is None:  # a sidecar
            del found["size"]
        differing = [name for name in found if found[name] != expected[name]]
        counts.update(differing)
        counts["files"] += 1
        counts["files with problems"] += bool(facts.problems)
        counts["files with a difference"] += bool(differing)
        for name in differing:
            print(f"{path}: {name}: {found[name]!r}, exiftool {expected[name]!r} {list(facts.problems) or ''}")
    print(dict(counts))


if __name__ == "__main__":
    main(sys.argv[1:])
