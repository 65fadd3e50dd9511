"""Lines on standard error about waits: after three seconds, then every thirty, for what and until when."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.model.waiting import Waiting, WaitKind, WaitObserver, unobserved

FIRST_LINE = 3.0
NEXT_LINE = 30.0
"""Seconds of a wait before its first line, and between two lines about waits of one kind."""


def print_waits(settings: CliSettings) -> WaitObserver:
    """Return the observer that prints the lines, unless -q is given."""
    return unobserved if settings.quiet else WaitPrinter(WaitLines(), partial(output.info, settings)).observe


@dataclass(slots=True, kw_only=True)
class _CurrentWait:
    """A wait that has not ended, by the clock: `since` counts what waited for the same thing before."""

    waiting: Waiting
    since: float
    end: float | None
    announced: bool = False

    def next_line(self, last: float | None) -> float:
        """Return when a line is due, if the last one of its kind was at `last`."""
        first = self.since + FIRST_LINE
        if last is None:
            return first
        # A pause of known length that goes on after the next line would be due gets its own line at once; waits that
        # are shorter, or may end at any time, do not: there can be hundreds.
        is_pause = self.end is not None and not self.waiting.at_most
        if is_pause and not self.announced and self.end is not None and self.end > last + NEXT_LINE:
            return first
        return max(first, last + NEXT_LINE)


class WaitLines:
    """The waits of this moment, and which lines about them are due. Threads may share it.

    While a wait has lasted three seconds, there was a line about its kind within the last thirty.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._mutex = threading.Lock()
        self._numbers = count()
        self._current: dict[int, _CurrentWait] = {}
        self._last: dict[WaitKind, float] = {}

    @contextmanager
    def observe(self, waiting: Waiting) -> Iterator[None]:
        """Keep the wait for the length of the `with`."""
        now = self._clock()
        end = None if waiting.seconds is None else now + waiting.seconds
        number = next(self._numbers)
        with self._mutex:
            self._current[number] = _CurrentWait(waiting=waiting, since=now - waiting.before, end=end)
        try:
            yield
        finally:
            with self._mutex:
                del self._current[number]

    def due(self, local_time: datetime) -> Sequence[str]:
        """Return the lines that are due now, one for each kind; they count as printed. `local_time` is now."""
        now = self._clock()
        lines = []
        with self._mutex:
            for kind in WaitKind:
                long = [each for each in self._of_kind(kind) if each.since + FIRST_LINE <= now]
                if any(each.next_line(self._last.get(kind)) <= now for each in long):
                    lines.append(_line(long, now, local_time))
                    self._last[kind] = now
                    for each in long:
                        each.announced = True
        return lines

    def seconds_to_next(self) -> float | None:
        """Return the seconds until a line may be due, at most those of a new wait; None if nothing is waited for."""
        now = self._clock()
        with self._mutex:
            times = [each.next_line(self._last.get(each.waiting.kind)) for each in self._current.values()]
        return min(FIRST_LINE, max(0.0, min(times) - now)) if times else None

    def _of_kind(self, kind: WaitKind) -> list[_CurrentWait]:
        return [each for each in self._current.values() if each.waiting.kind is kind]


def _line(waits: Sequence[_CurrentWait], now: float, local_time: datetime) -> str:
    """Return the line about the longest of some waits of one kind."""
    longest = min(waits, key=lambda each: each.since)
    more = f" (and {len(waits) - 1:,} more)" if len(waits) > 1 else ""
    what = f"Waiting for {longest.waiting.what}{more}"
    if longest.end is None or longest.end <= now:
        return f"{what}, since {_clock_time(local_time, longest.since - now)}."
    limit = " at most" if longest.waiting.at_most else ""
    return f"{what}, until {_clock_time(local_time, longest.end - now)}{limit}."


def _clock_time(now: datetime, seconds: float) -> str:
    """Return the time some seconds from now, with its date unless that is today; an end is rounded up."""
    time_then = now + timedelta(seconds=seconds, microseconds=999_999 if seconds > 0 else 0)
    return f"{time_then:%H:%M:%S}" if time_then.date() == now.date() else f"{time_then:%Y-%m-%d %H:%M:%S}"


class WaitPrinter:
    """Prints lines when they are due, in a thread that runs while something is waited for: waits can block any other."""

    def __init__(self, lines: WaitLines, write: Callable[[str], None]) -> None:
        self._lines, self._write = lines, write
        self._mutex = threading.Lock()
        self._is_running = False
        self._woken = threading.Event()

    @contextmanager
    def observe(self, waiting: Waiting) -> Iterator[None]:
        """Print lines about the wait for the length of the `with`."""
        with self._lines.observe(waiting):
            with self._mutex:
                is_running, self._is_running = self._is_running, True
            if waiting.before:  # its line may be due earlier than the thread looks again
                self._woken.set()
            if not is_running:
                threading.Thread(target=self._run, name="waits", daemon=True).start()
            yield

    def _run(self) -> None:
        while (seconds := self._next()) is not None:
            self._woken.wait(seconds)
            self._woken.clear()
            for line in self._lines.due(datetime.now().astimezone()):
                self._write(line)

    def _next(self) -> float | None:
        """Return the seconds until the next look; None ends the thread: the next wait starts another."""
        with self._mutex:
            seconds = self._lines.seconds_to_next()
            self._is_running = seconds is not None
            return seconds
