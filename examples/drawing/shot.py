"""A photo with the metadata that a camera and a photographer's software write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from PIL import Image

from examples.drawing.canvas import HEIGHT, WIDTH

QUALITY = 75
IMAGE_DESCRIPTION, ARTIST, EXIF_IFD, CAPTURED = 0x010E, 0x013B, 0x8769, 0x9003


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A photo and its captions; `path` is relative to the workspace."""

    path: str
    draw: Callable[[], Image.Image]
    captured: str
    title: str
    description: str
    tags: tuple[str, ...]


def shot(path: str, captured: str, title: str, description: str, tags: str, draw: Callable[[], Image.Image]) -> Shot:
    """Return a shot; `tags` are separated by spaces."""
    return Shot(
        path=f"photos/{path}.jpg",
        draw=draw,
        captured=captured,
        title=title,
        description=description,
        tags=tuple(tags.split()),
    )


def xmp(entry: Shot) -> bytes:
    """Return title, description and keywords as an XMP packet."""

    def alternative(name: str, text: str) -> str:
        words = escape(text)
        return (
            f'<dc:{name}><rdf:Alt><rdf:li xml:lang="x-default">{words}</rdf:li></rdf:Alt></dc:{name}>' if text else ""
        )

    bag = "".join(f"<rdf:li>{escape(tag)}</rdf:li>" for tag in entry.tags)
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"{alternative('title', entry.title)}{alternative('description', entry.description)}"
        f"<dc:subject><rdf:Bag>{bag}</rdf:Bag></dc:subject>"
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def save(entry: Shot, root: Path) -> None:
    """Draw the photo and write it with its captions."""
    picture = entry.draw().resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    exif = Image.Exif()
    if entry.description:
        exif[IMAGE_DESCRIPTION] = entry.description
    exif[ARTIST] = "Robin Example"
    exif.get_ifd(EXIF_IFD)[CAPTURED] = entry.captured
    path = root / entry.path
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=QUALITY, optimize=True, exif=exif, xmp=xmp(entry))
