"""The meaning of a failed upload: if there may be a file, and if the file was the reason."""

from __future__ import annotations

from galleryctl.wix import endpoints
from galleryctl.wix.errors import ApiError, InvalidRequest, MediaFailed, ResponseLost, is_rejection
from galleryctl.wix.messages import Request

PROCESSING_FAILED = "FAILED"
"""The code of the error for files that the Media Manager could not process."""
_FILE_STATUSES = (413, 415)
"""Content too large; unsupported media type."""
_FILE_CODES = frozenset(("FILE_SIZE_OVER_LIMIT", "MISMATCH_MIME_TYPE", "UNSUPPORTED_FILE_FORMAT", "ZERO_FILE_SIZE"))
"""The codes by which the Media Manager rejects a file."""
_URL_CALLS = frozenset(Request(endpoint=each).call for each in (endpoints.UPLOAD_URL, endpoints.RESUMABLE_URL))
_CREATING_CALLS = frozenset((*_URL_CALLS, Request(endpoint=endpoints.IMPORT_FILE).call, *endpoints.UPLOAD_CALLS))
"""The calls that lead to a new file; after a later one, the file exists."""


def may_have_created_file(error: ApiError) -> bool:
    """Return False if an upload or import that failed with `error` has created no file that could be used."""
    if isinstance(error, ResponseLost):
        return True
    if error.call in _URL_CALLS:
        return False
    if isinstance(error, MediaFailed):
        return error.code != PROCESSING_FAILED
    return error.effect_unknown or error.call not in _CREATING_CALLS or not is_rejection(error)


def is_file_rejected(error: ApiError) -> bool:
    """Return True if the Media Manager rejected this file: other uploads and a later try do not change that."""
    if isinstance(error, InvalidRequest):
        return error.status in _FILE_STATUSES or error.code in _FILE_CODES
    return isinstance(error, MediaFailed)
