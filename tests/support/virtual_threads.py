"""Threads under a virtual clock: one runs at a time, and a sleep decides which is next. A seed repeats every order."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field


class Killed(BaseException):
    """The end of a killed process, which no code may catch."""


@dataclass(slots=True, eq=False)
class VirtualProcess:
    """A process whose threads can be killed or suspended together, and that can be cut off from a network."""

    killed: bool = False
    suspended_until: float = 0.0
    cut_off_until: float = 0.0
    lost_seconds: float = 0.0
    """The seconds that its machine was suspended: its monotonic clock does not count them."""


@dataclass(slots=True, eq=False)
class _Thread:
    process: VirtualProcess
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


class VirtualThreads:
    """The scheduler. Its threads pass the turn on to each other; all methods but `run` are called by them."""

    def __init__(self) -> None:
        self.now = 0.0
        self._queue: list[tuple[float, int, _Thread | Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._ended = threading.Semaphore(0)
        self._current: _Thread | None = None
        self._failure: BaseException | None = None

    def start(self, process: VirtualProcess, work: Callable[[], None], *, after: float = 0.0) -> None:
        """Start a thread of `process` after some seconds."""
        thread = _Thread(process)

        def main() -> None:
            thread.turn.acquire()
            try:
                if not process.killed:
                    work()
            except Killed:
                pass
            except BaseException as error:  # noqa: BLE001 - raised by `run`
                self._failure = error
            self._pass_turn_on(None)

        threading.Thread(target=main, daemon=True).start()
        self._push(self.now + after, thread)

    def call(self, action: Callable[[], None], *, after: float) -> None:
        """Call `action` after some seconds, whatever happens to the process."""
        self._push(self.now + after, action)

    def sleep(self, seconds: float) -> None:
        """Let other threads run. Raise Killed if the process is killed meanwhile."""
        thread = self._current
        assert thread is not None
        if not thread.process.killed:
            self._push(self.now + seconds, thread)
            self._pass_turn_on(thread)
        if thread.process.killed:
            raise Killed

    def suspend(self, process: VirtualProcess, seconds: float, *, machine: bool) -> None:
        """Stop the process for some seconds, or the machine that it runs on."""
        process.suspended_until = max(process.suspended_until, self.now + seconds)
        process.lost_seconds += seconds if machine else 0.0

    def run(self) -> None:
        """Run until all threads have ended, and raise the first error of one."""
        self._pass_turn_on(None)
        self._ended.acquire()
        if self._failure is not None:
            raise self._failure

    def _pass_turn_on(self, thread: _Thread | None) -> None:
        """Let the next thread run; return when it is the turn of `thread`, at once if it is None."""
        following = self._next_thread()
        if following is None:
            self._ended.release()
            return
        self._current = following
        if following is not thread:
            following.turn.release()
            if thread is not None:
                thread.turn.acquire()

    def _next_thread(self) -> _Thread | None:
        while self._queue:
            at, _, item = heapq.heappop(self._queue)
            if isinstance(item, _Thread) and not item.process.killed and item.process.suspended_until > at:
                self._push(item.process.suspended_until, item)
                continue
            self.now = max(self.now, at)
            if isinstance(item, _Thread):
                return item
            item()
        return None

    def _push(self, at: float, item: _Thread | Callable[[], None]) -> None:
        heapq.heappush(self._queue, (at, next(self._numbers), item))


class VirtualMutex:
    """A lock between virtual threads; one that waits lets others run."""

    def __init__(self, threads: VirtualThreads) -> None:
        self._threads = threads
        self._held = False

    def __enter__(self) -> None:
        while self._held:
            self._threads.sleep(0.2)
        self._held = True

    def __exit__(self, *_: object) -> None:
        self._held = False
