"""Calls that block signals: a signal handler that raises ends the wait, not the call."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from galleryctl.cli.interrupts import raise_before_writing, raise_on_signal
from galleryctl.state.interruptible import call_interruptibly
from tests.support.processes import TIMEOUT


def test_the_result_and_the_error_are_those_of_the_call() -> None:
    assert call_interruptibly(lambda: 7) == 7
    with pytest.raises(FileNotFoundError, match="gone"):
        call_interruptibly(lambda: (_ for _ in ()).throw(FileNotFoundError("gone")))


@pytest.mark.parametrize("handle", [raise_on_signal, raise_before_writing])
def test_a_signal_ends_the_wait(handle: Callable[[], AbstractContextManager[None]]) -> None:
    released, ended = threading.Event(), threading.Event()

    def block() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        released.wait(TIMEOUT)
        ended.set()

    with handle(), pytest.raises(KeyboardInterrupt):
        call_interruptibly(block)
    assert not ended.is_set()
    released.set()
    assert ended.wait(TIMEOUT)


def test_other_threads_call_directly() -> None:
    names: list[str] = []
    thread = threading.Thread(
        target=lambda: call_interruptibly(lambda: names.append(threading.current_thread().name)), name="other"
    )
    thread.start()
    thread.join(TIMEOUT)
    assert names == ["other"]
