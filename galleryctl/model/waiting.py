"""Events of waits: what a run waits for, and for how long. An observer decides what to show of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum


class WaitKind(StrEnum):
    """The cause of a wait. Waits of one kind at the same time are one matter to a reader, however many they are."""

    QUOTA = "quota"
    """The limit of requests per minute, or a pause for which the API asks."""
    RETRY = "retry"
    """The next attempt at a request that failed."""
    RESPONSE = "response"
    READS = "reads"
    """Reads that do not show the last writes yet."""
    MEDIA = "media"
    """Files that the Media Manager processes, or fetches from a URL."""
    LOCK = "lock"
    STORE = "store"
    """The object store that holds the state."""
    PROGRAM = "program"
    """Another program on this machine: the credential command, git."""
    MANIFESTS = "manifests"
    """Manifests that are read with the captions of their photos, or written again with their comments."""
    STEPS = "steps"
    """The steps in progress after an interrupt or the deadline."""
    EVENTS = "events"
    """Webhooks that may still arrive."""
    SERVER = "server"
    """The requests in progress of a server that ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A wait that begins: "Waiting for" `what`, a noun phrase.

    It takes `seconds`, or fewer if `at_most` is True; None is an unknown time. `before` is the number of seconds that
    earlier waits for the same thing have taken. `interruptible` is True if it blocks the event loop of the main thread, and
    an exception of a signal handler may end it: nothing is being written.
    """

    kind: WaitKind
    what: str
    seconds: float | None = None
    at_most: bool = False
    before: float = 0.0
    interruptible: bool = False


WaitObserver = Callable[[Waiting], AbstractContextManager[object]]
"""Called at the beginning of each wait, in any thread; the context manager that it returns is left at its end."""


def unobserved(_waiting: Waiting) -> AbstractContextManager[object]:
    """Observe a wait by doing nothing."""
    return nullcontext()
