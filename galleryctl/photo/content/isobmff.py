"""The boxes of HEIC, AVIF, MP4 and QuickTime that are no content."""

from __future__ import annotations

XMP_UUID = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")
PADDING_BOXES = frozenset((b"free", b"skip", b"wide"))
