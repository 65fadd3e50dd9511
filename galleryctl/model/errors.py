"""Every failure that a user can cause or meet.

GalleryctlError
├── InvalidInput          problems in YAML, a plan file or options; one `Problem` each, all at once
├── Refused               a guard said no; `do` names the option that allows it
├── MatchError            a resource cannot be identified
├── StaleError            the site or the files changed since the plan was made
├── ApiError              (wix/errors.py) the API answered with an error, or not at all
├── StateError            state, journal or lock cannot be read or written
│   └── LockedError       another run holds the lock
└── Interrupted           Ctrl-C, or a signal that means the same
"""

from __future__ import annotations

from dataclasses import dataclass

from galleryctl.model.position import SourcePosition


class GalleryctlError(Exception):
    """A failure told to a person: what happened, where, why, and what to do about it."""

    exit_code = 1

    def __init__(self, what: str, *, where: object = None, why: str = "", do: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = "" if where is None else str(where)
        self.why = why
        self.do = do

    def __str__(self) -> str:
        """The message on one line for `what` and `where`, then `why` and `do` on lines of their own."""
        head = f"{self.where}: {self.what}" if self.where else self.what
        return "\n".join([head, *(f"  {line}" for line in (self.why, self.do) if line)])


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong with the input, and where it stands; `at` is None when no place is known."""

    at: SourcePosition | None
    message: str

    def __str__(self) -> str:
        """`file:line:column: message`."""
        return self.message if self.at is None else f"{self.at}: {self.message}"


class InvalidInput(GalleryctlError):  # noqa: N818 - named for what it says
    """The input has problems; all of them are listed, in the order of the files."""

    def __init__(self, problems: tuple[Problem, ...], *, do: str = "") -> None:
        super().__init__("\n".join(map(str, problems)), do=do)
        self.problems = problems


class Refused(GalleryctlError):  # noqa: N818 - named for what it says
    """A guard refuses a plan; `do` names the option or setting that allows it."""


class MatchError(GalleryctlError):
    """A manifest names something that cannot be found, or not told apart, on the site."""


class StaleError(GalleryctlError):
    """The site, the state or a file is no longer what the plan was made from; nothing was done to it."""


class StateError(GalleryctlError):
    """State, journal or lock cannot be read or written."""


class LockedError(StateError):
    """Another run holds the lock on this state."""


class Interrupted(GalleryctlError):  # noqa: N818 - named for what it says
    """The user asked to stop; the journal holds what is left."""

    exit_code = 130
