"""The deadline of a run: before the first write it ends the command, afterwards it ends the apply in good order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from galleryctl.engine.stop import Stop
from galleryctl.model.errors import DeadlineExceeded

_GRACE = 60.0
"""Seconds after the deadline in which the steps in progress may be finished."""
_DO = "give a longer --deadline; -vv shows the requests and how long each takes"


class Deadline:
    """The moment, some seconds after it is created, at which the run ends; without seconds it never does."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = 0.0 if seconds is None else seconds
        self._at = None if seconds is None else asyncio.get_running_loop().time() + seconds

    @contextmanager
    def cancel_run(self) -> Iterator[None]:
        """Cancel at the deadline, in code that has not begun to write; raises DeadlineExceeded then."""
        with self._cancel_after(0.0) as is_cancelled:
            try:
                yield
            except asyncio.CancelledError:
                if not is_cancelled():
                    raise
                what = f"not finished within the --deadline of {self._seconds:g} s; nothing was changed on the site"
                raise DeadlineExceeded(what, do=_DO) from None

    @contextmanager
    def stop_writing(self, stop: Stop, notify: Callable[[str], None]) -> Iterator[None]:
        """Set `stop` at the deadline, in code that writes; a minute later, cancel and raise DeadlineExceeded."""

        def begin_stop() -> None:
            if not stop.is_set():
                notify("The deadline has passed. Stopping after the steps in progress.")
                stop.set_by_deadline(_GRACE)

        with self._call_after(0.0, begin_stop), self._cancel_after(_GRACE) as is_cancelled:
            try:
                yield
            except asyncio.CancelledError:
                if not is_cancelled():
                    raise
                what = f"stopped {_GRACE:g} seconds after the --deadline; some requests may have taken effect"
                do = "plan again: the next apply recovers the unfinished steps from the journal"
                error = DeadlineExceeded(what, do=do)
                error.exit_code = 3
                raise error from None

    @contextmanager
    def _cancel_after(self, seconds: float) -> Iterator[Callable[[], bool]]:
        """Cancel the current task that long after the deadline; yield the question whether it has been."""
        task, cancelled = asyncio.current_task(), False

        def cancel() -> None:
            nonlocal cancelled
            cancelled = True
            if task is not None:
                task.cancel()

        with self._call_after(seconds, cancel):
            yield lambda: cancelled

    @contextmanager
    def _call_after(self, seconds: float, function: Callable[[], None]) -> Iterator[None]:
        if self._at is None:
            yield
            return
        timer = asyncio.get_running_loop().call_at(self._at + seconds, function)
        try:
            yield
        finally:
            timer.cancel()
