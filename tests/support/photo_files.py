"""Builds files of photos and videos from headers and metadata blocks; their pixels are left out."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

ASCII, SHORT, LONG, UNDEFINED = 2, 3, 4, 7
DESCRIPTION, ORIENTATION, RATING, RATING_PERCENT = 0x010E, 0x0112, 0x4746, 0x4749
ORIGINAL, DIGITIZED, USER_COMMENT = 0x9003, 0x9004, 0x9286
OFFSET_ORIGINAL, FRACTION_ORIGINAL = 0x9011, 0x9291
XP_TITLE, XP_COMMENT, XP_KEYWORDS = 0x9C9B, 0x9C9C, 0x9C9E
_EXIF_TAGS = frozenset((ORIGINAL, DIGITIZED, USER_COMMENT, OFFSET_ORIGINAL, FRACTION_ORIGINAL, 0x9010, 0x9012))
_EXIF_DIRECTORY, _GPS_DIRECTORY = 0x8769, 0x8825

XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"
NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "darktable": "http://darktable.sf.net/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}

Value = str | bytes | int
"""A text (ASCII, ended by a NUL), bytes (UNDEFINED), or a number (LONG)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exif:
    """An EXIF block; each tag is put into the directory to which it belongs."""

    tags: Mapping[int, Value] = field(default_factory=dict)
    gps: Mapping[int, Value] = field(default_factory=dict)
    big_endian: bool = False

    @property
    def block(self) -> bytes:
        order = ">" if self.big_endian else "<"
        inner = {tag: value for tag, value in self.tags.items() if tag in _EXIF_TAGS}
        outer = {tag: value for tag, value in self.tags.items() if tag not in _EXIF_TAGS}
        body = b""
        for pointer, directory in ((_EXIF_DIRECTORY, inner), (_GPS_DIRECTORY, self.gps)):
            if directory:
                outer[pointer] = 8 + len(body)
                body += exif_directory(directory, 8 + len(body), order)
        header = (b"MM\0*" if self.big_endian else b"II*\0") + struct.pack(order + "I", 8 + len(body))
        return header + body + exif_directory(outer, 8 + len(body), order)


def exif_directory(tags: Mapping[int, Value], start: int, order: str) -> bytes:
    """Return a directory at `start` of an EXIF block with its values behind it; `order` is that of `struct`."""
    entries, data = b"", b""
    data_start = start + 2 + 12 * len(tags) + 4
    for tag, value in sorted(tags.items()):
        if isinstance(value, int):
            entries += struct.pack(order + "HHII", tag, LONG, 1, value)
            continue
        raw = value.encode() + b"\0" if isinstance(value, str) else value
        type_ = ASCII if isinstance(value, str) else UNDEFINED
        if len(raw) <= 4:
            entries += struct.pack(order + "HHI", tag, type_, len(raw)) + raw.ljust(4, b"\0")
        else:
            entries += struct.pack(order + "HHII", tag, type_, len(raw), data_start + len(data))
            data += raw + b"\0" * (len(raw) & 1)
    return struct.pack(order + "H", len(tags)) + entries + b"\0" * 4 + data


def xmp(
    properties: str = "", *, title: str = "", description: str = "", tags: Iterable[str] = (), **attributes: str
) -> str:
    """Return an XMP packet; `attributes` such as `xmp__Rating` are those of the description."""
    texts = {"dc:title": title, "dc:description": description}
    elements = "".join(
        f'<{name}><rdf:Alt><rdf:li xml:lang="x-default">{text}</rdf:li></rdf:Alt></{name}>'
        for name, text in texts.items()
        if text
    )
    if words := "".join(f"<rdf:li>{tag}</rdf:li>" for tag in tags):
        elements += f"<dc:subject><rdf:Bag>{words}</rdf:Bag></dc:subject>"
    spaces = "".join(f' xmlns:{prefix}="{name}"' for prefix, name in NAMESPACES.items())
    given = "".join(f' {name.replace("__", ":")}="{value}"' for name, value in attributes.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about=""{spaces}{given}>{elements}{properties}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
    )


