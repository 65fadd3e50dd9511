"""Command-line interface: parse options, call one function, print its result. Only this package prints or exits."""

import sys


def main() -> None:
    """Run the console script. A signal while its modules are imported ends it as a later one does."""
    try:
        from galleryctl.cli.main import run_process

        run_process()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; no further action was taken.\n")
        sys.exit(130)
