"""Questions about files: when they are ready, what is checked, and what is delivered."""

from __future__ import annotations

import io
from collections.abc import Mapping

from galleryctl.engine.probe.conclusions import describe_error, show, unknown
from galleryctl.engine.probe.probed_site import ProbedSite, UndecidedError
from galleryctl.model.fields import Json
from galleryctl.model.probe import Conclusion
from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.wix import endpoints
from galleryctl.wix.codec import as_object, as_string
from galleryctl.wix.errors import ApiError, is_rejection

_FILE_WAITS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each read of a file that is not ready."""
_MB = 1_000_000
_SIZES = (26 * _MB, 101 * _MB, 1_001 * _MB)
"""Bytes to announce for an image, smallest first; nothing is uploaded."""
_TYPES = {"gif": "image/gif", "webp": "image/webp", "bmp": "image/bmp", "tiff": "image/tiff", "heic": "image/heic",
          "avif": "image/avif", "svg": "image/svg+xml"}  # fmt: skip
_IMAGE_DESCRIPTION, _GPS, _LATITUDE = 0x010E, 0x8825, 2
"""EXIF tags."""


async def probe_upload(site: ProbedSite) -> Conclusion:
    """Upload a photo with location data, and read it until it is READY."""
    file = await site.upload(name=f"{site.mark}.jpg", mime="image/jpeg", content=photo_bytes(site.mark))
    ended, reads, seconds = await _read_until_ended(site, file)
    if ended.get("operationStatus") == "READY":
        site.photo = ended
    return _conclude_readiness(ended, reads, seconds, "upload_pending_reads")


async def probe_hash(site: ProbedSite) -> Conclusion:
    """Look at the hash in the descriptor of the uploaded photo."""
    if not site.photo:
        raise UndecidedError("no uploaded file is READY")
    value = site.photo.get("hash")
    result = "present at READY" if value else "empty at READY"
    return Conclusion(result=result, evidence=f"hash: {show(value)}", switches={"hash_at_ready": bool(value)})


async def probe_import(site: ProbedSite) -> Conclusion:
    """Import the uploaded photo from its own URL, and read it until it is READY or FAILED."""
    url = as_string(site.photo.get("url"))
    if not url:
        raise UndecidedError("no uploaded file is READY")
    body: dict[str, Json] = {"url": url, "mediaType": "IMAGE", "displayName": f"{site.mark}-import.jpg"}
    reply = await site.client.send_raw(endpoints.IMPORT_FILE, json={**body, "labels": [site.mark]})
    file = site.add_file(as_object(reply.get("file")))
    return _conclude_readiness(*await _read_until_ended(site, file), "import_pending_reads")


async def _read_until_ended(site: ProbedSite, file: Mapping[str, Json]) -> tuple[Mapping[str, Json], int, float]:
    """Return the descriptor once it is no longer PENDING, and the reads and the seconds that it took."""
    reads, waited = 0, 0.0
    what = "the Media Manager to process a file of the probe"
    waiting = Waiting(kind=WaitKind.MEDIA, what=what, seconds=sum(_FILE_WAITS), at_most=True)
    with site.client.waits.during(waiting) as sleep:
        for wait in _FILE_WAITS:
            if file.get("operationStatus") != "PENDING":
                break
            if wait:
                await sleep(wait)
            file = await site.read_file(as_string(file.get("id"))) or file
            reads, waited = reads + 1, waited + wait
    return file, reads, waited


def _conclude_readiness(file: Mapping[str, Json], reads: int, seconds: float, switch: str) -> Conclusion:
    status = as_string(file.get("operationStatus"))
    if status not in ("READY", "FAILED"):
        return unknown(f"{status or 'no status'} after {seconds:.1f} seconds", f"{reads} reads")
    result = f"{status} in the response" if not reads else f"PENDING at first, {status} at read {reads}"
    evidence = f"after {seconds:.1f} seconds" if reads else ""
    return Conclusion(result=result, evidence=evidence, switches={switch: reads})


async def probe_location(site: ProbedSite) -> Conclusion:
    """Fetch the photo as visitors get it, and look for the location and the description that it was uploaded with."""
    url = as_string(site.photo.get("url"))
    if not url:
        raise UndecidedError("no uploaded file is READY")
    data = await site.client.download_raw(url)
    if data is None:
        raise UndecidedError("the URL of the file is not an https URL")
    if (tags := _read_exif(data)) is None:
        return unknown("what is delivered is not an image", f"{len(data):,} bytes")
    has_location, has_text = tags
    evidence = f"{len(data):,} bytes; the description {'is kept' if has_text else 'is removed'}"
    return Conclusion(result="delivered to visitors" if has_location else "removed", evidence=evidence)


async def probe_file_names(site: ProbedSite) -> Conclusion:
    """Upload a JPEG under the name of a PNG: with the type of its bytes, then with that of its name."""
    content = photo_bytes(site.mark)
    results = []
    for mime, suffix in (("image/jpeg", "a"), ("image/png", "b")):
        try:
            file = await site.upload(name=f"{site.mark}-{suffix}.png", mime=mime, content=content)
        except ApiError as error:
            if not is_rejection(error):
                raise
            results.append((mime, "rejected", f"{error.status} {error.code}".rstrip()))
        else:
            status = as_string(file.get("operationStatus"))
            results.append((mime, "accepted", f"{status} as {as_string(file.get('mediaType'))} {file.get('id')}"))
    (_, with_type, _), (_, with_name, _) = results
    return Conclusion(
        result=f"{with_type} if the type differs from the name, {with_name} if only the bytes do",
        evidence="; ".join(f"x.png as {mime}: {detail}" for mime, _, detail in results),
    )


async def probe_file_sizes(site: ProbedSite) -> Conclusion:
    """Announce larger and larger images, without uploading them."""
    accepted = 0
    for size in _SIZES:
        try:
            await site.generate_upload(name=f"{site.mark}.jpg", mime="image/jpeg", size=size, resumable=True)
        except ApiError as error:
            if not is_rejection(error):
                raise
            return Conclusion(result=f"{size / _MB:,.0f} MB rejected", evidence=describe_error(error))
        accepted = size
    evidence = "announced only; the limit may apply to the bytes"
    return Conclusion(result=f"up to {accepted / _MB:,.0f} MB accepted", evidence=evidence)


async def probe_file_types(site: ProbedSite) -> Conclusion:
    """Announce images of other types, without uploading them."""
    rejected = []
    for extension, mime in _TYPES.items():
        try:
            await site.generate_upload(name=f"{site.mark}.{extension}", mime=mime, size=1000)
        except ApiError as error:
            if not is_rejection(error):
                raise
            rejected.append(extension)
    accepted = [extension for extension in _TYPES if extension not in rejected]
    result = f"accepted: {', '.join(accepted) or 'none'}; rejected: {', '.join(rejected) or 'none'}"
    return Conclusion(result=result, evidence="announced only; the files may be rejected later")


def photo_bytes(mark: str) -> bytes:
    """Return a small JPEG with a description and a location in its EXIF data."""
    from PIL import Image  # noqa: PLC0415 - slow to import

    exif = Image.Exif()
    exif[_IMAGE_DESCRIPTION] = mark
    exif[_GPS] = {1: "N", _LATITUDE: (48.0, 8.0, 15.0), 3: "E", 4: (11.0, 34.0, 31.0)}
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 60)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def _read_exif(data: bytes) -> tuple[bool, bool] | None:
    """Return whether an image has a location and a description in its EXIF data; None if it is not an image."""
    from PIL import Image  # noqa: PLC0415 - slow to import

    try:
        with Image.open(io.BytesIO(data)) as image:
            exif = image.getexif()
            return _LATITUDE in exif.get_ifd(_GPS), _IMAGE_DESCRIPTION in exif
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
