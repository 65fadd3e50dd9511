"""The errors that a user can cause or meet.

GalleryctlError
├── InvalidInput          problems in YAML, a plan file or options; one `Problem` each, all at once
├── Refused               a safety check rejected the plan; `do` names the option that allows it
├── MatchError            a resource cannot be identified
├── StaleError            the site or the files changed since the plan was made
├── ApiError              (wix/errors.py) the API responded with an error, or not at all
├── StateError            state, journal or lock cannot be read or written
│   └── LockedError       another run holds the lock
├── DeadlineExceeded      the run was not finished within its --deadline
├── Interrupted           Ctrl-C, or a signal with the same effect
└── UnexpectedError       an exception that no code expects: a bug, or an error of the operating system
"""

from __future__ import annotations

from dataclasses import dataclass, field

from galleryctl.model.position import SourcePosition


class GalleryctlError(Exception):
    """A failure as users see it: what is wrong, where, why, and what to do."""

    exit_code = 1

    def __init__(self, what: str, *, where: object = None, why: str = "", do: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = "" if where is None else str(where)
        self.why = why
        self.do = do

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return "\n".join([head, *(f"  {line}" for line in (self.why, self.do) if line)])


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One error in the input, and its position if known; `source` is the line with it, "" if it is not shown."""

    at: SourcePosition | None
    message: str
    source: str = field(default="", compare=False)

    def __str__(self) -> str:
        return self.message if self.at is None else f"{self.at}: {self.message}"


class InvalidInput(GalleryctlError):  # noqa: N818 - named for what it says
    """The input is invalid; all problems are listed, in the order of the files."""

    def __init__(self, problems: tuple[Problem, ...], *, do: str = "") -> None:
        super().__init__("\n".join(map(str, problems)), do=do)
        self.problems = problems


class Refused(GalleryctlError):  # noqa: N818 - named for what it says
    """A safety check rejected the plan; `do` names the option or setting that allows it."""


class MatchError(GalleryctlError):
    """A manifest refers to something that is missing or ambiguous on the site."""


class StaleError(GalleryctlError):
    """The site, the state or a file has changed since the plan was made; the changed resource was left alone."""


class StateError(GalleryctlError):
    """State, journal or lock cannot be read or written."""


class LockedError(StateError):
    """Another run holds the lock on this state."""


class DeadlineExceeded(GalleryctlError):  # noqa: N818 - named for what it says
    """The run was not finished within its deadline."""


class Interrupted(GalleryctlError):  # noqa: N818 - named for what it says
    """The user interrupted the command; the journal records what is left to do."""

    exit_code = 130


class UnexpectedError(GalleryctlError):
    """An exception that no code expects, its cause: a bug, or an error of the operating system such as a full disk."""

    @classmethod
    def of(cls, error: Exception, *, has_written: bool = False) -> GalleryctlError:
        """Return `error` if it is a GalleryctlError, else one that describes it; the exit code is 3 if `has_written`."""
        if isinstance(error, GalleryctlError):
            described: GalleryctlError = error
        elif isinstance(error, OSError):
            described = cls(error.strerror or str(error), where=error.filename)
        else:
            described = cls(
                f"this is a bug in galleryctl: {type(error).__name__}: {error}",
                do="run the command again with -v for a traceback, and report this bug",
            )
        if described is not error:
            described.__cause__ = error
        if has_written:
            described.exit_code = 3
        return described
