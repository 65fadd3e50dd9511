"""The standard streams of the process: any encoding, closed ones, and those whose reader has exited."""

from __future__ import annotations

import codecs
import io
import os
import sys
from contextlib import suppress
from pathlib import Path

_ERROR_HANDLER = "galleryctl-escapes"
"""Escapes characters that the terminal's encoding lacks, and lone surrogates, as JSON does: JSON output stays valid."""


def configure_streams() -> None:
    """Make the standard streams usable, whatever they are connected to.

    A stream that was closed before the start is opened on the null device: it is not a terminal, and no other file gets
    its number. Standard output and standard error accept any text, whatever their encoding. What standard error cannot
    take is discarded: a run does not end because nobody reads its messages.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # opened in this order, as a file gets the lowest free number
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - open until the end
    codecs.register_error(_ERROR_HANDLER, _escape_unencodable)
    reconfigure = getattr(sys.stdout, "reconfigure", None)  # missing if replaced by a caller
    if reconfigure is not None:
        reconfigure(errors=_ERROR_HANDLER)
    if isinstance(sys.stderr, io.TextIOWrapper):
        raw = _DiscardingFile(sys.stderr.fileno(), "w", closefd=False)
        sys.stderr = io.TextIOWrapper(
            io.BufferedWriter(raw), encoding=sys.stderr.encoding, errors=_ERROR_HANDLER, line_buffering=True
        )


def flush_stdout(code: int) -> int:
    """Flush standard output and return the exit code, 1 instead of 0 if output was lost."""
    try:
        sys.stdout.flush()
    except OSError:
        redirect_stdout()
        return code or 1
    return code


def redirect_stdout() -> None:
    """Redirect a broken standard output to standard error, without what it still holds."""
    with suppress(OSError):  # replaced by a caller, or both are broken
        number = sys.stdout.fileno()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, number)
        os.close(null)
        sys.stdout.flush()
        os.dup2(sys.stderr.fileno(), number)


class _DiscardingFile(io.FileIO):
    """A file that discards what it cannot write."""

    def write(self, content: object, /) -> int:
        """Write `content`, bytes, and return the number of bytes that were written or discarded."""
        view = memoryview(content)  # type: ignore[arg-type]  # any buffer, as the base class accepts
        try:
            written = super().write(view)
        except OSError:
            return view.nbytes
        return view.nbytes if written is None else written


def _escape_unencodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[index : index + 2].hex() for index in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs), error.end
