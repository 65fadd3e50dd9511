"""`python -m galleryctl.emulator`: the emulator without the command line tool."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from galleryctl.emulator.server import serve
from galleryctl.model.errors import GalleryctlError


def main() -> int:
    """Serve until a signal; 1 when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m galleryctl.emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--data", type=Path, default=None, help="a directory; without it, everything is in memory"
    )
    parser.add_argument("--ready-file", type=Path, default=None, help="JSON, written once the port listens")
    options = parser.parse_args()
    try:
        serve(options.data, options.port, options.ready_file, options.host)
    except GalleryctlError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