def iptc(*datasets: tuple[int, bytes], utf8: bool = False) -> bytes:
    """Return IPTC with datasets of record 2."""
    found = b"\x1c\x01\x5a\0\3\x1b%G" if utf8 else b""
    return found + b"".join(b"\x1c\x02" + struct.pack(">BH", number, len(data)) + data for number, data in datasets)


def photoshop(block: bytes) -> bytes:
    """Return IPTC as a Photoshop image resource."""
    return b"8BIM\x04\x04\0\0" + struct.pack(">I", len(block)) + block + b"\0" * (len(block) & 1)


def segment(marker: int, content: bytes) -> bytes:
    """Return a segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def jpeg(
    *segments: bytes,
    exif: Exif | bytes | None = None,
    xmp: str | bytes | None = None,
    iptc: bytes | None = None,
    size: tuple[int, int] = (48, 32),
) -> bytes:
    """Return a JPEG that ends where its pixels would begin."""
    parts = [b"\xff\xd8"]
    if exif is not None:
        parts.append(segment(0xE1, b"Exif\0\0" + (exif.block if isinstance(exif, Exif) else exif)))
    if iptc is not None:
        parts.append(segment(0xED, b"Photoshop 3.0\0" + photoshop(iptc)))
    if xmp is not None:
        parts.append(segment(0xE1, XMP_HEADER + (xmp.encode() if isinstance(xmp, str) else xmp)))
    width, height = size
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")
    return b"".join([*parts, *segments, frame, segment(0xDA, b"\1\1\0\0?\0"), b"\0\xff\xd9"])


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(*chunks: bytes, behind: Iterable[bytes] = (), size: tuple[int, int] = (48, 32)) -> bytes:
    """Return a PNG with these chunks before the pixels, and others behind them."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"".join([b"\x89PNG\r\n\x1a\n", header, *chunks, pixels, *behind, chunk(b"IEND", b"")])


def text_chunk(keyword: str, text: bytes, *, compressed: bool = False, international: bool = False) -> bytes:
    """Return a chunk tEXt, zTXt or iTXt."""
    if international:
        packed = zlib.compress(text) if compressed else text
        return chunk(b"iTXt", keyword.encode() + bytes((0, compressed, 0, 0, 0)) + packed)
    kind, packed = (b"zTXt", b"\0" + zlib.compress(text)) if compressed else (b"tEXt", text)
    return chunk(kind, keyword.encode() + b"\0" + packed)


def raw_profile(name: str, data: bytes) -> bytes:
    """Return a raw profile as ImageMagick writes it."""
    digits = data.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    return text_chunk(f"Raw profile type {name}", f"\n{name}\n{len(data):8}\n{lines}\n".encode(), compressed=True)


def gif(xmp: str | None = None, *, size: tuple[int, int] = (48, 32)) -> bytes:
    """Return a GIF, with XMP behind the picture."""
    picture = b",\0\0\0\0" + struct.pack("<HH", *size) + b"\0\2\3abc\0"
    extension = b""
    if xmp is not None:
        magic = b"\1" + bytes(range(255, -1, -1)) + b"\0"
        extension = b"!\xff\x0bXMP DataXMP" + xmp.encode() + magic
    return b"GIF89a" + struct.pack("<HH", *size) + b"\0\0\0" + picture + extension + b";"


