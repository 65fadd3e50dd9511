"""Texts that cameras, phones and programs write into every picture."""

from __future__ import annotations

import re
from dataclasses import replace

from galleryctl.photo.facts import Captions

# Sources: iNaturalist's issue 1323, the lists of photo managers, the sample photos of exiftool, exiv2 and php.
_TEXTS = frozenset(
    (
        "acd systems digital imaging",
        "asus_digital_camera",
        "benq digital camera",
        "binary comment",
        "camera phone picture",
        "canon digital camera",
        "casio computer co.,ltd",
        "casio computer co.,ltd.",
        "casio digital camera",
        "charset=ascii",
        "created by imlib",
        "created with gimp",
        "created with the gimp",
        "dcf 1.0",
        "digital camera",
        "digital camera image",
        "digital image",
        "digital still camera",
        "digital stillcamera",
        "exif jpeg",
        "exif jpeg picture",
        "exif_jpeg_picture",
        "fujifilm digital camera",
        "ge digital camera",
        "gcm_tag",
        "googleuploaded",
        "hp photosmart",
        "image description",
        "imagedescription",
        "jpeg picture",
        "kodak digital still camera",
        "kodak easyshare camera",
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
        "samsung csc",
        "samsung digital camera",
        "sanyo digital camera",
        "screenshot",
        "sony dsc",
        "type=n, mode=p, de=none",
        "vivitar digital camera",
        "x-default",
    )
)
"""In lower case, with single spaces."""
_CODES = frozenset(
    (
        *("SAMSUNG", "btf", "btfhdr", "btfmdn", "btr", "bty", "cof", "cof_dav", "dav", "default"),
        *("edf", "fbt", "fbthdr", "frem", "frontbhdp", "fshbty", "hdrpl", "mde", "mde_soft", "nor"),
        *("oznor", "oznorWB", "oznorWO", "ptr", "qrf", "rbt", "rhdr", "rpt", "sdr_HDRB"),
    )
)
"""As they are written, most of them by Huawei and Honor phones for their scene modes."""
_PATTERNS = re.compile(
    r"<.*(?:digimax|kenox|samsung).*>"  # <KENOX S760  / Samsung S760>
    r"|dcim[\\/][^\n]*"  # DCIM\100MEDIA\DJI_0012.JPG
    r"|[a-z]{2,5}_?[0-9]{3,8}\.jpe?g"  # DSCF1247.JPG
    r"|(?:oppo|oplus)_[0-9]+"
    r"|(?:filter: ?-?[0-9]+|fileterintensity: ?[0-9.]+); .*"  # what Xiaomi and vivo phones say of filters
    r"|processed with (?:moldiv|snapseed|rookie|vsco)(?: with [^\n]{1,20} preset)?",
    re.DOTALL,
)


def is_camera_default(text: str) -> bool:
    """Return True if no person wrote the text: `OLYMPUS DIGITAL CAMERA`."""
    plain = " ".join(text.split()).casefold()
    return plain in _TEXTS or text in _CODES or _PATTERNS.fullmatch(plain) is not None


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
