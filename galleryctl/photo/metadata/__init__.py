"""The metadata blocks of files: EXIF, IPTC, XMP and text."""
