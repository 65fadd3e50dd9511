"""Texts that cameras, phones and programs write into every picture."""

from __future__ import annotations

import re
from dataclasses import replace

from galleryctl.photo.facts import Captions

# Sources: iNaturalist issue 1323, Wikimedia Commons (the texts that UploadWizard leaves out), sample photos.
_TEXTS = frozenset(
    (
        "acd systems digital imaging",
        "asus_digital_camera",
        "benq digital camera",
        "camera phone picture",
        "canon digital camera",
        "casio computer co.,ltd",
        "casio computer co.,ltd.",
        "casio digital camera",
        "charset=ascii",
        "created with gimp",
        "created with the gimp",
        "dcf 1.0",
        "digital camera",
        "digital camera image",
        "digital still camera",
        "digital stillcamera",
        "exif jpeg",
        "exif jpeg picture",
        "exif_jpeg_picture",
        "fujifilm digital camera",
        "ge digital camera",
        "hp photosmart",
        "image description",
        "imagedescription",
        "jpeg picture",
        "kodak digital still camera",
        "konica digital camera",
        "konica minolta digital camera",
        "lead technologies inc. v1.01",
        "metadata-start",
        "minolta digital camera",
        "minolta dsc",
        "moultrie digital game camera",
        "my beautiful picture",
        "my great picture",
        "nikon digital camera",
        "olympus digital camera",
        "panasonic digital camera",
        "panasonic dsc",
        "pentax digital camera",
        "pentax image",
        "picasa",
        "polaroid digital camera",
        "ricoh digital camera",
        "samsung camera pictures",
        "samsung digital camera",
        "sanyo digital camera",
        "screenshot",
        "sony dsc",
        "type=n, mode=p, de=none",
        "vivitar digital camera",
        # The scene modes of Huawei and Honor phones.
        "bty",
        "cof",
        "dav",
        "edf",
        "fbt",
        "hdrpl",
        "mde",
        "oznor",
        "oznorwb",
        "rbt",
        "rhdr",
    )
)
_PATTERNS = re.compile(
    r"<.*(?:digimax|kenox|samsung).*>"  # <KENOX S760  / Samsung S760>
    r"|dcim[\\/][^\n]*"  # DCIM\100MEDIA\DJI_0012.JPG
    r"|(?:oppo|oplus)_[0-9]+"
    r"|(?:filter: ?-?[0-9]+|fileterintensity: ?[0-9.]+); .*"  # what Xiaomi and vivo phones say of filters
    r"|processed with (?:moldiv|snapseed|rookie|vsco)(?: with [^\n]{1,20} preset)?",
    re.DOTALL,
)


def is_camera_default(text: str) -> bool:
    """Return True if no person wrote the text: `OLYMPUS DIGITAL CAMERA`."""
    plain = " ".join(text.split()).casefold()
    return plain in _TEXTS or _PATTERNS.fullmatch(plain) is not None


def without_camera_defaults(captions: Captions) -> Captions:
    """Return the captions without the texts that no person wrote."""
    if not any(map(is_camera_default, (captions.title, captions.description, captions.alt_text))):
        return captions
    return replace(
        captions,
        title=_own_text(captions.title),
        description=_own_text(captions.description),
        alt_text=_own_text(captions.alt_text),
    )


def _own_text(text: str) -> str:
    return "" if is_camera_default(text) else text