def webp(*, exif: Exif | None = None, xmp: str | bytes | None = None, size: tuple[int, int] = (48, 32)) -> bytes:
    """Return a WebP with an extended header."""
    canvas = b"".join((side - 1).to_bytes(3, "little") for side in size)
    chunks = [(b"VP8X", b"\x0c\0\0\0" + canvas), (b"VP8L", b"/" + b"\0" * 5)]
    chunks += [(b"EXIF", exif.block)] if exif else []
    chunks += [(b"XMP ", xmp.encode() if isinstance(xmp, str) else xmp)] if xmp else []
    body = b"".join(kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def box(kind: bytes, *content: bytes) -> bytes:
    """Return a box."""
    body = b"".join(content)
    return struct.pack(">I", len(body) + 8) + kind + body


def heif(
    *properties: bytes,
    brand: bytes = b"heic",
    exif: Exif | None = None,
    xmp: str | None = None,
    size: tuple[int, int] = (64, 48),
    in_meta: bool = False,
) -> bytes:
    """Return a HEIC or AVIF; its picture and blocks are in `idat` within the box `meta`, or in `mdat` behind it."""
    blocks = [(b"hvc1", b"", b"pixels")]
    blocks += [(b"Exif", b"", struct.pack(">I", 0) + exif.block)] if exif else []
    blocks += [(b"mime", b"application/rdf+xml\0", xmp.encode())] if xmp else []
    infes = [
        box(b"infe", struct.pack(">BBHHH", 2, 0, 0, ident, 0), kind, b"\0", content_type)
        for ident, (kind, content_type, _) in enumerate(blocks, 1)
    ]
    ispe = box(b"ispe", b"\0" * 4, struct.pack(">II", *size))
    tile = box(b"ispe", b"\0" * 4, struct.pack(">II", 512, 512))
    indexes = bytes(range(2, 3 + len(properties)))  # the first property is of a tile
    ipma = box(b"ipma", struct.pack(">IIHB", 0, 1, 1, len(indexes)), indexes)
    iprp = box(b"iprp", box(b"ipco", tile, ispe, *properties), ipma)
    hdlr = box(b"hdlr", b"\0" * 8, b"pict", b"\0" * 13)
    pitm = box(b"pitm", struct.pack(">IH", 0, 1))
    iinf = box(b"iinf", struct.pack(">IH", 0, len(infes)), *infes)
    data = b"".join(block for _, _, block in blocks)
    ftyp = box(b"ftyp", brand, b"\0" * 4, b"mif1", brand)

    def meta(start: int) -> bytes:
        table = struct.pack(">IBBH", 1 << 24, 0x44, 0, len(blocks))
        for ident, (_, _, block) in enumerate(blocks, 1):
            table += struct.pack(">HHHHII", ident, int(in_meta), 0, 1, start, len(block))
            start += len(block)
        idat = [box(b"idat", data)] if in_meta else []
        return box(b"meta", b"\0" * 4, hdlr, pitm, iinf, box(b"iloc", table), iprp, *idat)

    if in_meta:
        return ftyp + meta(0)
    return ftyp + meta(len(ftyp) + len(meta(0)) + 8) + box(b"mdat", data)


def quicktime(
    *boxes: bytes, seconds: int = 0, size: tuple[int, int] = (1920, 1080), turned: bool = False, brand: bytes = b"qt  "
) -> bytes:
    """Return a MOV or MP4 with its headers behind the frames; `boxes` are added to `moov`."""
    mvhd = box(b"mvhd", struct.pack(">III", 0, seconds, seconds), b"\0" * 88)
    one = 1 << 16
    matrix = (0, one, 0, -one, 0, 0, 0, 0, 1 << 30) if turned else (one, 0, 0, 0, one, 0, 0, 0, 1 << 30)
    tkhd = box(b"tkhd", b"\0" * 40, struct.pack(">9i", *matrix), struct.pack(">II", size[0] << 16, size[1] << 16))
    ftyp = box(b"ftyp", brand, b"\0" * 4, brand)
    return ftyp + box(b"mdat", b"frames") + box(b"moov", mvhd, box(b"trak", tkhd), *boxes)


def apple_keys(**values: str) -> bytes:
    """Return the box in which Apple's devices store values such as `creationdate`."""
    names = [f"com.apple.quicktime.{name.replace('__', '.')}".encode() for name in values]
    keys = b"".join(struct.pack(">I", len(name) + 8) + b"mdta" + name for name in names)
    items = b"".join(
        box(struct.pack(">I", index), box(b"data", struct.pack(">II", 1, 0), text.encode()))
        for index, text in enumerate(values.values(), 1)
    )
    hdlr = box(b"hdlr", b"\0" * 8, b"mdta", b"\0" * 13)
    return box(b"meta", hdlr, box(b"keys", struct.pack(">II", 0, len(names)), keys), box(b"ilst", items))
