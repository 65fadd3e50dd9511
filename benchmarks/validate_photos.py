"""Measure loading a folder of 10,000 photos: `python benchmarks/validate_photos.py [PHOTOS]`.

The baseline reads and hashes the same files, which tells whether a photo has changed; captions and dates come on top. A plan
also needs the digests of what the photos show, which `validate` leaves out.
"""

from __future__ import annotations

import hashlib
import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from galleryctl.manifest.load import load_manifests
from galleryctl.manifest.validate import validate
from galleryctl.manifest.workspace import load_workspace

ROUNDS = 3
WORKSPACE = "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\n"
MANIFEST = "bind: {create: true}\nitems:\n  - from: photos/*.jpg\n    order: captured\n"
PACKET = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" xmp:Rating="4" {settings}>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Photo {number}</rdf:li></rdf:Alt></dc:title>
<dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>boat</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta>{padding}<?xpacket end="w"?>"""


def photo(number: int, pixels: Image.Image) -> bytes:
    """Return a JPEG as Lightroom exports it: EXIF, and XMP with a hundred settings and padding."""
    exif = Image.Exif()
    exif[0x010E] = f"Photo {number}"
    exif[0x010F], exif[0x0110] = "FUJIFILM", "X-T5"
    exif.get_ifd(0x8769)[0x9003] = f"2026:05:01 10:{number // 60 % 60:02}:{number % 60:02}"
    settings = " ".join(f'crs:Setting{n}="{n}"' for n in range(100))
    packet = PACKET.format(number=number, settings=settings, padding=" " * 2000)
    out = io.BytesIO()
    pixels.save(out, "JPEG", exif=exif, xmp=packet.encode())
    return out.getvalue()


def seconds(work: Callable[[], object]) -> float:
    """Return the processor time of the fastest round, which other processes disturb least."""
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "galleries").mkdir()
        (root / "photos").mkdir()
        (root / "galleryctl.yaml").write_text(WORKSPACE, encoding="utf-8")
        (root / "galleries" / "g.yaml").write_text(MANIFEST, encoding="utf-8")
        pixels = Image.effect_noise((320, 240), 50)
        files = [root / "photos" / f"{number}.jpg" for number in range(count)]
        for number, file in enumerate(files):
            file.write_bytes(photo(number, pixels))
        baseline = seconds(lambda: [hashlib.sha256(file.read_bytes()).digest() for file in files])
        taken = seconds(lambda: load_manifests(load_workspace(root, {}), "main"))
        validated = seconds(lambda: validate(root, {}))
        strip = WORKSPACE + "privacy: {gps: strip, owner: strip}\n"
        (root / "galleryctl.yaml").write_text(strip, encoding="utf-8")
        stripped = seconds(lambda: load_manifests(load_workspace(root, {}), "main"))
    print(f"{count} photos, the fastest of {ROUNDS} rounds")
    print(f"read, hash   {baseline:6.2f} s")
    print(f"load         {taken:6.2f} s  {taken / baseline:5.2f} x read, hash")
    print(f"validate     {validated:6.2f} s  {validated / taken:5.2f} x load")
    print(f"and privacy  {stripped:6.2f} s  {stripped / taken:5.2f} x load")


if __name__ == "__main__":
    main()
